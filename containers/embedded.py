"""The preset `embedded`: the hub runs inside the app."""

from dependency_injector import providers

from arkitekt_di.containers.application import AppContainer
from arkitekt_di.containers.fakts import FaktsContainer
from arkitekt_di.containers.hub import EmbeddedHub
from arkitekt_di.containers.preset import Service
from arkitekt_di.fakts.discovery import StaticDiscovery


class EmbeddedFakts(FaktsContainer, adds=("hub",)):
    """Uses the hub that the app brings along."""

    hub = providers.Dependency(instance_of=EmbeddedHub)

    discovery = providers.ThreadSafeSingleton(StaticDiscovery, hub.provided.url, hub.provided.mandate_key)


class EmbeddedContainer(AppContainer, adds=("hub",)):
    """For tests, tutorials and demos: the hub runs inside the app."""

    hub = Service(EmbeddedHub, AppContainer.settings.provided.hub)
    fakts = providers.Container(
        EmbeddedFakts,
        cfg=AppContainer.settings.provided.fakts,
        manifest=AppContainer.manifest,
        http=AppContainer.transport.service,
        hub=hub,
    )
