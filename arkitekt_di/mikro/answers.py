"""Reads what the hub's data service answers."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from arkitekt_di.errors import ArkitektError, HubRefusedError, ProtocolMismatchError
from arkitekt_di.protocols.transport import GraphQL

M = TypeVar("M", bound=BaseModel)

_NOT_FOUND = "NOT_FOUND"
"""Code that the hub gives to what does not exist, or not for this user."""


async def ask(
    graphql: GraphQL, document: str, variables: dict[str, Any], *, missing: ArkitektError | None = None
) -> dict[str, Any]:
    """Run one operation; raises *missing* where the hub finds nothing."""
    try:
        return await graphql.execute(document, variables)
    except HubRefusedError as error:
        if missing is not None and _NOT_FOUND in error.codes:
            raise missing from error
        raise


def read(kind: type[M], given: Any) -> M:
    """Return a message of *kind*; raises `ProtocolMismatchError` where *given* is none."""
    try:
        return kind.model_validate(given)
    except ValidationError:
        # Not chained: the text of a validation error shows its input, and that may hold keys.
        raise ProtocolMismatchError(
            "the hub's data service", f"a complete {kind.__name__}", "an answer without one"
        ) from None
