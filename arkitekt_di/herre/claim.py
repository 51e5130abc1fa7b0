"""Login through fakts: the hub lets the app in, and gives its configuration along with the tokens."""

import time
from collections.abc import Callable, Sequence

from arkitekt_di.herre.flow import Login
from arkitekt_di.herre.store import TokenKey
from arkitekt_di.messages.oauth import OAuthRefusal, Token
from arkitekt_di.protocols.fakts import ClaimSource
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.token_endpoint import TokenEndpoint, revoke


class ClaimFlow:
    """Lets fakts ask the hub: by a key, or by a code that a person approves.

    Parameters
    ----------
    claims : ClaimSource
    http : HttpClient
    clock : callable, optional
        Unix time in seconds.
    """

    def __init__(self, claims: ClaimSource, http: HttpClient, clock: Callable[[], float] = time.time) -> None:
        self._claims = claims
        self._http = http
        self._clock = clock

    @property
    def key(self) -> TokenKey:
        """Under which the login is kept."""
        return TokenKey(self._claims.url, self._claims.digest)

    @property
    def is_repeatable(self) -> bool:
        """Whether the hub needs no person."""
        return self._claims.is_silent

    @property
    def asks_person(self) -> bool:
        """Whether the hub needs a person now."""
        return self._claims.asks_person

    async def login(self, more: Sequence[str] = ()) -> Login:
        """Ask to be let in; fakts keeps the configuration."""
        return Login(await self._claims.aclaim(more))

    async def renew(self, token: Token) -> Login | OAuthRefusal | None:
        """Exchange the refresh token; the hub gives a fresh configuration too."""
        # Imported late: oauthlib takes longer to load than everything else here.
        from oauthlib.oauth2 import Client

        endpoint = self._claims.hub.token_endpoint
        if endpoint is None or token.refresh_token is None:
            return None
        form = Client(token.client_id).prepare_refresh_body(
            refresh_token=token.refresh_token.get_secret_value(), client_id=token.client_id
        )
        now = self._clock()
        answer = await TokenEndpoint(self._http, endpoint).exchange(form)
        if isinstance(answer, OAuthRefusal):
            return answer
        return Login(Token.received(answer, issuer=self._claims.url, now=now), answer)

    async def revoke(self, token: Token) -> None:
        """Tell the hub that the login is over."""
        endpoint = self._claims.hub.revocation_endpoint
        if endpoint is not None:
            await revoke(self._http, endpoint, token, {"client_id": token.client_id})
