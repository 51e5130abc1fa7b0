"""Reads what came with a request, strictly: whatever is odd is refused before anything else sees it."""

import re
from collections.abc import Collection, Mapping
from typing import TypeVar
from urllib.parse import unquote_to_bytes, urlencode

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError
from pydantic import BaseModel, ValidationError

MAX_BODY = 64 * 1024
"""Bytes; the largest thing that anyone sends here is the manifest of an app."""

MAX_FIELDS = 32
FORM_TYPE = "application/x-www-form-urlencoded"
JSON_TYPE = "application/json"
ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")

M = TypeVar("M", bound=BaseModel)


async def read_form(request: web.Request, known: Collection[str]) -> dict[str, str]:
    """Return the *known* fields of the form in the body of *request*; a field without a value counts as absent.

    Fields that are not known are ignored (RFC 6749, section 3.2), which also keeps them away from oauthlib, where a
    field named ``user`` or ``client`` would pass for one that the hub has set.

    Raises
    ------
    oauthlib.oauth2.rfc6749.errors.InvalidRequestError
        The body is not a form, is too large, or names a field twice.
    """
    if request.query_string:
        raise InvalidRequestError("parameters do not belong into the address")
    if request.content_type != FORM_TYPE:
        raise InvalidRequestError(f"the body must be {FORM_TYPE}")
    fields = parse_form(await read_body(request))
    return {name: value for name, value in fields.items() if name in known and value}


def read_query(request: web.Request, known: Collection[str]) -> dict[str, str]:
    """Return the *known* parameters in the address, as strictly as `read_form`."""
    # As it came: aiohttp's own reading repairs what is broken.
    query = request.raw_path.partition("?")[2].partition("#")[0]
    fields = parse_form(query.encode("utf-8", "surrogateescape"))
    return {name: value for name, value in fields.items() if name in known and value}


async def read_json(request: web.Request, model: type[M]) -> M:
    """Return the JSON in the body of *request* as *model*; raises ``InvalidRequestError``."""
    if request.content_type != JSON_TYPE:
        raise InvalidRequestError(f"the body must be {JSON_TYPE}")
    return parse_json(await read_body(request), model)


async def read_body(request: web.Request) -> bytes:
    """Return the body of *request*; one that is longer than `MAX_BODY`, also once unpacked, is refused."""
    body = bytearray()
    try:
        async for piece in request.content.iter_any():
            body += piece
            if len(body) > MAX_BODY:
                raise InvalidRequestError("the body is too large", status_code=413)
    except (web.RequestPayloadError, HttpProcessingError) as error:
        raise InvalidRequestError("the body cannot be read") from error
    return bytes(body)


def parse_form(body: bytes) -> dict[str, str]:
    """Return the fields of an urlencoded form; raises ``InvalidRequestError`` where anything is odd."""
    fields: dict[str, str] = {}
    pieces = body.split(b"&", MAX_FIELDS) if body else []
    if len(pieces) > MAX_FIELDS:
        raise InvalidRequestError("the form has too many fields")
    for piece in pieces:
        name, _, value = piece.partition(b"=")
        key = _decode(name)
        if key in fields:
            raise InvalidRequestError("a parameter is given twice")
        fields[key] = _decode(value)
    return fields


def encode_form(fields: Mapping[str, str]) -> str:
    """Return the form in the one spelling that needs no more strictness."""
    return urlencode(fields)


def parse_json(body: bytes | str, model: type[M]) -> M:
    """Return JSON text as *model*; raises ``InvalidRequestError``, which does not repeat what was sent."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or part in model.model_fields)
        raise InvalidRequestError(_plain(f"{place or 'body'}: {first['msg']}")) from None


def _decode(part: bytes) -> str:
    if ESCAPE.search(part):
        raise InvalidRequestError("the form has a broken escape")
    try:
        text = unquote_to_bytes(part.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise InvalidRequestError("the form is not UTF-8") from None
    if "\0" in text:
        raise InvalidRequestError("the form has a null character")
    return text


def _plain(text: str) -> str:
    # RFC 6749, section 5.2: what may be in an error_description.
    return "".join(letter if " " <= letter <= "~" and letter not in '"\\' else "'" for letter in text)[:200]
