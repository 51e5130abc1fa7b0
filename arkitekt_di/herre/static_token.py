"""Login with a token that somebody else has obtained."""

import math
from collections.abc import Sequence

from pydantic import SecretStr

from arkitekt_di.errors import LoginError
from arkitekt_di.herre.flow import Login
from arkitekt_di.herre.store import TokenKey
from arkitekt_di.messages.oauth import Token
from arkitekt_di.protocols.fakts import ClaimSource


class StaticTokenFlow:
    """Uses a token as it is: it is neither renewed, nor kept, nor revoked.

    Parameters
    ----------
    claims : ClaimSource
    token : pydantic.SecretStr or None
        Without one, `login` raises.
    """

    def __init__(self, claims: ClaimSource, token: SecretStr | None) -> None:
        self._claims = claims
        self._token = token

    @property
    def key(self) -> TokenKey:
        """Whom the token is good for; nothing is kept under it."""
        return TokenKey(self._claims.url, self._claims.digest)

    @property
    def is_repeatable(self) -> bool:
        """Tell that no person is needed."""
        return True

    @property
    def asks_person(self) -> bool:
        """Tell that no person is needed."""
        return False

    async def login(self, more: Sequence[str] = ()) -> Login:
        """Return the token, which is taken to be good until a service refuses it."""
        if self._token is None:
            raise LoginError(self._claims.url, "no token was given. Set ARKITEKT_TOKEN")
        return Login(Token(access_token=self._token, expires_at=math.inf, client_id="unknown", issuer=self._claims.url))

    async def renew(self, _token: Token) -> None:
        """Tell that it cannot be renewed."""

    async def revoke(self, _token: Token) -> None:
        """Leave the token to whoever obtained it."""
