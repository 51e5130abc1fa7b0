"""The preset `easy`: for scripts."""

from dependency_injector import providers

from arkitekt_di.containers.application import AppContainer
from arkitekt_di.containers.fakts import FaktsContainer
from arkitekt_di.containers.preset import Service
from arkitekt_di.fakts.discovery import LocalHubDiscovery
from arkitekt_di.fakts.lease import HubLease
from arkitekt_di.fakts.local_hub import LocalHub
from arkitekt_di.settings.models import HubSettings


class EasyFakts(FaktsContainer, adds=("hub_cfg", "local_hub")):
    """Uses the user's local hub where none is named or remembered, and starts it where it does not run."""

    hub_cfg = providers.Dependency(instance_of=HubSettings)

    local_hub: providers.Provider[LocalHub] = providers.ThreadSafeSingleton(LocalHub, hub_cfg)
    last_resort = providers.ThreadSafeSingleton(LocalHubDiscovery, local_hub)


class EasyContainer(AppContainer, adds=("lease",)):
    """For scripts."""

    fakts = providers.Container(
        EasyFakts,
        cfg=AppContainer.settings.provided.fakts,
        manifest=AppContainer.manifest,
        http=AppContainer.transport.service,
        hub_cfg=AppContainer.settings.provided.hub,
    )
    lease = Service(HubLease, fakts.service, AppContainer.transport.service)
