"""Login with a key, without a person."""

import json
from pathlib import Path

from pydantic import SecretStr

from arkitekt_di.errors import ConfigurationError, LoginRefusedError, Problem
from arkitekt_di.fakts.grant import REQUESTED_CLIENT, wire_form
from arkitekt_di.fakts.known_hub import KnownHub
from arkitekt_di.messages.fakts import MANDATE_KEY_GRANT
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.messages.oauth import OAuthRefusal, TokenResponse
from arkitekt_di.private_file import read_private
from arkitekt_di.settings.models import FaktsSettings
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.token_endpoint import TokenEndpoint


class MandateKeyGrant:
    """Shows a key: the one that came with the hub, else the one in the settings, or in the file that they name.

    Parameters
    ----------
    http : HttpClient
    settings : FaktsSettings
    """

    def __init__(self, http: HttpClient, settings: FaktsSettings) -> None:
        self._http = http
        self._key = settings.mandate_key
        self._key_file = settings.mandate_key_file

    def suits(self, hub: KnownHub) -> bool:
        """Tell whether there is a key."""
        return any(given is not None for given in (hub.mandate_key, self._key, self._key_file))

    def is_silent(self, hub: KnownHub) -> bool:
        """Tell that no person is needed."""
        return True

    def asks_person(self, hub: KnownHub) -> bool:
        """Tell that no person is needed."""
        return False

    def tag(self) -> str:
        """Tell that its logins are not kept."""
        return ""

    async def claim(self, hub: KnownHub, manifest: Manifest) -> TokenResponse:
        """Exchange the key for an access token and the configuration."""
        key = hub.mandate_key or self._key or _read_key(self._key_file)
        answer = await TokenEndpoint(self._http, hub.token_endpoint).exchange(
            {
                "grant_type": MANDATE_KEY_GRANT,
                "key": key.get_secret_value(),
                "manifest": json.dumps(wire_form(manifest)),
                **REQUESTED_CLIENT,
            }
        )
        if isinstance(answer, OAuthRefusal):
            raise LoginRefusedError(hub.url, f"the key is not accepted ({answer.reason})")
        return answer


def _read_key(path: Path | None) -> SecretStr:
    content = None if path is None else read_private(path)
    if not content or not content.strip():
        message = f"the file {path} holds no key"
        raise ConfigurationError([Problem("settings", None, None, "fakts.mandate_key_file", message)])
    return SecretStr(content.decode().strip())
