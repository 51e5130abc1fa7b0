"""What an app may do with its token at the hub itself: read who approved it, and report how it fares."""

import json
import logging
from collections.abc import Sequence

from aiohttp import web
from oauthlib.oauth2 import OAuth2Error
from pydantic import Field

from arkitekt_di.messages.model import Message
from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.answers import json_answer, refusal
from arkitekt_di.server.identity.authenticator import REALM
from arkitekt_di.server.identity.clock import MINUTE_S, Clock
from arkitekt_di.server.identity.forms import read_json
from arkitekt_di.server.identity.rate_limit import RateLimit
from arkitekt_di.server.identity.scopes import OPENID
from arkitekt_di.server.identity.standing import standing_in
from arkitekt_di.server.principal import Authenticator

MAX_REPORTED = 64
"""Services in one report."""

REPORTS_A_MINUTE = 60

log = logging.getLogger(__name__)


class AliasReport(Message):
    """How one service fared."""

    alias_id: str | None = None
    reason: str | None = None
    valid: bool = False


class Report(Message):
    """Which addresses of its services an app could use."""

    alias_reports: dict[str, AliasReport] = Field(max_length=MAX_REPORTED)
    functional: bool


class AppEndpoint:
    """``/o/userinfo/`` and ``/report/``.

    Parameters
    ----------
    database : Database
    authenticator : Authenticator
    clock : Clock
    """

    def __init__(self, database: Database, authenticator: Authenticator, clock: Clock) -> None:
        self._database = database
        self._authenticator = authenticator
        self._limit = RateLimit(tries=REPORTS_A_MINUTE, window_s=MINUTE_S, clock=clock)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes."""
        return (
            web.get("/o/userinfo/", self._tell_user),
            web.post("/o/userinfo/", self._tell_user),  # OpenID Connect Core 1.0, section 5.3.1, wants both
            web.post("/report/", self._take_report),
        )

    async def _tell_user(self, request: web.Request) -> web.Response:
        principal = await self._authenticator.authenticate(request)
        if OPENID not in principal.scopes:
            challenge = f'{REALM}, error="insufficient_scope", scope="{OPENID}"'
            raise web.HTTPForbidden(headers={"WWW-Authenticate": challenge})
        async with self._database.transaction() as session:
            standing = await session.run_sync(standing_in, principal.user_id, principal.organization_id)
        if standing is None:  # removed since the token was checked
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"'})
        user = {
            "sub": standing.user_id,
            "preferred_username": standing.user_name,
            "org": standing.organization_id,
            "active_org": standing.organization_slug,
            "organization_name": standing.organization_name,
            "roles": [standing.role],
        }
        return json_answer(json.dumps(user).encode())

    async def _take_report(self, request: web.Request) -> web.Response:
        principal = await self._authenticator.authenticate(request)
        if not self._limit.take(principal.client_id):
            return json_answer(b'{"error": "slow_down"}', status=429, headers={"Retry-After": str(MINUTE_S)})
        try:
            report = await read_json(request, Report)
        except OAuth2Error as error:
            return refusal(error)
        failed = sorted(key[:64] for key, alias in report.alias_reports.items() if not alias.valid)
        level = logging.INFO if report.functional else logging.WARNING
        log.log(
            level,
            "app %s reports: functional=%s, services=%d, unreachable=%r",
            principal.client_id,
            report.functional,
            len(report.alias_reports),
            failed,
        )
        return json_answer(b'{"status": "ok"}')
