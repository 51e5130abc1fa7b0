"""fakts: which hub, how the app is let in, and what is kept of that."""

from pathlib import Path

from dependency_injector import providers
from platformdirs import user_cache_path, user_state_path

from arkitekt_di.containers.preset import Container, Service
from arkitekt_di.fakts import Fakts
from arkitekt_di.fakts.cache import ClaimCache, FileClaimCache, InMemoryClaimCache
from arkitekt_di.fakts.device_code import DeviceCodeGrant
from arkitekt_di.fakts.discovery import (
    ConfiguredDiscovery,
    Discovery,
    FactsDiscovery,
    LanDiscovery,
    NoDiscovery,
    RememberedDiscovery,
)
from arkitekt_di.fakts.facts import ConfiguredFacts, Facts
from arkitekt_di.fakts.first_contact import FirstContact
from arkitekt_di.fakts.grant import FirstGrant, Grant
from arkitekt_di.fakts.mandate_key import MandateKeyGrant
from arkitekt_di.fakts.person import Nobody, TerminalPerson
from arkitekt_di.fakts.pins import FileHubPins, HubPins
from arkitekt_di.fakts.presenter import BrowserPresenter, Presenter, PrintPresenter
from arkitekt_di.fakts.refresh_token import RefreshTokenGrant
from arkitekt_di.fakts.remembered import RememberedHubs
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.protocols.person import Person
from arkitekt_di.settings.models import FaktsSettings
from arkitekt_di.transport.http import HttpClient


def _claims_folder() -> Path:
    return user_cache_path("arkitekt") / "claims"


def _pins_folder() -> Path:
    return user_state_path("arkitekt") / "trusted"


def _hubs_file() -> Path:
    return user_state_path("arkitekt") / "hubs.json"


class FaktsContainer(Container):
    """Uses the hub that the settings name, or a remembered one; a given login or key lets the app in, else a person."""

    cfg = providers.Dependency(instance_of=FaktsSettings)
    manifest = providers.Dependency(instance_of=Manifest)
    http = providers.Dependency(instance_of=HttpClient)

    facts: providers.Provider[Facts] = providers.ThreadSafeSingleton(ConfiguredFacts, cfg)
    remembered: providers.Provider[RememberedHubs] = providers.ThreadSafeSingleton(
        RememberedHubs, providers.Callable(_hubs_file)
    )
    person: providers.Provider[Person] = providers.Selector(
        cfg.provided.person,
        terminal=providers.ThreadSafeSingleton(TerminalPerson),
        nobody=providers.ThreadSafeSingleton(Nobody),
    )
    pins: providers.Provider[HubPins] = providers.ThreadSafeSingleton(FileHubPins, providers.Callable(_pins_folder))
    last_resort: providers.Provider[Discovery] = providers.ThreadSafeSingleton(NoDiscovery)
    nearby: providers.Provider[Discovery] = providers.ThreadSafeSingleton(
        LanDiscovery, cfg, pins, person, fallback=last_resort
    )
    discovery: providers.Provider[Discovery] = providers.ThreadSafeSingleton(
        ConfiguredDiscovery,
        cfg,
        fallback=providers.ThreadSafeSingleton(
            FactsDiscovery,
            facts,
            fallback=providers.ThreadSafeSingleton(RememberedDiscovery, remembered, fallback=nearby),
        ),
    )
    presenter: providers.Provider[Presenter] = providers.Selector(
        cfg.provided.browser,
        open=providers.ThreadSafeSingleton(BrowserPresenter),
        print=providers.ThreadSafeSingleton(PrintPresenter),
    )
    given_login: providers.Provider[Grant] = providers.ThreadSafeSingleton(RefreshTokenGrant, http, cfg)
    mandate_key: providers.Provider[Grant] = providers.ThreadSafeSingleton(MandateKeyGrant, http, cfg)
    device_code: providers.Provider[Grant] = providers.ThreadSafeSingleton(
        DeviceCodeGrant, http, presenter, timeout_s=cfg.provided.login_timeout_s
    )
    grant: providers.Provider[Grant] = providers.ThreadSafeSingleton(
        FirstGrant, providers.List(given_login, mandate_key, device_code)
    )
    cache: providers.Provider[ClaimCache] = providers.Selector(
        cfg.provided.cache,
        file=providers.ThreadSafeSingleton(FileClaimCache, providers.Callable(_claims_folder)),
        none=providers.ThreadSafeSingleton(InMemoryClaimCache),
    )
    first_contact: providers.Provider[FirstContact] = providers.ThreadSafeSingleton(FirstContact, pins, person, cfg)
    service: providers.Provider[Fakts] = Service(
        Fakts,
        manifest=manifest,
        discovery=discovery,
        grant=grant,
        http=http,
        cache=cache,
        facts=facts,
        first_contact=first_contact,
        settings=cfg,
    )
