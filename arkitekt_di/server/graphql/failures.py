"""How failures look to a client: a code for programs, a sentence for people, nothing of the inside."""

import errno
import sqlite3

from graphql import ArgumentNode, GraphQLError, NullValueNode, ObjectFieldNode
from sqlalchemy.exc import DBAPIError
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from arkitekt_di.errors import (
    AppendConflictError,
    ArkitektError,
    ConnectionLostError,
    LoginError,
    NotFoundError,
    PermissionDeniedError,
    RecordRefusedError,
    StorageFullError,
    UploadIncompleteError,
    UploadPendingError,
)

CODES: dict[type[ArkitektError], str] = {
    NotFoundError: "NOT_FOUND",
    RecordRefusedError: "REFUSED",
    UploadIncompleteError: "UPLOAD_INCOMPLETE",
    AppendConflictError: "APPEND_CONFLICT",
    UploadPendingError: "UPLOAD_PENDING",
    StorageFullError: "STORAGE_FULL",
    PermissionDeniedError: "FORBIDDEN",
    LoginError: "UNAUTHENTICATED",
    ConnectionLostError: "UNAVAILABLE",
}
"""``extensions.code`` of our own errors."""

_POSTGRES_DISK_FULL = "53100"
"""https://www.postgresql.org/docs/current/errcodes-appendix.html"""

INVALID = "INVALID_REQUEST"
INTERNAL = "INTERNAL"


def shown(error: GraphQLError) -> GraphQLError:
    """Return *error* as a client sees it; one that is fit to be seen stays as it is."""
    if error.extensions and "code" in error.extensions:
        return error
    code, message = _explain(error)
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": code},
    )


def is_expected(error: GraphQLError) -> bool:
    """Tell whether *error* is one that a client can do something about."""
    return _explain(error)[0] != INTERNAL


def _explain(error: GraphQLError) -> tuple[str, str]:
    cause = error.original_error
    if (name := _null_member(error)) is not None:
        return INVALID, f"{name!r} cannot be null. Leave it out, or give it a value"
    if cause is None or isinstance(cause, GraphQLError | CannotGetOperationTypeError | InvalidOperationTypeError):
        return INVALID, error.message
    if isinstance(cause, RecursionError):
        return INVALID, "the document is nested too deeply"
    return explain(cause)


def _null_member(error: GraphQLError) -> str | None:
    """Return the name of what was given as null and cannot be; strawberry tells there which Python type it has."""
    nodes = (error.nodes or ()) if isinstance(error, StrawberryInputCoercionError) else ()
    given = (node for node in nodes if isinstance(node, ArgumentNode | ObjectFieldNode))
    return next((node.name.value for node in given if isinstance(node.value, NullValueNode)), None)


def explain(cause: BaseException) -> tuple[str, str]:
    """Return code and sentence of an exception, as a client sees them."""
    if _is_full(cause):
        return CODES[StorageFullError], str(StorageFullError("the hub"))
    code = next((code for kind, code in CODES.items() if isinstance(cause, kind)), INTERNAL)
    return code, "internal error" if code == INTERNAL else str(cause)


def _is_full(cause: BaseException) -> bool:
    if isinstance(cause, DBAPIError):
        if isinstance(cause.orig, sqlite3.Error):
            return cause.orig.sqlite_errorcode == sqlite3.SQLITE_FULL
        return getattr(cause.orig, "sqlstate", None) == _POSTGRES_DISK_FULL
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)
