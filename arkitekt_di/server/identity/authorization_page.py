"""The authorization endpoint, where a person answers a client: ``/o/authorize/`` (RFC 6749, section 3.1)."""

import logging
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from aiohttp import web
from oauthlib.oauth2 import OAuth2Error
from oauthlib.oauth2.rfc6749.errors import (
    AccessDeniedError,
    ConsentRequired,
    FatalClientError,
    LoginRequired,
    TemporarilyUnavailableError,
)

from arkitekt_di.server.address import Address
from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.audit import Action
from arkitekt_di.server.identity.authorization_codes import issue_code
from arkitekt_di.server.identity.authorization_request import FIELDS, REFUSED, AuthorizationRequest, check_request
from arkitekt_di.server.identity.client_rights import UNREGISTERED
from arkitekt_di.server.identity.clock import MINUTE_S, Clock
from arkitekt_di.server.identity.forms import read_query
from arkitekt_di.server.identity.pages import Pages, content_policy
from arkitekt_di.server.identity.rate_limit import RateLimit
from arkitekt_di.server.identity.redirect_uris import form_target, place_of, with_parameters
from arkitekt_di.server.identity.scopes import SCOPES
from arkitekt_di.server.identity.sessions import Visitor, WebSessions
from arkitekt_di.server.identity.standing import Standing
from arkitekt_di.server.identity.users import Users
from arkitekt_di.server.identity.wishes import Wishes

PATH = "/o/authorize/"
CODES_A_MINUTE = 30
"""Apps that one user can let in in a minute."""

log = logging.getLogger(__name__)


class AuthorizationPage:
    """Shows a person what a client asks for, and sends the browser back with the answer.

    Nothing is kept between the question and the answer: the form carries the request, which is checked again.

    Parameters
    ----------
    database : Database
    address : Address
    pages : Pages
    sessions : WebSessions
    users : Users
    wishes : Wishes
    clock : Clock
    """

    def __init__(  # noqa: PLR0913  # what a page needs, and where codes are kept
        self,
        database: Database,
        address: Address,
        pages: Pages,
        sessions: WebSessions,
        users: Users,
        wishes: Wishes,
        clock: Clock,
    ) -> None:
        self._database = database
        self._address = address
        self._pages = pages
        self._sessions = sessions
        self._users = users
        self._wishes = wishes
        self._clock = clock
        self._limit = RateLimit(tries=CODES_A_MINUTE, window_s=MINUTE_S, clock=clock)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes."""
        return (web.get(PATH, self._ask), web.post(PATH, self._answer))

    async def _ask(self, request: web.Request) -> web.Response:
        visitor = await self._sessions.recognise(request)
        try:
            fields = read_query(request, {*FIELDS, *REFUSED})
        except OAuth2Error as error:
            return self._refuse(request, visitor, error)
        asked = await self._check(request, visitor, fields)
        if isinstance(asked, web.Response):
            return asked
        if "none" in asked.prompts:  # the hub always asks, so without a page there is no yes
            reason = LoginRequired.error if visitor.user_id is None else ConsentRequired.error
            return self._send_back(request, visitor, asked, [("error", reason)])
        if self._must_log_in(visitor, asked):
            return self._log_in_first(request, visitor, fields)
        return await self._show(request, visitor, asked, fields)

    async def _answer(self, request: web.Request) -> web.Response:
        visitor, fields = await self._pages.read(request, {*FIELDS, *REFUSED, "answer", "organization"})
        answer, organization = fields.pop("answer", ""), fields.pop("organization", "")
        asked = await self._check(request, visitor, fields)
        if isinstance(asked, web.Response):
            return asked
        if visitor.user_id is None:
            return self._log_in_first(request, visitor, fields)
        if answer == "deny":
            log.info("user %r turned client %s away", visitor.user_name, asked.client.client_id)
            subject = asked.client.manifest.identifier
            await self._pages.note(request, Action.APP_DENIED, visitor.user_name, subject=subject)
            return self._send_back(request, visitor, asked, [("error", AccessDeniedError.error)])
        standings = await self._users.standings(visitor.user_id)
        chosen = [one for one in standings if one.organization_id == organization]
        if answer != "allow" or not chosen:  # another's organization looks like none at all
            return await self._show(request, visitor, asked, fields, error="Choose what you want.")
        return await self._allow(request, visitor, asked, chosen[0])

    async def _allow(
        self, request: web.Request, visitor: Visitor, asked: AuthorizationRequest, approver: Standing
    ) -> web.Response:
        if not self._limit.take(approver.user_id):
            return self._send_back(request, visitor, asked, [("error", TemporarilyUnavailableError.error)])
        now = int(self._clock())
        async with self._database.transaction() as session:
            code = await session.run_sync(issue_code, asked, approver, authenticated_at=visitor.since or now, now=now)
        log.info("user %r let client %s in", approver.user_name, asked.client.client_id)
        await self._pages.note(
            request,
            Action.APP_ALLOWED,
            approver.user_name,
            organization_id=approver.organization_id,
            subject=asked.client.manifest.identifier,
        )
        return self._send_back(request, visitor, asked, [("code", code)])

    async def _check(
        self, request: web.Request, visitor: Visitor, fields: Mapping[str, str]
    ) -> AuthorizationRequest | web.Response:
        try:
            async with self._database.transaction() as session:
                return await session.run_sync(check_request, fields, now=self._clock())
        except FatalClientError as error:
            return self._refuse(request, visitor, error)
        except OAuth2Error as error:
            if error.redirect_uri is None:
                return self._refuse(request, visitor, error)
            answer = [(name, value) for name, value in error.twotuples if value and name != "error_uri"]
            return self._pages.leave(request, visitor, self._answer_uri(error.redirect_uri, answer))

    def _send_back(
        self, request: web.Request, visitor: Visitor, asked: AuthorizationRequest, answer: Sequence[tuple[str, str]]
    ) -> web.Response:
        state = [] if asked.state is None else [("state", asked.state)]
        return self._pages.leave(request, visitor, self._answer_uri(asked.redirect_uri, [*answer, *state]))

    def _answer_uri(self, redirect_uri: str, answer: Sequence[tuple[str, str]]) -> str:
        # RFC 9207: the client learns which server answers, so that no other can pass its code on.
        return with_parameters(redirect_uri, [*answer, ("iss", self._address.issuer)])

    def _refuse(self, request: web.Request, visitor: Visitor, error: OAuth2Error) -> web.Response:
        # The browser goes nowhere: whoever sent it here may not be who they say they are.
        text = f"The app that sent you here made a mistake: {error.description or error.error}."
        return self._pages.tell(request, visitor, "This request is not valid", text, status=400)

    def _must_log_in(self, visitor: Visitor, asked: AuthorizationRequest) -> bool:
        if visitor.user_id is None or "login" in asked.prompts or visitor.since is None:
            return True
        return asked.max_age is not None and self._clock() - visitor.since > asked.max_age

    def _log_in_first(self, request: web.Request, visitor: Visitor, fields: Mapping[str, str]) -> web.Response:
        # Without the prompt, or the person would be asked to log in for ever.
        again = urlencode({name: value for name, value in fields.items() if name != "prompt"})
        return self._pages.go(request, visitor, f"/login?{urlencode({'again': 'yes', 'next': f'{PATH}?{again}'})}")

    async def _show(
        self,
        request: web.Request,
        visitor: Visitor,
        asked: AuthorizationRequest,
        fields: Mapping[str, str],
        error: str | None = None,
    ) -> web.Response:
        manifest = asked.client.manifest
        page = self._pages.show(
            request,
            visitor,
            "consent",
            status=200 if error is None else 400,
            manifest=manifest,
            is_registered=asked.client.kind not in UNREGISTERED,
            place=place_of(asked.redirect_uri),
            services=self._wishes.services(manifest),
            scopes=[SCOPES[scope] for scope in asked.scopes],
            standings=await self._users.standings(visitor.user_id or ""),
            fields=fields,
            error=error,
        )
        # Browsers hold a form to this policy also where it is redirected.
        page.headers["Content-Security-Policy"] = content_policy(form_target(asked.redirect_uri))
        return page
