"""Who is asking the hub."""

from dataclasses import dataclass
from typing import Protocol

from aiohttp import web


@dataclass(frozen=True)
class Principal:
    """A user and the app that acts for them, as an access token says.

    Attributes
    ----------
    user_id : str
        Identifier of the user; the token's ``sub``.
    user_name : str
    organization_id : str
        Every record belongs to one organization, and nobody sees another's.
    client_id : str
        The app.
    scopes : frozenset of str
    task_id : str or None
        The task that the request says it is made in; only a claim.
    """

    user_id: str
    user_name: str
    organization_id: str
    client_id: str
    scopes: frozenset[str]
    task_id: str | None = None


class Authenticator(Protocol):
    """Reads who is asking from a request."""

    async def authenticate(self, request: web.BaseRequest) -> Principal:
        """Return who sent the request; raises `aiohttp.web.HTTPUnauthorized` with a ``WWW-Authenticate`` header."""
        ...

    async def authenticate_token(self, token: str) -> Principal | None:
        """Return whom the access token stands for, or None where it is worth nothing."""
        ...
