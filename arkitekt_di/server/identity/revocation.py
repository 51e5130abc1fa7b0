"""Revocation of tokens (RFC 7009): ends the login that the token belongs to."""

from collections.abc import Mapping
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2 import RevocationEndpoint
from sqlalchemy.orm import Session

from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.access_tokens import AccessTokens, Claims
from arkitekt_di.server.identity.audit import Action, AuditLog
from arkitekt_di.server.identity.clock import Clock
from arkitekt_di.server.identity.logins import login_behind
from arkitekt_di.server.identity.sealing import TOKEN, Answer, answer_sealed
from arkitekt_di.server.identity.trail import Trail
from arkitekt_di.server.identity.validator import HubValidator

FIELDS = frozenset({TOKEN, "token_type_hint", "client_id"})
"""Every field of a revocation request."""


class Revocation:
    """Answers the revocation endpoint.

    Parameters
    ----------
    database : Database
    access_tokens : AccessTokens
    audit : AuditLog
    clock : Clock
    """

    def __init__(self, database: Database, access_tokens: AccessTokens, audit: AuditLog, clock: Clock) -> None:
        self._database = database
        self._access_tokens = access_tokens
        self._audit = audit
        self._clock = clock

    async def answer(self, fields: Mapping[str, str], *, remote: str) -> Answer:
        """Revoke what the token in *fields* belongs to; a token that is worth nothing is no error (section 2.2)."""
        claims = self._access_tokens.read_expired(fields.get(TOKEN, ""))
        trail = Trail(self._audit, remote)

        def end(session: Session, form: str) -> Any:
            validator = _RevocationValidator(session, claims, trail, now=self._clock())
            return RevocationEndpoint(validator).create_revocation_response("/o/revoke/", "POST", form)

        return await answer_sealed(self._database, fields, end)


class _RevocationValidator(HubValidator):
    def __init__(self, session: Session, claims: Claims | None, trail: Trail, *, now: float) -> None:
        super().__init__(session, now=now, refresh_token_s=0, trail=trail)
        self._claims = claims

    def revoke_token(self, token: str, token_type_hint: str, request: Request, *_args: Any, **_kwargs: Any) -> None:
        """End the login behind the token, where it is this client's; another's stays untouched."""
        login_id = None
        if self._claims is not None and self._claims.client_id == request.client_id:
            login_id = self._claims.login
        elif (login := login_behind(self.session, token, request.client_id or "")) is not None:
            login_id = login.id
        if login_id is not None:
            self.end(login_id, Action.TOKEN_REVOKED)
