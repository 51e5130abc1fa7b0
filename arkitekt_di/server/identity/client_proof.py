"""How a client says who it is: by name alone, or with its secret (RFC 6749, section 2.3.1)."""

import base64
import binascii
from collections.abc import Collection
from urllib.parse import unquote_to_bytes

from aiohttp import web
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError

from arkitekt_di.server.identity.forms import read_form

CLIENT_FIELDS = frozenset({"client_id", "client_secret"})
METHODS = ("none", "client_secret_basic", "client_secret_post")
"""The values of ``token_endpoint_auth_methods_supported`` (RFC 8414)."""


async def read_client_form(request: web.Request, known: Collection[str]) -> dict[str, str]:
    """Return the *known* fields of a form, with the name and the secret of the client wherever they were.

    An empty secret counts as none (RFC 6749, section 2.3.1).

    Raises
    ------
    oauthlib.oauth2.rfc6749.errors.InvalidRequestError
        The form is broken, or the client used two methods at once.
    oauthlib.oauth2.rfc6749.errors.InvalidClientError
        The ``Authorization`` header is none of ours.
    """
    fields = await read_form(request, {*known, *CLIENT_FIELDS})
    headers = request.headers.getall("Authorization", [])
    if not headers:
        return fields
    if len(headers) > 1 or "client_secret" in fields:
        raise InvalidRequestError("the client authenticates in two ways")
    client_id, secret = _basic(headers[0])
    if fields.setdefault("client_id", client_id) != client_id:
        raise InvalidClientError("two clients are named", status_code=401)
    return fields | {"client_secret": secret} if secret else fields


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClientError("the client must authenticate with Basic", status_code=401)
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        pair = _decoded(name), _decoded(secret)
    except (binascii.Error, ValueError) as error:
        raise InvalidClientError("the credentials of the client cannot be read", status_code=401) from error
    if not colon or not pair[0] or any("\0" in part for part in pair):
        raise InvalidClientError("the credentials of the client cannot be read", status_code=401)
    return pair


def _decoded(part: bytes) -> str:
    # The two parts are encoded as in a form before they are joined.
    return unquote_to_bytes(part.replace(b"+", b" ")).decode()
