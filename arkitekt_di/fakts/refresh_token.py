"""Login that was made elsewhere and is continued here."""

import hashlib

from pydantic import SecretStr

from arkitekt_di.errors import ConfigurationError, LoginRefusedError, Problem
from arkitekt_di.fakts.known_hub import KnownHub
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.messages.oauth import OAuthRefusal, TokenResponse
from arkitekt_di.settings.models import FaktsSettings
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.token_endpoint import TokenEndpoint


class RefreshTokenGrant:
    """Exchanges a refresh token that came from elsewhere.

    The exchange uses the token up, so it is made once; from then on the login is the one that is kept here.

    Parameters
    ----------
    http : HttpClient
    settings : FaktsSettings
        Its ``token`` is ``client_id:refresh_token``.
    """

    def __init__(self, http: HttpClient, settings: FaktsSettings) -> None:
        self._http = http
        self._token = settings.token

    def suits(self, hub: KnownHub) -> bool:
        """Tell whether there is a token."""
        return self._token is not None

    def is_silent(self, hub: KnownHub) -> bool:
        """Tell that the token is good once."""
        return False

    def asks_person(self, hub: KnownHub) -> bool:
        """Tell that no person is needed."""
        return False

    def tag(self) -> str:
        """Return a digest of the token: another one is the login of somebody else."""
        return "" if self._token is None else hashlib.sha256(self._token.get_secret_value().encode()).hexdigest()

    async def claim(self, hub: KnownHub, manifest: Manifest) -> TokenResponse:
        """Exchange the token for fresh ones and the configuration."""
        # Imported late: oauthlib takes longer to load than everything else here.
        from oauthlib.oauth2 import Client

        client_id, token = _parts(self._token)
        form = Client(client_id).prepare_refresh_body(refresh_token=token, client_id=client_id)
        answer = await TokenEndpoint(self._http, hub.token_endpoint).exchange(form)
        if isinstance(answer, OAuthRefusal):
            raise LoginRefusedError(hub.url, f"the given login is not accepted any more ({answer.reason})")
        return answer


def _parts(token: SecretStr | None) -> tuple[str, str]:
    client_id, colon, secret = ("" if token is None else token.get_secret_value().strip()).partition(":")
    if not (client_id and colon and secret):
        raise ConfigurationError([Problem("settings", None, None, "fakts.token", "must be client_id:refresh_token")])
    return client_id, secret
