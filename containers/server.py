"""The hub: its data, its surfaces, and the site that they are on."""

import secrets

from dependency_injector import providers
from pydantic import SecretStr

from arkitekt_di.containers.preset import Container, Service
from arkitekt_di.messages.manifest import MIKRO_SERVICE, REKUEST_SERVICE, S3_SERVICE
from arkitekt_di.private_file import keep_secret
from arkitekt_di.server.address import Address
from arkitekt_di.server.announcement import Announcement
from arkitekt_di.server.beacon import HubBeacon
from arkitekt_di.server.certificate import Certificate
from arkitekt_di.server.data_folder import DataFolder
from arkitekt_di.server.database import Database
from arkitekt_di.server.directory import Directory, Offer
from arkitekt_di.server.hub_key import HubKey
from arkitekt_di.server.identity.identity import Identity
from arkitekt_di.server.idleness import Idleness
from arkitekt_di.server.leases import Leases
from arkitekt_di.server.mikro.endpoint import BUCKETS, MikroEndpoint
from arkitekt_di.server.ngff import NgffEndpoint, NgffFace, NgffTokens
from arkitekt_di.server.objects import ObjectEndpoint, ObjectGrants, Objects, chosen_objects
from arkitekt_di.server.site import Site
from arkitekt_di.server.tasks.bus import InProcessBus
from arkitekt_di.server.tasks.dispatch import InProcessDispatch
from arkitekt_di.server.tasks.endpoint import RekuestEndpoint
from arkitekt_di.server.tasks.ledger import Ledger
from arkitekt_di.server.tasks.promise import Dispatch, EventBus, TaskStore
from arkitekt_di.server.tasks.service import Ground
from arkitekt_di.server.viewing.page import ImagePage
from arkitekt_di.server.viewing.pictures import Pictures
from arkitekt_di.settings.models import ServerSettings

OFFERS = (
    Offer(MIKRO_SERVICE, identifier="mikro", path="mikro"),
    Offer(REKUEST_SERVICE, identifier="rekuest", path="rekuest"),
    # S3 clients sign the path, so the object store has no path of its own: its buckets are at the root.
    Offer(S3_SERVICE, identifier="s3", path=""),
)


def _no_mandate_key() -> SecretStr | None:
    return None


def _fresh_mandate_key() -> SecretStr:
    return SecretStr(secrets.token_urlsafe(32))


def _grant_secret(folder: DataFolder) -> bytes:
    return keep_secret(folder.keys / "objects.key")


def _link_secret(folder: DataFolder) -> bytes:
    return keep_secret(folder.keys / "links.key")


class ServerContainer(Container):
    """A hub that people log in to.  The input is ``settings``."""

    settings = providers.Dependency(instance_of=ServerSettings)

    mandate_key: providers.Provider[SecretStr | None] = providers.ThreadSafeSingleton(_no_mandate_key)
    address = providers.ThreadSafeSingleton(Address, settings.provided.listen)
    idleness: providers.Provider[Idleness] = Service(Idleness, settings.provided.idle_s)

    data: providers.Provider[DataFolder] = Service(DataFolder, settings.provided.data)
    hub_key: providers.Provider[HubKey] = Service(HubKey, data.provided.keys)
    certificate: providers.Provider[Certificate] = Service(Certificate, settings.provided.listen, data.provided.keys)
    directory = providers.ThreadSafeSingleton(Directory, providers.Object(OFFERS), hub_key, certificate)
    database: providers.Provider[Database] = Service(Database, settings.provided.database, data.provided.root)
    objects: providers.Provider[Objects] = Service(chosen_objects, data.provided.objects, settings.provided.objects)
    grants: providers.Provider[ObjectGrants] = providers.ThreadSafeSingleton(
        ObjectGrants, providers.Callable(_grant_secret, data)
    )

    identity: providers.Provider[Identity] = Service(
        Identity,
        database,
        address,
        directory,
        settings.provided.identity,
        keys_folder=data.provided.keys,
        mandate_key=mandate_key,
        hub_name=settings.provided.name,
    )
    links: providers.Provider[NgffTokens] = providers.ThreadSafeSingleton(
        NgffTokens, providers.Callable(_link_secret, data)
    )
    ngff_face: providers.Provider[NgffFace] = providers.ThreadSafeSingleton(
        NgffFace, database, objects, links, address, settings.provided.ngff
    )
    ngff = providers.ThreadSafeSingleton(NgffEndpoint, ngff_face, objects, settings.provided.ngff)
    image_page = providers.ThreadSafeSingleton(
        ImagePage,
        identity.provided.pages,
        identity.provided.sessions,
        identity.provided.users,
        database,
        providers.ThreadSafeSingleton(Pictures, objects),
        ngff_face,
    )
    mikro: providers.Provider[MikroEndpoint] = Service(
        MikroEndpoint,
        identity.provided.authenticator_for.call(MIKRO_SERVICE),  # only apps that were granted this very service
        database,
        objects,
        grants,
        settings.provided.objects,
        ngff_face,
        address,
        trash=settings.provided.trash,
    )
    s3: providers.Provider[ObjectEndpoint] = Service(
        ObjectEndpoint, objects, grants, settings.provided.objects, buckets=BUCKETS
    )
    bus: providers.Provider[EventBus] = providers.ThreadSafeSingleton(InProcessBus)
    dispatch: providers.Provider[Dispatch] = providers.ThreadSafeSingleton(InProcessDispatch)
    ledger: providers.Provider[TaskStore] = providers.ThreadSafeSingleton(
        Ledger, database.provided.url, settings.provided.tasks.durability, bus.provided.publish
    )
    rekuest: providers.Provider[RekuestEndpoint] = Service(
        RekuestEndpoint,
        identity.provided.authenticator_for.call(REKUEST_SERVICE),
        database,
        providers.ThreadSafeSingleton(Ground, ledger, bus, dispatch),
        settings.provided.tasks,
    )
    leases = providers.ThreadSafeSingleton(Leases)
    site: providers.Provider[Site] = Service(
        Site,
        settings.provided.listen,
        address,
        idleness,
        providers.List(identity, image_page, mikro, ngff, s3, rekuest, leases),
        directory=directory,
        certificate=certificate,
    )
    beacon: providers.Provider[HubBeacon] = Service(HubBeacon, settings, site, hub_key)


class LocalServerContainer(ServerContainer, adds=("announcement",)):
    """The local hub of one user: their apps are let in with a key, and find the hub by its record."""

    mandate_key = providers.ThreadSafeSingleton(_fresh_mandate_key)
    announcement = Service(Announcement, ServerContainer.data.provided.root, ServerContainer.site, mandate_key)
