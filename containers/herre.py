"""herre: tokens, and where they are kept."""

from pathlib import Path

from dependency_injector import providers
from platformdirs import user_state_path

from arkitekt_di.containers.preset import Container, Service
from arkitekt_di.herre import Herre
from arkitekt_di.herre.store import FileTokenStore, InMemoryTokenStore, TokenStore
from arkitekt_di.protocols.fakts import ClaimSource
from arkitekt_di.settings.models import HerreSettings
from arkitekt_di.transport.http import HttpClient


def _tokens_folder() -> Path:
    return user_state_path("arkitekt") / "tokens"


class HerreContainer(Container):
    """Takes the login from fakts, and renews it."""

    cfg = providers.Dependency(instance_of=HerreSettings)
    cache = providers.Dependency(instance_of=str)
    claims: providers.Dependency[ClaimSource] = providers.Dependency()
    http = providers.Dependency(instance_of=HttpClient)

    tokens: providers.Provider[TokenStore] = providers.Selector(
        cache,
        file=providers.ThreadSafeSingleton(FileTokenStore, providers.Callable(_tokens_folder)),
        none=providers.ThreadSafeSingleton(InMemoryTokenStore),
    )
    service: providers.Provider[Herre] = Service(Herre, claims, http, tokens, cfg)
