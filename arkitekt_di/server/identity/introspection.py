"""Introspection of tokens (RFC 7662): tells a resource server what a token that it was sent is worth."""

from collections.abc import Mapping
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2 import IntrospectEndpoint
from oauthlib.oauth2.rfc6749.errors import UnauthorizedClientError
from sqlalchemy.orm import Session

from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.access_tokens import HUB_AUDIENCE, AccessTokens, Claims
from arkitekt_di.server.identity.client_kind import ClientKind
from arkitekt_di.server.identity.clock import Clock
from arkitekt_di.server.identity.logins import is_open
from arkitekt_di.server.identity.sealing import TOKEN, Answer, answer_sealed
from arkitekt_di.server.identity.standing import standing_in
from arkitekt_di.server.identity.tables import Login, Registration
from arkitekt_di.server.identity.validator import HubValidator, client_of

FIELDS = frozenset({TOKEN, "token_type_hint"})
"""Every field of an introspection request, besides those of the client."""


class Introspection:
    """Answers the introspection endpoint.

    Parameters
    ----------
    database : Database
    access_tokens : AccessTokens
    clock : Clock
    """

    def __init__(self, database: Database, access_tokens: AccessTokens, clock: Clock) -> None:
        self._database = database
        self._access_tokens = access_tokens
        self._clock = clock

    async def answer(self, fields: Mapping[str, str]) -> Answer:
        """Tell what the token in *fields* is worth; one that is worth nothing is no error (section 2.2)."""
        claims = self._access_tokens.read(fields.get(TOKEN, ""), audience=HUB_AUDIENCE)

        def introspect(session: Session, form: str) -> Any:
            validator = _IntrospectionValidator(session, claims, now=self._clock())
            return IntrospectEndpoint(validator).create_introspect_response("/o/introspect/", "POST", form)

        return await answer_sealed(self._database, fields, introspect)


class _IntrospectionValidator(HubValidator):
    def __init__(self, session: Session, claims: Claims | None, *, now: float) -> None:
        super().__init__(session, now=now, refresh_token_s=0)
        self._claims = claims

    def client_authentication_required(self, request: Request, *_args: Any, **_kwargs: Any) -> bool:
        """Nobody asks without a secret: tokens could be tried out otherwise (section 2.1)."""
        return True

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Find the resource server; another client has no business here, secret or not."""
        if not super().authenticate_client(request, *args, **kwargs):
            return False
        if client_of(request).kind != ClientKind.RESOURCE_SERVER:
            raise UnauthorizedClientError(request=request)
        return True

    def introspect_token(
        self, token: str, token_type_hint: str, request: Request, *_args: Any, **_kwargs: Any
    ) -> dict[str, Any] | None:
        """Return what an access token says, where it belongs to the organization of the resource server."""
        claims = self._claims
        login = None if claims is None else self.session.get(Login, claims.login)
        owner = self.session.get_one(Registration, client_of(request).client_id).organization_id
        if claims is None or login is None or login.organization_id != owner or not is_open(login, int(self.now)):
            return None
        standing = standing_in(self.session, login.user_id, login.organization_id)
        if standing is None:
            return None
        return {
            "scope": claims.scope,
            "client_id": claims.client_id,
            "username": standing.user_name,
            "token_type": "Bearer",
            "exp": claims.exp,
            "iat": claims.iat,
            "sub": claims.sub,
            "aud": list(claims.aud),
            "iss": claims.iss,
            "jti": claims.jti,
            "org": standing.organization_id,
            "active_org": standing.organization_slug,
        }
