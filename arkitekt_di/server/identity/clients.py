"""Clients that an administrator registers: strangers' programs that log in at this hub."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr, ValidationError
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from arkitekt_di.errors import ClientNotFoundError, ClientRefusedError, OrganizationNotFoundError
from arkitekt_di.messages.manifest import Manifest, Requirement
from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.client_kind import ClientKind
from arkitekt_di.server.identity.client_rights import CONFIDENTIAL, WITH_REDIRECT
from arkitekt_di.server.identity.clock import Clock
from arkitekt_di.server.identity.opaque import digest, new_id, new_secret
from arkitekt_di.server.identity.redirect_uris import is_registrable
from arkitekt_di.server.identity.scopes import OFFLINE, SCOPES
from arkitekt_di.server.identity.standing import Role
from arkitekt_di.server.identity.tables import Client, Membership, Organization, Registration, User
from arkitekt_di.server.identity.users import LOCAL


@dataclass(frozen=True)
class RegisteredClient:
    """A client as its administrator sees it.

    Attributes
    ----------
    client_id : str
    name : str
    kind : ClientKind
    organization : str
        Slug of the organization that it belongs to.
    redirect_uris : tuple of str
    services : tuple of str
        Reverse-domain names of the services that its tokens are good for.
    secret : pydantic.SecretStr or None
        Known only when it has just been made: the hub keeps a digest.
    """

    client_id: str
    name: str
    kind: ClientKind
    organization: str
    redirect_uris: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    secret: SecretStr | None = None


class Clients:
    """Registers clients and keeps their secrets as digests.

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
        kind: ClientKind,
        *,
        organization: str | None = None,
        redirect_uris: Sequence[str] = (),
        services: Sequence[str] = (),
    ) -> RegisteredClient:
        """Register a client.

        Parameters
        ----------
        name : str
            Shown to people who are asked to let it in; 1 to 255 characters without a slash.
        kind : ClientKind
        organization : str, optional
            Slug of the organization that it belongs to; may be left out where the hub has one only.
        redirect_uris : sequence of str
            For kinds that send people's browsers: https, http on loopback, or a private scheme (RFC 8252).
        services : sequence of str
            Reverse-domain names of services, such as ``live.arkitekt.mikro``.

        Returns
        -------
        RegisteredClient
            With the secret, where the kind has one; it is not shown again.

        Raises
        ------
        ClientRefusedError
            The name or a redirect URI cannot be one, or does not go with the kind.
        OrganizationNotFoundError
            There is no such organization, or several and none was named.
        """
        _check_redirects(kind, redirect_uris)
        manifest = _manifest(name, services)
        async with self._database.transaction() as session:
            return await session.run_sync(self._add, manifest, kind, organization, tuple(redirect_uris))

    async def all(self) -> list[RegisteredClient]:
        """Return every registered client, by name."""
        async with self._database.transaction() as session:
            rows = await session.execute(
                select(Client, Organization.slug)
                .join(Registration, Registration.client_id == Client.client_id)
                .join(Organization, Organization.id == Registration.organization_id)
            )
            found = [_described(client, slug) for client, slug in rows]
        return sorted(found, key=lambda one: (one.name, one.client_id))

    async def renew_secret(self, client_id: str) -> SecretStr:
        """Give the client another secret; raises `ClientNotFoundError` where it has none to renew."""
        secret = new_secret()
        async with self._database.transaction() as session:
            registration = await session.get(Registration, client_id)
            if registration is None or registration.secret_digest is None:
                raise ClientNotFoundError(client_id)
            registration.secret_digest = digest(secret)
        return SecretStr(secret)

    async def remove(self, client_id: str) -> None:
        """Forget the client and end every login of it; raises `ClientNotFoundError`."""
        async with self._database.transaction() as session:
            registration = await session.get(Registration, client_id)
            if registration is None:
                raise ClientNotFoundError(client_id)
            await session.execute(delete(Client).where(Client.client_id == client_id))
            await session.execute(delete(User).where(User.id == registration.user_id))

    def _add(
        self, session: Session, manifest: Manifest, kind: ClientKind, organization: str | None, uris: tuple[str, ...]
    ) -> RegisteredClient:
        owner = organization_named(session, organization)
        now, secret = int(self._clock()), new_secret() if kind in CONFIDENTIAL else None
        client = Client(
            client_id=new_id(),
            manifest_json=manifest.model_dump_json(),
            kind=kind,
            role="interface",
            redirect_uris=" ".join(uris),
            created_at=now,
        )
        session.add(client)
        session.flush()
        session.add(
            Registration(
                client_id=client.client_id,
                organization_id=owner.id,
                secret_digest=None if secret is None else digest(secret),
                user_id=service_user(session, client.client_id, owner, now) if kind is ClientKind.SERVICE else None,
            )
        )
        session.flush()
        return _described(client, owner.slug, secret)


def service_user(session: Session, identifier: str, owner: Organization, now: int) -> str:
    """Return a user of a program's own, without a password: records belong to users."""
    name = f"service {identifier[:12]}"
    user = User(id=new_id(), name=name, name_key=name, password_hash=None, created_at=now)
    session.add(user)
    session.flush()
    session.add(Membership(user_id=user.id, organization_id=owner.id, role=Role.MEMBER))
    return user.id


def organization_named(session: Session, slug: str | None) -> Organization:
    """Return the organization, or the only one where none is named; raises `OrganizationNotFoundError`."""
    found = session.scalars(_named(slug)).all()
    if len(found) != 1:
        raise OrganizationNotFoundError(slug)
    return found[0]


def _named(slug: str | None) -> Select[Organization]:
    found = select(Organization).where(Organization.slug != LOCAL).limit(2)
    return found if slug is None else select(Organization).where(Organization.slug == slug)


def _manifest(name: str, services: Sequence[str]) -> Manifest:
    requirements = tuple(Requirement(key=service.rpartition(".")[2], service=service) for service in services)
    try:
        return Manifest(identifier=name, requirements=requirements, scopes=tuple(sorted(set(SCOPES) - {OFFLINE})))
    except ValidationError as error:
        reason = "the name of a client has 1 to 255 characters and no slash"
        raise ClientRefusedError(reason, "Choose another") from error


def _check_redirects(kind: ClientKind, uris: Sequence[str]) -> None:
    if (kind in WITH_REDIRECT) != bool(uris):
        reason = f"a {kind} client {'needs' if kind in WITH_REDIRECT else 'has no'} redirect URI"
        raise ClientRefusedError(reason, "See `arkitekt-di clients add --help` for the kinds")
    for uri in uris:
        if not is_registrable(uri):
            reason = f"{uri[:100]!r} cannot be a redirect URI"
            raise ClientRefusedError(reason, "Use https://, http://127.0.0.1/ or a scheme such as org.example.app:/")


def _described(client: Client, organization: str, secret: str | None = None) -> RegisteredClient:
    manifest = client.manifest
    return RegisteredClient(
        client_id=client.client_id,
        name=manifest.identifier,
        kind=ClientKind(client.kind),
        organization=organization,
        redirect_uris=tuple(client.redirect_uris.split()),
        services=tuple(requirement.service for requirement in manifest.requirements),
        secret=None if secret is None else SecretStr(secret),
    )
