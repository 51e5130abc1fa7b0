"""Where administrators see the people of their organization, and what was done: ``/organization``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from arkitekt_di.server.identity.audit import AuditLog
from arkitekt_di.server.identity.pages import Pages
from arkitekt_di.server.identity.sessions import WebSessions
from arkitekt_di.server.identity.standing import Role, Standing
from arkitekt_di.server.identity.users import Users

PATH = "/organization"
EVENTS = 50
"""Events on the page for each organization, the newest first; `arkitekt-di audit list` shows all."""


@dataclass(frozen=True)
class ShownEvent:
    """One event of the audit log, as it stands on the page."""

    at: datetime
    action: str
    actor: str
    subject: str
    remote: str


@dataclass(frozen=True)
class ShownOrganization:
    """What an administrator sees of one organization."""

    name: str
    members: tuple[Standing, ...]
    events: tuple[ShownEvent, ...]


class OrganizationPage:
    """Shows an organization to its administrators; for everybody else the page does not exist.

    Parameters
    ----------
    pages : Pages
    sessions : WebSessions
    users : Users
    audit : AuditLog
    """

    def __init__(self, pages: Pages, sessions: WebSessions, users: Users, audit: AuditLog) -> None:
        self._pages = pages
        self._sessions = sessions
        self._users = users
        self._audit = audit

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes."""
        return (web.get(PATH, self._show),)

    async def _show(self, request: web.Request) -> web.Response:
        visitor = await self._sessions.recognise(request)
        if visitor.user_id is None:
            return self._pages.go(request, visitor, f"/login?next={PATH}")
        administered = [one for one in await self._users.standings(visitor.user_id) if one.role == Role.ADMIN]
        if not administered:
            return self._pages.tell(request, visitor, "Not found", "There is no such page for you.", status=404)
        organizations = [await self._shown(one) for one in administered]
        return self._pages.show(request, visitor, "organization", organizations=organizations)

    async def _shown(self, mine: Standing) -> ShownOrganization:
        members = [one for one in await self._users.all() if one.organization_id == mine.organization_id]
        events = await self._audit.last(EVENTS, organization_id=mine.organization_id)
        return ShownOrganization(
            name=mine.organization_name,
            members=tuple(members),
            events=tuple(
                ShownEvent(datetime.fromtimestamp(one.at, UTC), one.action, one.actor, one.subject, one.remote)
                for one in events
            ),
        )
