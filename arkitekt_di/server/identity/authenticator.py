"""Reads who is asking from the access token of a request (RFC 6750)."""

from typing import Final

from aiohttp import web
from sqlalchemy import bindparam, select, update

from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.access_tokens import AccessTokens
from arkitekt_di.server.identity.clock import MINUTE_S, Clock
from arkitekt_di.server.identity.tables import Login, Membership, User
from arkitekt_di.server.principal import Principal

REALM = 'Bearer realm="arkitekt"'


USE_NOTED_S = 15 * MINUTE_S
"""A use is written down when the last one was this long ago: people are shown minutes, and reads stay reads."""

_LOGIN: Final = (
    select(Login.organization_id, Login.used_at, User.name)
    .join(User, User.id == Login.user_id)
    .join(Membership, (Membership.user_id == Login.user_id) & (Membership.organization_id == Login.organization_id))
    .where(
        Login.id == bindparam("login"),
        Login.user_id == bindparam("user"),
        Login.client_id == bindparam("client"),
        Login.revoked_at.is_(None),
        Login.expires_at > bindparam("now"),
    )
)
"""The open login of a token, of somebody who still belongs to the organization."""


class TokenAuthenticator:
    """Accepts access tokens of this hub for one audience, while their login is open; implements `Authenticator`.

    The signature alone would let a token live on after its login was revoked, so each use looks the login up.

    Parameters
    ----------
    database : Database
    access_tokens : AccessTokens
    audience : str
        What a token must be for.
    clock : Clock
    """

    def __init__(self, database: Database, access_tokens: AccessTokens, audience: str, clock: Clock) -> None:
        self._database = database
        self._access_tokens = access_tokens
        self._audience = audience
        self._clock = clock

    async def authenticate(self, request: web.BaseRequest) -> Principal:
        """Return who sent the request; raises `aiohttp.web.HTTPUnauthorized` with a ``WWW-Authenticate`` header."""
        token = bearer_token(request)
        if token is None:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": REALM})
        principal = await self.authenticate_token(token)
        if principal is None:
            challenge = f'{REALM}, error="invalid_token", error_description="the access token is worth nothing"'
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": challenge})
        return principal

    async def authenticate_token(self, token: str) -> Principal | None:
        """Return whom the access token stands for, or None where it is worth nothing."""
        claims = self._access_tokens.read(token, audience=self._audience)
        if claims is None:
            return None
        now = int(self._clock())
        named = {"login": claims.login, "user": claims.sub, "client": claims.client_id, "now": now}
        found = await self._database.look_up(_LOGIN, named)
        if not found:
            return None
        (login,) = found
        if now - (login.used_at or 0) >= USE_NOTED_S:
            async with self._database.transaction() as session:
                await session.execute(update(Login).where(Login.id == claims.login).values(used_at=now))
        return Principal(
            user_id=claims.sub,
            user_name=login.name,
            organization_id=login.organization_id,
            client_id=claims.client_id,
            scopes=frozenset(claims.scope.split()),
        )


def bearer_token(request: web.BaseRequest) -> str | None:
    """Return the token in the one ``Authorization`` header; tokens in addresses or forms are not looked for."""
    headers = request.headers.getall("Authorization", [])
    if len(headers) != 1:
        return None
    scheme, _, token = headers[0].partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
