"""Where people make and remove keys for programs that nobody sits in front of: ``/keys``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from arkitekt_di.errors import MandateNotFoundError, MandateRefusedError, OrganizationNotFoundError
from arkitekt_di.server.identity.audit import Action
from arkitekt_di.server.identity.mandates import MAX_DAYS, IssuedMandate, Mandates
from arkitekt_di.server.identity.pages import Pages
from arkitekt_di.server.identity.sessions import Visitor, WebSessions
from arkitekt_di.server.identity.users import Users

PATH = "/keys"
FIELDS = {"name", "app", "days", "organization", "remove"}
DAYS = 90
"""What the form proposes: whoever wants a key that never ends asks the operator."""


@dataclass(frozen=True)
class ShownKey:
    """One key, as it stands on the page."""

    mandate_id: str
    name: str
    organization: str
    app: str | None
    expires: datetime | None
    used: datetime | None


class KeysPage:
    """Makes, lists and removes the mandate keys of a person; each is shown once, on the answer to the form.

    Parameters
    ----------
    pages : Pages
    sessions : WebSessions
    users : Users
    mandates : Mandates
    """

    def __init__(self, pages: Pages, sessions: WebSessions, users: Users, mandates: Mandates) -> None:
        self._pages = pages
        self._sessions = sessions
        self._users = users
        self._mandates = mandates

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes."""
        return (web.get(PATH, self._list), web.post(PATH, self._change))

    async def _list(self, request: web.Request) -> web.Response:
        visitor = await self._sessions.recognise(request)
        if visitor.user_id is None:
            return self._pages.go(request, visitor, f"/login?next={PATH}")
        return await self._show(request, visitor, visitor.user_id)

    async def _change(self, request: web.Request) -> web.Response:
        visitor, fields = await self._pages.read(request, FIELDS)
        if visitor.user_id is None:
            return self._pages.go(request, visitor, f"/login?next={PATH}")
        if "remove" not in fields:
            return await self._make(request, visitor, visitor.user_id, fields)
        try:
            removed = await self._mandates.remove(fields["remove"], user_id=visitor.user_id)
        except MandateNotFoundError:  # another's looks like none at all
            return self._pages.tell(request, visitor, "Not found", "You have no such key (any more).", status=404)
        await self._note(request, visitor, Action.MANDATE_REMOVED, removed)
        return self._pages.go(request, visitor, PATH)

    async def _make(self, request: web.Request, visitor: Visitor, user_id: str, fields: dict[str, str]) -> web.Response:
        days = fields.get("days", "")
        try:
            made = await self._mandates.add_own(
                user_id,
                fields.get("name", ""),
                organization_id=fields.get("organization", ""),
                app=fields.get("app"),
                days=int(days) if days.isascii() and days.isdigit() and len(days) <= len(str(MAX_DAYS)) else 0,
            )
        except (MandateRefusedError, OrganizationNotFoundError) as error:
            return await self._show(request, visitor, user_id, error=str(error), status=400)
        await self._note(request, visitor, Action.MANDATE_ADDED, made)
        return await self._show(request, visitor, user_id, made=made)

    async def _note(self, request: web.Request, visitor: Visitor, action: Action, mandate: IssuedMandate) -> None:
        await self._pages.note(
            request, action, visitor.user_name, organization_id=mandate.organization_id, subject=mandate.name
        )

    async def _show(
        self,
        request: web.Request,
        visitor: Visitor,
        user_id: str,
        *,
        made: IssuedMandate | None = None,
        error: str | None = None,
        status: int = 200,
    ) -> web.Response:
        standings = await self._users.standings(user_id)
        names = {one.organization_id: one.organization_name for one in standings}
        return self._pages.show(
            request,
            visitor,
            "keys",
            status=status,
            path=PATH,
            keys=[
                _shown(one, names.get(one.organization_id, one.organization))  # it may end at this very moment
                for one in await self._mandates.all(user_id)
            ],
            standings=standings,
            made=made,
            secret=made.key.get_secret_value() if made is not None and made.key is not None else None,
            error=error,
            days=DAYS,
        )


def _shown(mandate: IssuedMandate, organization: str) -> ShownKey:
    return ShownKey(
        mandate_id=mandate.mandate_id,
        name=mandate.name,
        organization=organization,
        app=mandate.app,
        expires=_moment(mandate.expires_at),
        used=_moment(mandate.used_at),
    )


def _moment(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
