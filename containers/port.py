"""The preset `port`: for programs that nobody sits in front of."""

from dependency_injector import providers

from arkitekt_di.containers.application import AppContainer
from arkitekt_di.containers.fakts import FaktsContainer
from arkitekt_di.fakts.discovery import ConfiguredDiscovery, Discovery, FactsDiscovery, NoDiscovery
from arkitekt_di.fakts.grant import FirstGrant, Grant


class PortFakts(FaktsContainer):
    """Uses the hub that the settings name and no other, and is let in by what they hold: it never asks a person."""

    discovery: providers.Provider[Discovery] = providers.ThreadSafeSingleton(
        ConfiguredDiscovery,
        FaktsContainer.cfg,
        fallback=providers.ThreadSafeSingleton(
            FactsDiscovery, FaktsContainer.facts, fallback=providers.ThreadSafeSingleton(NoDiscovery)
        ),
    )
    grant: providers.Provider[Grant] = providers.ThreadSafeSingleton(
        FirstGrant, providers.List(FaktsContainer.given_login, FaktsContainer.mandate_key)
    )


class PortContainer(AppContainer):
    """For containers and services."""

    fakts = providers.Container(
        PortFakts,
        cfg=AppContainer.settings.provided.fakts,
        manifest=AppContainer.manifest,
        http=AppContainer.transport.service,
    )
