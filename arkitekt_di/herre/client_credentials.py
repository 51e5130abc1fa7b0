"""Login of an app as itself, without a person (RFC 6749, section 4.4)."""

from collections.abc import Sequence

from arkitekt_di.herre.client import OAuthClient
from arkitekt_di.herre.flow import Login
from arkitekt_di.herre.store import TokenKey
from arkitekt_di.messages.oauth import Token


class ClientCredentialsFlow:
    """Shows the secret of the client; does so again when the token expires.

    Parameters
    ----------
    client : OAuthClient
    """

    def __init__(self, client: OAuthClient) -> None:
        self._client = client

    @property
    def key(self) -> TokenKey:
        """Whom the tokens are good for; nothing is kept under it."""
        return self._client.key

    @property
    def is_repeatable(self) -> bool:
        """Tell that no person is needed."""
        return True

    @property
    def asks_person(self) -> bool:
        """Tell that no person is needed."""
        return False

    async def login(self, more: Sequence[str] = ()) -> Login:
        """Ask for a token."""
        return await self._client.obtain({"grant_type": "client_credentials", "scope": self._client.scope(more)})

    async def renew(self, _token: Token) -> None:
        """Tell that there is nothing to renew (RFC 6749, section 4.4.3)."""

    async def revoke(self, token: Token) -> None:
        """Tell the provider that the token is not needed any more."""
        await self._client.revoke(token)
