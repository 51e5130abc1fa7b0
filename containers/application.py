"""The whole app: each service's container, and what it gets from the others."""

from dependency_injector import providers

from arkitekt_di.containers.fakts import FaktsContainer
from arkitekt_di.containers.herre import HerreContainer
from arkitekt_di.containers.koil import KoilContainer
from arkitekt_di.containers.mikro import MikroContainer
from arkitekt_di.containers.preset import Container
from arkitekt_di.containers.rekuest import RekuestContainer
from arkitekt_di.containers.transport import TransportContainer
from arkitekt_di.messages.manifest import MIKRO_SERVICE, REKUEST_SERVICE, S3_SERVICE, Manifest, Requirement
from arkitekt_di.rekuest.surroundings import Finder
from arkitekt_di.settings.models import AppSettings

REQUIREMENTS = (
    Requirement(key="mikro", service=MIKRO_SERVICE, description="images"),
    Requirement(key="s3", service=S3_SERVICE, description="pixels"),
    Requirement(key="rekuest", service=REKUEST_SERVICE, optional=True, description="functions"),
)
"""What the services of an app need from a hub."""


class AppContainer(Container):
    """Every service of an app; what builders make presets of.

    Inputs are ``settings`` and ``manifest``.  A service is at ``<name>.service``, its collaborators beside it.
    """

    settings = providers.Dependency(instance_of=AppSettings)
    manifest = providers.Dependency(instance_of=Manifest)
    _given = settings.provided  # one for all sections; not to be seen in the container

    koil: providers.Container[KoilContainer] = providers.Container(
        KoilContainer, cfg=_given.koil, identifier=manifest.provided.identifier
    )
    transport: providers.Container[TransportContainer] = providers.Container(TransportContainer, cfg=_given.transport)
    fakts: providers.Container[FaktsContainer] = providers.Container(
        FaktsContainer, cfg=_given.fakts, manifest=manifest, http=transport.service
    )
    herre: providers.Container[HerreContainer] = providers.Container(
        HerreContainer,
        cfg=_given.herre,
        cache=_given.fakts.cache,
        login_timeout_s=_given.fakts.login_timeout_s,
        claims=fakts.service,
        http=transport.service,
        presenter=fakts.presenter,
        person=fakts.person,
    )
    mikro: providers.Container[MikroContainer] = providers.Container(
        MikroContainer,
        cfg=_given.mikro,
        http=transport.service,
        aliases=fakts.service,
        tokens=herre.service,
        bridge=koil.service,
    )
    rekuest: providers.Container[RekuestContainer] = providers.Container(
        RekuestContainer,
        cfg=_given.rekuest,
        settings=settings,
        give_up_s=_given.transport.give_up_s,
        manifest=manifest,
        http=transport.service,
        aliases=fakts.service,
        claims=fakts.service,
        tokens=herre.service,
        bridge=koil.service,
        expanders=providers.Dict(
            {
                "@mikro/arraydataset": providers.ThreadSafeSingleton(Finder, mikro.service, "aget_image"),
                "@mikro/tabledataset": providers.ThreadSafeSingleton(Finder, mikro.service, "tables.aget"),
                "@mikro/file": providers.ThreadSafeSingleton(Finder, mikro.service, "files.aget"),
            }
        ),
        services=providers.List(fakts.service, herre.service, mikro.service, koil.service),
    )
    del _given
