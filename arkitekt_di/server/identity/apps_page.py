"""Where people see the apps that they let in, and end what these may do: ``/apps``."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web
from sqlalchemy import select, update

from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.audit import Action
from arkitekt_di.server.identity.client_rights import UNREGISTERED
from arkitekt_di.server.identity.clock import Clock
from arkitekt_di.server.identity.pages import Pages
from arkitekt_di.server.identity.scopes import SCOPES
from arkitekt_di.server.identity.sessions import WebSessions
from arkitekt_di.server.identity.tables import Client, Login, Organization
from arkitekt_di.server.identity.wishes import Wishes

PATH = "/apps"
MAX_SHOWN = 200
"""Logins on the page, the newest first."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AppLogin:
    """One app that is let in, as its person sees it."""

    login_id: str
    name: str
    version: str | None
    device: str | None
    organization: str
    rights: tuple[str, ...]
    began: datetime
    used: datetime | None


class AppsPage:
    """Lists the open logins of a person, and revokes them.

    Parameters
    ----------
    database : Database
    pages : Pages
    sessions : WebSessions
    wishes : Wishes
    clock : Clock
    """

    def __init__(self, database: Database, pages: Pages, sessions: WebSessions, wishes: Wishes, clock: Clock) -> None:
        self._database = database
        self._wishes = wishes
        self._pages = pages
        self._sessions = sessions
        self._clock = clock

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes."""
        return (web.get(PATH, self._list), web.post(PATH, self._revoke))

    async def _list(self, request: web.Request) -> web.Response:
        visitor = await self._sessions.recognise(request)
        if visitor.user_id is None:
            return self._pages.go(request, visitor, f"/login?next={PATH}")
        return self._pages.show(request, visitor, "apps", path=PATH, apps=await self._open_logins(visitor.user_id))

    async def _revoke(self, request: web.Request) -> web.Response:
        visitor, fields = await self._pages.read(request, {"login"})
        if visitor.user_id is None:
            return self._pages.go(request, visitor, f"/login?next={PATH}")
        ended = await self._end(visitor.user_id, fields.get("login", ""))
        if ended is None:  # another's looks like none at all
            return self._pages.tell(request, visitor, "Not found", "That app is not let in (any more).", status=404)
        log.info("user %r ended a login", visitor.user_name)
        organization_id, subject = ended
        await self._pages.note(
            request, Action.APP_ENDED, visitor.user_name, organization_id=organization_id, subject=subject
        )
        return self._pages.go(request, visitor, PATH)

    async def _open_logins(self, user_id: str) -> list[AppLogin]:
        async with self._database.transaction() as session:
            rows = await session.execute(
                select(Login, Client, Organization.name)
                .join(Client, Client.client_id == Login.client_id)
                .join(Organization, Organization.id == Login.organization_id)
                .where(Login.user_id == user_id, Login.revoked_at.is_(None), Login.expires_at > int(self._clock()))
                .order_by(Login.created_at.desc(), Login.id)
                .limit(MAX_SHOWN)
            )
            return [self._described(login, client, organization) for login, client, organization in rows]

    async def _end(self, user_id: str, login_id: str) -> tuple[str, str] | None:
        """End a login; returns its organization and the name of its app, or None where it is not this user's."""
        async with self._database.transaction() as session:
            ended = await session.execute(
                update(Login)
                .where(Login.id == login_id, Login.user_id == user_id, Login.revoked_at.is_(None))
                .values(revoked_at=int(self._clock()))
                .returning(Login.organization_id, Login.client_id)
            )
            row = ended.one_or_none()
            if row is None:
                return None
            return row.organization_id, (await session.get_one(Client, row.client_id)).manifest.identifier

    def _described(self, login: Login, client: Client, organization: str) -> AppLogin:
        manifest = client.manifest
        services = [words for words, is_here in self._wishes.services(manifest) if is_here]
        scopes = [SCOPES[scope] for scope in login.scopes if scope in SCOPES]
        return AppLogin(
            login_id=login.id,
            name=manifest.identifier,
            version=manifest.version if client.kind in UNREGISTERED else None,
            device=manifest.device_id,
            organization=organization,
            rights=(*services, *scopes),
            began=datetime.fromtimestamp(login.created_at, UTC),
            used=None if login.used_at is None else datetime.fromtimestamp(login.used_at, UTC),
        )
