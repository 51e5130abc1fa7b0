"""Who is looking at the pages: web sessions, and the tokens that protect forms."""

import asyncio
import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from arkitekt_di.private_file import keep_secret
from arkitekt_di.server.address import Address
from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.clock import DAY_S, HOUR_S, MINUTE_S, Clock
from arkitekt_di.server.identity.opaque import digest, new_secret
from arkitekt_di.server.identity.standing import Role
from arkitekt_di.server.identity.tables import Membership, User, WebSession

IDLE_S = 8 * HOUR_S
"""A working day; a session that is not used for so long is over (OWASP ASVS 4.0.3, 3.3.2)."""

LIFETIME_S = 7 * DAY_S
"""A session ends this long after the login, used or not."""

COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Visitor:
    """A browser that asks for a page.

    Attributes
    ----------
    cookie : str
        Random value that the browser keeps; names a session once someone has logged in.
    user_id, user_name : str or None
        Who is logged in.
    since : int or None
        When they gave their password, in Unix time.
    is_admin : bool
        Whether they administer an organization.
    """

    cookie: str
    user_id: str | None = None
    user_name: str | None = None
    since: int | None = None
    is_admin: bool = False

    def __repr__(self) -> str:
        return f"Visitor(user_id={self.user_id!r})"


class WebSessions:
    """Recognises browsers by a cookie, which the database knows by its digest only.

    Parameters
    ----------
    database : Database
    address : Address
    secret_file : Path
        Holds the key behind the tokens in forms; kept, so that an open form survives a restart.
    clock : Clock
    """

    def __init__(self, database: Database, address: Address, secret_file: Path, clock: Clock) -> None:
        self._database = database
        self._address = address
        self._secret_file = secret_file
        self._form_secret = b""
        self._clock = clock

    async def start(self) -> None:
        """Read the key; makes it at the first start."""
        self._form_secret = await asyncio.to_thread(keep_secret, self._secret_file)

    async def recognise(self, request: web.Request) -> Visitor:
        """Return who sent *request*; a browser without a cookie gets a fresh one with the answer."""
        cookie = request.cookies.get(self._cookie_name(request), "")
        if COOKIE_VALUE.fullmatch(cookie) is None:
            return Visitor(new_secret())
        now = int(self._clock())
        async with self._database.transaction() as session:
            found = await session.execute(
                select(WebSession, User.name, _administers(User.id))
                .join(User, User.id == WebSession.user_id)
                .where(WebSession.digest == digest(cookie))
            )
            row = found.one_or_none()
            if row is None:
                return Visitor(cookie)
            web_session, user_name, is_admin = row
            if web_session.created_at + LIFETIME_S <= now or web_session.seen_at + IDLE_S <= now:
                await session.delete(web_session)
                return Visitor(new_secret())
            if now - web_session.seen_at >= MINUTE_S:  # a write a minute says enough
                web_session.seen_at = now
            return Visitor(cookie, web_session.user_id, user_name, web_session.created_at, is_admin)

    async def log_in(self, before: Visitor, user_id: str) -> Visitor:
        """Start a session under a fresh cookie; the one that the browser had before is worth nothing any more."""
        after = Visitor(new_secret(), user_id)
        now = int(self._clock())
        over = or_(
            WebSession.digest == digest(before.cookie),
            WebSession.created_at <= now - LIFETIME_S,
            WebSession.seen_at <= now - IDLE_S,
        )
        async with self._database.transaction() as session:
            await session.execute(delete(WebSession).where(over))
            session.add(WebSession(digest=digest(after.cookie), user_id=user_id, created_at=now, seen_at=now))
        return after

    async def log_out(self, visitor: Visitor) -> Visitor:
        """End the session; the browser goes on as a stranger."""
        async with self._database.transaction() as session:
            await session.execute(delete(WebSession).where(WebSession.digest == digest(visitor.cookie)))
        return Visitor(new_secret())

    def form_token(self, visitor: Visitor) -> str:
        """Return what every form of this browser must carry, which another site cannot know."""
        return hmac.new(self._form_secret, visitor.cookie.encode(), hashlib.sha256).hexdigest()

    def is_own_form(self, visitor: Visitor, token: str) -> bool:
        """Tell whether a form with *token* was made for this browser."""
        return hmac.compare_digest(self.form_token(visitor).encode(), token.encode())

    def remember(self, request: web.Request, response: web.Response, visitor: Visitor) -> None:
        """Set the cookie where the browser does not have it yet."""
        name = self._cookie_name(request)
        if request.cookies.get(name) != visitor.cookie:
            response.set_cookie(
                name, visitor.cookie, path="/", httponly=True, samesite="Lax", secure=self._is_secure(request)
            )

    def _cookie_name(self, request: web.Request) -> str:
        # Browsers share cookies between the ports of a host, so two hubs on one machine need two names.
        port = request.url.port
        return "__Host-arkitekt" if self._is_secure(request) else f"arkitekt-{port}"

    def _is_secure(self, request: web.Request) -> bool:
        return self._address.url_for(request).startswith("https://")


def _administers(user_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    return exists().where(Membership.user_id == user_id, Membership.role == Role.ADMIN)
