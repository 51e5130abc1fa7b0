"""Keys that let programs in without a person: made, listed and removed."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from arkitekt_di.errors import (
    MandateNotFoundError,
    MandateRefusedError,
    OrganizationNotFoundError,
    UserNotFoundError,
)
from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.clients import organization_named, service_user
from arkitekt_di.server.identity.clock import DAY_S, Clock
from arkitekt_di.server.identity.mandate import end_mandates
from arkitekt_di.server.identity.opaque import digest, new_id, new_secret
from arkitekt_di.server.identity.standing import Standing, standings_of
from arkitekt_di.server.identity.tables import Mandate, Organization, User
from arkitekt_di.server.identity.users import LOCAL, find_person

MAX_NAME = 64
MAX_APP = 255
MAX_DAYS = 3650
MAX_OF_ONE_PERSON = 50
"""Keys that a person can make on the pages; an operator has no bound."""


@dataclass(frozen=True)
class IssuedMandate:
    """A mandate key as people see it.

    Attributes
    ----------
    mandate_id : str
    name : str
        What somebody called it.
    user_id, user : str
        Whom its logins act as.
    organization_id, organization : str
        Where; the slug.
    app : str or None
        The one app that it lets in; None for any.
    is_service : bool
        Whether the user is no person, and was made for the key.
    created_at : int
        Unix time in seconds, as the other two.
    expires_at, used_at : int or None
    key : pydantic.SecretStr or None
        Known only when it has just been made: the hub keeps a digest.
    """

    mandate_id: str
    name: str
    user_id: str
    user: str
    organization_id: str
    organization: str
    app: str | None
    is_service: bool
    created_at: int
    expires_at: int | None
    used_at: int | None
    key: SecretStr | None = None


class Mandates:
    """Makes mandate keys and keeps them as digests.

    Parameters
    ----------
    database : Database
    clock : Clock
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(
        self,
        name: str,
        *,
        user: str | None,
        organization: str | None = None,
        app: str | None = None,
        days: int | None = None,
    ) -> IssuedMandate:
        """Make a key.

        Parameters
        ----------
        name : str
            What it is for, such as the machine that gets it; 1 to 64 printable characters.
        user : str or None
            Whom its logins act as; None makes an account that is no person, for this key alone.
        organization : str, optional
            Slug of the organization; may be left out where the user, or the hub, has one only.
        app : str, optional
            Identifier of the one app that it lets in; any app by default.
        days : int, optional
            After how many days it ends, 1 to 3650; never by default.

        Returns
        -------
        IssuedMandate
            With the key, which is not shown again.

        Raises
        ------
        MandateRefusedError
            The name, the app or the days cannot be.
        UserNotFoundError
            There is no such user, or they are not in the organization.
        OrganizationNotFoundError
            There is no such organization, or several and none was named.
        """
        _check(name, app, days)
        async with self._database.transaction() as session:
            if user is None:
                owner = await session.run_sync(organization_named, organization)
                user_id = None
            else:
                holder = await session.run_sync(_holder, user, organization)
                user_id, owner = holder.user_id, await session.get_one(Organization, holder.organization_id)
            return await session.run_sync(self._add, name, user_id, owner, app, days)

    async def add_own(
        self, user_id: str, name: str, *, organization_id: str, app: str | None = None, days: int | None = None
    ) -> IssuedMandate:
        """Make a key for a person who asks for it themselves; as `add`, which says what is raised."""
        _check(name, app, days)
        async with self._database.transaction() as session:
            mine = await session.run_sync(standings_of, user_id)
            if organization_id not in {one.organization_id for one in mine}:
                raise OrganizationNotFoundError(organization_id)
            held = await session.run_sync(lambda sync: len(sync.execute(_found(user_id)).all()))
            if held >= MAX_OF_ONE_PERSON:
                raise MandateRefusedError(f"you have {held} mandate keys", "Remove those that nothing uses any more")
            owner = await session.get_one(Organization, organization_id)
            return await session.run_sync(self._add, name, user_id, owner, app, days)

    async def all(self, user_id: str | None = None) -> Sequence[IssuedMandate]:
        """Return every key, or those of one user, by name; never what is shown as one."""
        async with self._database.transaction() as session:
            rows = await session.execute(_found(user_id))
            return [_described(mandate, user, organization) for mandate, user, organization in rows]

    async def remove(self, mandate_id: str, *, user_id: str | None = None) -> IssuedMandate:
        """Remove a key, and end every login by it; raises `MandateNotFoundError`, also where it is not *user_id*'s."""
        async with self._database.transaction() as session:
            rows = await session.execute(_found(user_id).where(Mandate.id == mandate_id))
            row = rows.one_or_none()
            if row is None:
                raise MandateNotFoundError(mandate_id)
            removed = _described(*row)
            await session.run_sync(end_mandates, removed.user_id, mandate_id=mandate_id)
        return removed

    async def let_in_locally(self, holder: Standing, key: SecretStr) -> None:
        """Have *key*, and no earlier one, let programs in as *holder*, the user of a hub without people."""
        async with self._database.transaction() as session:
            await session.run_sync(self._let_in_locally, holder, key)

    async def shut_out_locally(self) -> None:
        """End what an earlier `let_in_locally` allowed, as where a local hub is served to others from now on."""
        async with self._database.transaction() as session:
            mandate = await session.get(Mandate, LOCAL)
            if mandate is not None:
                await session.run_sync(end_mandates, mandate.user_id, mandate_id=LOCAL)

    def _let_in_locally(self, session: Session, holder: Standing, key: SecretStr) -> None:
        mandate = session.get(Mandate, LOCAL)
        if mandate is not None:
            mandate.key_digest = digest(key.get_secret_value())
        else:
            session.add(
                Mandate(
                    id=LOCAL,
                    name=LOCAL,
                    key_digest=digest(key.get_secret_value()),
                    user_id=holder.user_id,
                    organization_id=holder.organization_id,
                    is_service=False,
                    created_at=int(self._clock()),
                )
            )

    def _add(
        self,
        session: Session,
        name: str,
        user_id: str | None,
        owner: Organization,
        app: str | None,
        days: int | None,
    ) -> IssuedMandate:
        now, key, mandate_id = int(self._clock()), new_secret(), new_id()
        mandate = Mandate(
            id=mandate_id,
            name=name.strip(),
            key_digest=digest(key),
            user_id=service_user(session, mandate_id, owner, now) if user_id is None else user_id,
            organization_id=owner.id,
            app=app,
            is_service=user_id is None,
            created_at=now,
            expires_at=None if days is None else now + days * DAY_S,
        )
        session.add(mandate)
        session.flush()
        user = session.get_one(User, mandate.user_id).name
        return _described(mandate, user, owner.slug, SecretStr(key))


def _found(user_id: str | None) -> Select[Mandate, str, str]:
    found = (
        select(Mandate, User.name, Organization.slug)
        .join(User, User.id == Mandate.user_id)
        .join(Organization, Organization.id == Mandate.organization_id)
        .where(Mandate.id != LOCAL)
        .order_by(Mandate.name, Mandate.id)
    )
    return found if user_id is None else found.where(Mandate.user_id == user_id)


def _holder(session: Session, name: str, organization: str | None) -> Standing:
    mine = standings_of(session, find_person(session, name).id)
    if organization is None and len(mine) != 1:
        raise OrganizationNotFoundError(None)
    for one in mine:
        if organization in (None, one.organization_slug):
            return one
    raise UserNotFoundError(f"{name} in {organization}")


def _check(name: str, app: str | None, days: int | None) -> None:
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise MandateRefusedError(f"a mandate key is named by 1 to {MAX_NAME} printable characters", "Choose a name")
    if app is not None and (not app or len(app) > MAX_APP or "/" in app or not app.isprintable()):
        raise MandateRefusedError(f"{app[:100]!r} is no identifier of an app", "Give the one that its builder is given")
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise MandateRefusedError(f"a mandate key lasts 1 to {MAX_DAYS} days", "Choose such a time, or none")


def _described(mandate: Mandate, user: str, organization: str, key: SecretStr | None = None) -> IssuedMandate:
    return IssuedMandate(
        mandate_id=mandate.id,
        name=mandate.name,
        user_id=mandate.user_id,
        user=user,
        organization_id=mandate.organization_id,
        organization=organization,
        app=mandate.app,
        is_service=mandate.is_service,
        created_at=mandate.created_at,
        expires_at=mandate.expires_at,
        used_at=mandate.used_at,
        key=key,
    )
