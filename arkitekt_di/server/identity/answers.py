"""Answers for programs: JSON that no cache keeps."""

from collections.abc import Mapping

from aiohttp import web
from oauthlib.oauth2 import OAuth2Error

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff"}
"""RFC 6749, section 5.1, wants the first two on every answer with a token in it."""


def json_answer(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return JSON text as an answer."""
    return web.Response(
        body=body, status=status, headers={**(headers or {}), **NO_STORE, "Content-Type": "application/json"}
    )


def refusal(error: OAuth2Error) -> web.Response:
    """Return the answer that RFC 6749, section 5.2, prescribes for *error*."""
    return json_answer(error.json.encode(), status=error.status_code, headers=error.headers)
