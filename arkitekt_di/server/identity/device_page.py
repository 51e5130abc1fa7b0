"""Where people let apps in: ``/device`` to type a code, ``/configure/{code}`` to answer."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from aiohttp import web

from arkitekt_di.server.identity.audit import Action
from arkitekt_di.server.identity.clock import MINUTE_S, Clock
from arkitekt_di.server.identity.device_codes import DeviceCodes, WaitingApp
from arkitekt_di.server.identity.opaque import read_user_code
from arkitekt_di.server.identity.pages import Pages
from arkitekt_di.server.identity.rate_limit import RateLimit, network_of
from arkitekt_di.server.identity.scopes import SCOPES
from arkitekt_di.server.identity.sessions import Visitor, WebSessions
from arkitekt_di.server.identity.standing import Standing
from arkitekt_di.server.identity.users import Users
from arkitekt_di.server.identity.wishes import Wishes

TRIES = 5
"""Codes that fit no app, for one user; RFC 8628, section 5.1, wants guessing limited."""

TRIES_OF_SENDER = 20
WINDOW_S = 10 * MINUTE_S
UNKNOWN = "No app waits with this code. It may have expired, or it was answered already."

log = logging.getLogger(__name__)


class DevicePage:
    """Shows who asks, and records the answer of a person who is logged in.

    A link alone approves nothing: the person must say that the code is on their screen (RFC 8628, section 5.4).

    Parameters
    ----------
    pages : Pages
    sessions : WebSessions
    users : Users
    codes : DeviceCodes
    wishes : Wishes
    clock : Clock
    """

    def __init__(
        self,
        pages: Pages,
        sessions: WebSessions,
        users: Users,
        codes: DeviceCodes,
        wishes: Wishes,
        clock: Clock,
    ) -> None:
        self._pages = pages
        self._sessions = sessions
        self._users = users
        self._codes = codes
        self._wishes = wishes
        self._clock = clock
        self._by_user = RateLimit(tries=TRIES, window_s=WINDOW_S, clock=clock)
        self._by_sender = RateLimit(tries=TRIES_OF_SENDER, window_s=WINDOW_S, clock=clock)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes."""
        return (
            web.get("/device", self._ask_code),
            web.post("/device", self._take_code),
            web.get("/configure/{code}", self._ask),
            web.post("/configure/{code}", self._answer),
        )

    async def _ask_code(self, request: web.Request) -> web.Response:
        visitor = await self._sessions.recognise(request)
        if visitor.user_id is None:
            return self._log_in_first(request, visitor)
        return self._pages.show(request, visitor, "device", error=None)

    async def _take_code(self, request: web.Request) -> web.Response:
        visitor, fields = await self._pages.read(request, {"code"})
        if visitor.user_id is None:
            return self._log_in_first(request, visitor)
        code = read_user_code(fields.get("code", ""))
        if code is None:
            error = "A code has eight letters, such as WDJB-MJHT."
            return self._pages.show(request, visitor, "device", status=400, error=error)
        return self._pages.go(request, visitor, f"/configure/{code}")

    async def _ask(self, request: web.Request) -> web.Response:
        visitor = await self._sessions.recognise(request)
        if visitor.user_id is None:
            return self._log_in_first(request, visitor)
        return await self._show_app(request, visitor)

    async def _answer(self, request: web.Request) -> web.Response:
        visitor, fields = await self._pages.read(request, {"answer", "seen", "organization"})
        if visitor.user_id is None:
            return self._log_in_first(request, visitor)
        if fields.get("answer") == "deny":
            return await self._deny(request, visitor)
        if fields.get("answer") != "approve" or fields.get("seen") != "yes":
            return await self._show_app(request, visitor, error="Say that the code is on your screen, or deny.")
        standings = await self._users.standings(visitor.user_id)
        chosen = [one for one in standings if one.organization_id == fields.get("organization")]
        if not chosen:  # another's organization looks like none at all
            return self._pages.tell(request, visitor, "Not found", "You are not in that organization.", status=404)
        return await self._approve(request, visitor, chosen[0])

    async def _approve(self, request: web.Request, visitor: Visitor, approver: Standing) -> web.Response:
        app = await self._find(request, visitor)
        if isinstance(app, web.Response):
            return app
        if not await self._codes.approve(_code_of(request), approver):
            return self._pages.tell(request, visitor, "Too late", UNKNOWN, status=404)
        log.info("user %r let app %r in, asked from %s", approver.user_name, app.manifest.identifier, app.remote)
        await self._pages.note(
            request,
            Action.APP_ALLOWED,
            approver.user_name,
            organization_id=approver.organization_id,
            subject=app.manifest.identifier,
        )
        text = f"{app.manifest.identifier} continues by itself. You can close this page."
        return self._pages.tell(request, visitor, "The app is let in", text)

    async def _deny(self, request: web.Request, visitor: Visitor) -> web.Response:
        app = await self._find(request, visitor)
        if isinstance(app, web.Response):
            return app
        if not await self._codes.deny(_code_of(request)):
            return self._pages.tell(request, visitor, "Too late", UNKNOWN, status=404)
        log.info("user %r turned app %r away, asked from %s", visitor.user_name, app.manifest.identifier, app.remote)
        await self._pages.note(request, Action.APP_DENIED, visitor.user_name, subject=app.manifest.identifier)
        return self._pages.tell(request, visitor, "The app was turned away", "It got nothing. You can close this page.")

    async def _show_app(self, request: web.Request, visitor: Visitor, error: str | None = None) -> web.Response:
        app = await self._find(request, visitor)
        if isinstance(app, web.Response):
            return app
        return self._pages.show(
            request,
            visitor,
            "approve",
            status=200 if error is None else 400,
            code=_code_of(request),
            app=app,
            asked_at=datetime.fromtimestamp(app.created_at, UTC),
            age_s=max(0, int(self._clock()) - app.created_at),
            services=self._wishes.services(app.manifest),
            scopes=[SCOPES[scope] for scope in app.scopes],
            standings=await self._users.standings(visitor.user_id or ""),
            error=error,
        )

    async def _find(self, request: web.Request, visitor: Visitor) -> WaitingApp | web.Response:
        """Return the app that waits with the code in the address, or the page that says why there is none."""
        sender = network_of(request.remote or "")
        if not (self._by_sender.take(sender) and self._by_user.take(visitor.user_id)):
            return self._pages.wait(request, visitor, WINDOW_S)
        code = _code_of(request)
        app = await self._codes.look_up(code) if code else None
        if app is None:
            return self._pages.show(request, visitor, "device", status=404, error=UNKNOWN)
        self._by_sender.give_back(sender)
        self._by_user.give_back(visitor.user_id)
        return app

    def _log_in_first(self, request: web.Request, visitor: Visitor) -> web.Response:
        # The same for every code, so that a stranger learns nothing about which exist.
        return self._pages.go(request, visitor, f"/login?next={quote(request.path, safe='/')}")


def _code_of(request: web.Request) -> str:
    return read_user_code(request.match_info["code"]) or ""
