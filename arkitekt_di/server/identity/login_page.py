"""Where people log in and out: ``/login`` and ``/logout``."""

from collections.abc import Sequence

from aiohttp import web
from pydantic import SecretStr

from arkitekt_di.server.identity.audit import Action
from arkitekt_di.server.identity.clock import MINUTE_S, Clock
from arkitekt_di.server.identity.pages import Pages, local_path
from arkitekt_di.server.identity.rate_limit import RateLimit, network_of
from arkitekt_di.server.identity.sessions import WebSessions
from arkitekt_di.server.identity.users import Users

TRIES = 5
"""Wrong passwords for one name from one sender, before it has to wait."""

TRIES_OF_SENDER = 50
"""Wrong passwords from one sender for any names; a whole lab may sit behind one address."""

WINDOW_S = 5 * MINUTE_S
WRONG = "The user name or the password is wrong."


class LoginPage:
    """Login and logout.

    Parameters
    ----------
    pages : Pages
    sessions : WebSessions
    users : Users
    clock : Clock
    """

    def __init__(self, pages: Pages, sessions: WebSessions, users: Users, clock: Clock) -> None:
        self._pages = pages
        self._sessions = sessions
        self._users = users
        self._by_name = RateLimit(tries=TRIES, window_s=WINDOW_S, clock=clock)
        self._by_sender = RateLimit(tries=TRIES_OF_SENDER, window_s=WINDOW_S, clock=clock)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes."""
        return (
            web.get("/login", self._ask),
            web.post("/login", self._check),
            web.post("/logout", self._leave),
        )

    async def _ask(self, request: web.Request) -> web.Response:
        visitor = await self._sessions.recognise(request)
        target = local_path(request.query.get("next", "/device"))
        # A client may want the password again from someone who is logged in.
        if visitor.user_id is not None and "again" not in request.query:
            return self._pages.go(request, visitor, target)
        return self._pages.show(request, visitor, "login", next=target, name="", error=None)

    async def _check(self, request: web.Request) -> web.Response:
        visitor, fields = await self._pages.read(request, {"name", "password", "next"})
        name, target = fields.get("name", ""), local_path(fields.get("next", "/device"))
        sender = network_of(request.remote or "")
        pair = (name.casefold()[:64], sender)
        if not (self._by_sender.take(sender) and self._by_name.take(pair)):
            return self._pages.wait(request, visitor, WINDOW_S)
        user_id = await self._users.recognise(name, SecretStr(fields.get("password", "")))
        if user_id is None:
            await self._note(request, Action.LOGIN_FAILED, name)
            return self._pages.show(request, visitor, "login", status=403, next=target, name=name, error=WRONG)
        self._by_sender.give_back(sender)
        self._by_name.give_back(pair)
        await self._note(request, Action.LOGIN, name)
        return self._pages.go(request, await self._sessions.log_in(visitor, user_id), target)

    async def _leave(self, request: web.Request) -> web.Response:
        visitor, _ = await self._pages.read(request, set())
        if visitor.user_id is not None:
            await self._note(request, Action.LOGOUT, visitor.user_name or "")
        return self._pages.go(request, await self._sessions.log_out(visitor), "/login")

    async def _note(self, request: web.Request, action: Action, name: str) -> None:
        """Write it down for every organization of that user; a name that nobody has is not kept."""
        known = await self._users.named(name)
        if not known:
            await self._pages.note(request, action, None)
        for one in known:
            await self._pages.note(request, action, one.user_name, organization_id=one.organization_id)
