"""Where the first person opens the hub: ``/setup/{token}``."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web
from pydantic import SecretStr

from arkitekt_di.errors import AccountRefusedError
from arkitekt_di.server.identity.audit import Action
from arkitekt_di.server.identity.first_run import FirstRun
from arkitekt_di.server.identity.pages import Pages
from arkitekt_di.server.identity.passwords import MIN_LENGTH
from arkitekt_di.server.identity.sessions import Visitor, WebSessions

log = logging.getLogger(__name__)


class SetupPage:
    """Creates the administrator and the organization.

    Parameters
    ----------
    pages : Pages
    sessions : WebSessions
    first_run : FirstRun
    """

    def __init__(self, pages: Pages, sessions: WebSessions, first_run: FirstRun) -> None:
        self._pages = pages
        self._sessions = sessions
        self._first_run = first_run

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes."""
        return (web.get("/setup/{token}", self._ask), web.post("/setup/{token}", self._create))

    async def _ask(self, request: web.Request) -> web.Response:
        visitor = await self._sessions.recognise(request)
        if not await self._first_run.accepts(request.match_info["token"]):
            return self._gone(request, visitor)
        return self._form(request, visitor)

    async def _create(self, request: web.Request) -> web.Response:
        visitor, fields = await self._pages.read(request, {"name", "organization", "password", "again"})
        password = fields.get("password", "")
        if password != fields.get("again", ""):
            return self._form(request, visitor, fields, error="The two passwords differ.")
        try:
            standing = await self._first_run.complete(
                request.match_info["token"],
                fields.get("name", ""),
                SecretStr(password),
                fields.get("organization", ""),
            )
        except AccountRefusedError as error:
            return self._form(request, visitor, fields, error=f"{error}.")
        if standing is None:
            return self._gone(request, visitor)
        log.info("user %r opened the hub as its administrator", standing.user_name)
        await self._pages.note(
            request,
            Action.HUB_OPENED,
            standing.user_name,
            organization_id=standing.organization_id,
            subject=standing.organization_name,
        )
        visitor = replace(
            await self._sessions.log_in(visitor, standing.user_id), user_name=standing.user_name, is_admin=True
        )
        who = f"You are {standing.user_name}, administrator of {standing.organization_name}."
        text = f"{who} Apps that want in send you here."
        return self._pages.tell(request, visitor, "The hub is ready", text)

    def _form(
        self, request: web.Request, visitor: Visitor, fields: dict[str, str] | None = None, error: str | None = None
    ) -> web.Response:
        given = fields or {}
        return self._pages.show(
            request,
            visitor,
            "setup",
            status=200 if error is None else 400,
            name=given.get("name", ""),
            organization=given.get("organization", ""),
            min_length=MIN_LENGTH,
            error=error,
        )

    def _gone(self, request: web.Request, visitor: Visitor) -> web.Response:
        text = "The link was used, or the hub has been restarted since; the hub prints a new one if it needs one."
        return self._pages.tell(request, visitor, "This link opens nothing", text, status=404)
