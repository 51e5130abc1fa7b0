"""The people of the hub."""

import re
import unicodedata

from pydantic import SecretStr
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from arkitekt_di.errors import AccountRefusedError, OrganizationNotFoundError, UserNotFoundError
from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.clock import Clock
from arkitekt_di.server.identity.logins import end_logins
from arkitekt_di.server.identity.mandate import end_mandates
from arkitekt_di.server.identity.opaque import new_id
from arkitekt_di.server.identity.passwords import Passwords
from arkitekt_di.server.identity.standing import Role, Standing, standing_in, standings_of
from arkitekt_di.server.identity.tables import Membership, Organization, User, WebSession

LOCAL = "local"
"""Name of the user, and slug of the organization, that a hub without people works for."""

MAX_NAME = 64


class Users:
    """Creates users and tells who they are.

    Parameters
    ----------
    database : Database
    passwords : Passwords
    clock : Clock
    """

    def __init__(self, database: Database, passwords: Passwords, clock: Clock) -> None:
        self._database = database
        self._passwords = passwords
        self._clock = clock

    async def create(self, name: str, password: SecretStr, organization: str, *, role: Role = Role.MEMBER) -> Standing:
        """Create a user, and the organization where there is none of that name.

        Parameters
        ----------
        name : str
            1 to 64 printable characters; upper and lower case count as the same.
        password : pydantic.SecretStr
            12 to 128 characters.
        organization : str
            Name of the organization; names that differ in case and punctuation only are the same.
        role : Role, default Role.MEMBER

        Returns
        -------
        Standing
            Who was created.

        Raises
        ------
        AccountRefusedError
            The name is taken or cannot be one, or the password is too short or too long.
        """
        name, organization = _readable(name, "user"), _readable(organization, "organization")
        if LOCAL in (_key(name), _slug(organization)):
            raise AccountRefusedError(f"the name {LOCAL!r} belongs to the hub itself", "Choose another")
        password_hash = await self._passwords.hash(password)
        try:
            async with self._database.transaction() as session:
                return await session.run_sync(self._add, name, password_hash, organization, role)
        except IntegrityError as error:
            raise AccountRefusedError(f"the name {name!r} is taken", "Choose another") from error

    async def reset_password(self, name: str, password: SecretStr) -> None:
        """Give the user another password, and end every login that they have, on pages and of apps, and their keys.

        Raises
        ------
        UserNotFoundError
            There is no such user, or it has no password by design.
        AccountRefusedError
            The password is too short or too long.
        """
        password_hash = await self._passwords.hash(password)
        async with self._database.transaction() as session:
            user = await session.scalar(select(User).where(User.name_key == _key(name)))
            if user is None or user.password_hash is None:
                raise UserNotFoundError(name)
            user.password_hash = password_hash
            await session.execute(delete(WebSession).where(WebSession.user_id == user.id))
            await session.run_sync(end_logins, user.id, int(self._clock()))
            await session.run_sync(end_mandates, user.id)

    async def recognise(self, name: str, password: SecretStr) -> str | None:
        """Return the identifier of the user with that password, or None; as slow for a name that nobody has."""
        async with self._database.transaction() as session:
            user = await session.scalar(select(User).where(User.name_key == _key(name)))
        stored = None if user is None else user.password_hash
        if not await self._passwords.matches(stored, password) or user is None or stored is None:
            return None
        if not await self.standings(user.id):  # was taken out of the last organization
            return None
        if self._passwords.is_outdated(stored):
            fresh = await self._passwords.hash(password)
            async with self._database.transaction() as session:
                # Only over the hash that was checked: a reset in between wins.
                await session.execute(
                    update(User).where(User.id == user.id, User.password_hash == stored).values(password_hash=fresh)
                )
        return user.id

    async def named(self, name: str) -> list[Standing]:
        """Return what the user of that name is in each organization; nothing where nobody has it."""
        async with self._database.transaction() as session:
            user_id = await session.scalar(select(User.id).where(User.name_key == _key(name)))
            return [] if user_id is None else await session.run_sync(standings_of, user_id)

    async def join(self, name: str, organization: str, *, role: Role = Role.MEMBER) -> Standing:
        """Make a person a member of an organization, or change what they are in it.

        Parameters
        ----------
        name : str
            Of the person.
        organization : str
            Slug of the organization.
        role : Role, default Role.MEMBER

        Raises
        ------
        UserNotFoundError, OrganizationNotFoundError
            There is none of that name.
        """
        async with self._database.transaction() as session:
            return await session.run_sync(self._join, name, organization, role)

    async def leave(self, name: str, organization: str) -> Standing:
        """Take a person out of an organization: every login and key there ends, and what they made stays with it.

        Raises `UserNotFoundError` where they are not in it; who is in none any more cannot log in.
        """
        async with self._database.transaction() as session:
            return await session.run_sync(self._leave, name, organization)

    async def all(self) -> list[Standing]:
        """Return every person in every organization that they belong to, by name; programs are not people."""
        async with self._database.transaction() as session:
            rows = await session.execute(
                select(User.id, User.name, Organization.id, Organization.slug, Organization.name, Membership.role)
                .join(Membership, Membership.user_id == User.id)
                .join(Organization, Organization.id == Membership.organization_id)
                .where(User.password_hash.is_not(None))
                .order_by(User.name_key, Organization.slug)
            )
            return [Standing(*row) for row in rows]

    async def has_people(self) -> bool:
        """Tell whether anyone can log in with a password."""
        async with self._database.transaction() as session:
            return await session.scalar(select(User.id).where(User.password_hash.is_not(None)).limit(1)) is not None

    async def standings(self, user_id: str) -> list[Standing]:
        """Return every organization that the user belongs to."""
        async with self._database.transaction() as session:
            return await session.run_sync(standings_of, user_id)

    async def ensure_local(self) -> Standing:
        """Return the user that a hub without people works for; made when there is none."""
        async with self._database.transaction() as session:
            return await session.run_sync(self._ensure_local)

    def _join(self, session: Session, name: str, organization: str, role: Role) -> Standing:
        user = find_person(session, name)
        group = session.scalar(select(Organization).where(Organization.slug == organization))
        if group is None or group.slug == LOCAL:
            raise OrganizationNotFoundError(organization)
        session.merge(Membership(user_id=user.id, organization_id=group.id, role=role))
        return Standing(user.id, user.name, group.id, group.slug, group.name, role)

    def _leave(self, session: Session, name: str, organization: str) -> Standing:
        user = find_person(session, name)
        mine = standings_of(session, user.id)
        before = next((one for one in mine if one.organization_slug == organization), None)
        if before is None:
            raise UserNotFoundError(name)
        end_logins(session, user.id, int(self._clock()), organization_id=before.organization_id)
        end_mandates(session, user.id, organization_id=before.organization_id)
        session.execute(
            delete(Membership).where(
                Membership.user_id == user.id, Membership.organization_id == before.organization_id
            )
        )
        if len(mine) == 1:
            session.execute(delete(WebSession).where(WebSession.user_id == user.id))
        return before

    def _ensure_local(self, session: Session) -> Standing:
        user = session.scalar(select(User).where(User.name_key == LOCAL))
        if user is None:
            return self._add(session, LOCAL, None, "Local", Role.ADMIN)
        organization_id = session.scalars(select(Organization.id).where(Organization.slug == LOCAL)).one()
        standing = standing_in(session, user.id, organization_id)
        if standing is None:
            raise UserNotFoundError(LOCAL)
        return standing

    def _add(self, session: Session, name: str, password_hash: str | None, organization: str, role: Role) -> Standing:
        now = int(self._clock())
        slug = _slug(organization)
        group = session.scalar(select(Organization).where(Organization.slug == slug))
        if group is None:
            group = Organization(id=new_id(), slug=slug, name=organization, created_at=now)
            session.add(group)
        user = User(id=new_id(), name=name, name_key=_key(name), password_hash=password_hash, created_at=now)
        session.add(user)
        session.flush()
        session.add(Membership(user_id=user.id, organization_id=group.id, role=role))
        session.flush()
        return Standing(user.id, user.name, group.id, group.slug, group.name, role)


def find_person(session: Session, name: str) -> User:
    """Return the person of that name; raises `UserNotFoundError`."""
    user = session.scalar(select(User).where(User.name_key == _key(name), User.password_hash.is_not(None)))
    if user is None:
        raise UserNotFoundError(name)
    return user


def _readable(name: str, what: str) -> str:
    name = unicodedata.normalize("NFC", name).strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        reason = f"the name of the {what} must have 1 to {MAX_NAME} printable characters"
        raise AccountRefusedError(reason, "Choose another")
    return name


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()[: 4 * MAX_NAME]


def _slug(organization: str) -> str:
    plain = unicodedata.normalize("NFKD", organization).casefold()
    slug = re.sub(r"[^\w]+", "-", plain).strip("-")[:MAX_NAME]
    return slug or "organization"
