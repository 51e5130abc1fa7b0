"""herre: tokens, and where they are kept."""

from pathlib import Path

from dependency_injector import providers
from platformdirs import user_state_path

from arkitekt_di.containers.preset import Container, Service
from arkitekt_di.herre import Herre
from arkitekt_di.herre.authorization_code import AuthorizationCodeFlow
from arkitekt_di.herre.choice import Way
from arkitekt_di.herre.chosen_flow import ChosenFlow
from arkitekt_di.herre.claim import ClaimFlow
from arkitekt_di.herre.client import OAuthClient
from arkitekt_di.herre.client_credentials import ClientCredentialsFlow
from arkitekt_di.herre.device_code import DeviceCodeFlow
from arkitekt_di.herre.flow import LoginFlow
from arkitekt_di.herre.keyring_store import KeyringTokenStore, find_keyring
from arkitekt_di.herre.pasted_address import PastedAddress
from arkitekt_di.herre.static_token import StaticTokenFlow
from arkitekt_di.herre.store import FileTokenStore, InMemoryTokenStore, TokenStore
from arkitekt_di.herre.surroundings import surroundings
from arkitekt_di.protocols.fakts import ClaimSource
from arkitekt_di.protocols.person import Person
from arkitekt_di.protocols.presenter import Presenter
from arkitekt_di.settings.models import HerreSettings
from arkitekt_di.transport.device_polling import LONGEST_WAIT_S, DevicePolling
from arkitekt_di.transport.http import HttpClient


def _tokens_folder() -> Path:
    return user_state_path("arkitekt") / "tokens"


class HerreContainer(Container):
    """Logs in by the way that fits the settings and the place, and keeps the login alive."""

    cfg = providers.Dependency(instance_of=HerreSettings)
    cache = providers.Dependency(instance_of=str)
    login_timeout_s = providers.Dependency(instance_of=float, default=LONGEST_WAIT_S)
    claims: providers.Dependency[ClaimSource] = providers.Dependency()
    http = providers.Dependency(instance_of=HttpClient)
    presenter: providers.Dependency[Presenter] = providers.Dependency()
    person: providers.Dependency[Person] = providers.Dependency()

    client: providers.Provider[OAuthClient] = providers.ThreadSafeSingleton(OAuthClient, http, claims, cfg)
    flow: providers.Provider[LoginFlow] = providers.ThreadSafeSingleton(
        ChosenFlow,
        flows=providers.Dict(
            {
                Way.TOKEN: providers.ThreadSafeSingleton(StaticTokenFlow, claims, cfg.provided.token),
                Way.SECRET: providers.ThreadSafeSingleton(ClientCredentialsFlow, client),
                Way.DEVICE: providers.ThreadSafeSingleton(
                    DeviceCodeFlow,
                    client,
                    http,
                    presenter,
                    providers.ThreadSafeSingleton(DevicePolling, timeout_s=login_timeout_s),
                ),
                Way.CODE: providers.ThreadSafeSingleton(
                    AuthorizationCodeFlow, client, presenter, timeout_s=login_timeout_s
                ),
                Way.PASTE: providers.ThreadSafeSingleton(
                    AuthorizationCodeFlow,
                    client,
                    presenter,
                    providers.Factory(PastedAddress, person=person).provider,
                    timeout_s=login_timeout_s,
                ),
            }
        ),
        claim=providers.ThreadSafeSingleton(ClaimFlow, claims, http),
        claims=claims,
        settings=cfg,
        look_around=providers.Object(surroundings),
    )
    files: providers.Provider[FileTokenStore] = providers.ThreadSafeSingleton(
        FileTokenStore, providers.Callable(_tokens_folder)
    )
    tokens: providers.Provider[TokenStore] = providers.Selector(
        cache,
        file=providers.Selector(
            cfg.provided.store,
            auto=providers.ThreadSafeSingleton(KeyringTokenStore, providers.Object(find_keyring), files),
            file=files,
        ),
        none=providers.ThreadSafeSingleton(InMemoryTokenStore),
    )
    service: providers.Provider[Herre] = Service(Herre, claims, flow, tokens, cfg)
