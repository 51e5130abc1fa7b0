"""Login of a registered app by a person with a browser (RFC 6749, section 4.1, and RFC 8252)."""

import secrets
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlencode, urlsplit, urlunsplit

from arkitekt_di.errors import LoginWayClosedError
from arkitekt_di.herre.authorization_answer import AuthorizationAnswer
from arkitekt_di.herre.client import OAuthClient
from arkitekt_di.herre.flow import Login
from arkitekt_di.herre.loopback import LoopbackListener
from arkitekt_di.herre.store import TokenKey
from arkitekt_di.messages.oauth import OAuthRefusal, Token
from arkitekt_di.protocols.presenter import LoginPrompt, Presenter
from arkitekt_di.transport.device_polling import LONGEST_WAIT_S, is_safe_to_show

VERIFIER_LENGTH = 64
"""Characters of the PKCE verifier, of 43 to 128 (RFC 7636, section 4.1)."""


class Receiver(Protocol):
    """Receives the answer to one login, between entering and leaving it."""

    @property
    def comes_back(self) -> bool:
        """Whether the browser brings the answer by itself."""
        ...

    @property
    def redirect_uri(self) -> str:
        """Where the browser has to be sent to."""
        ...

    async def code(self, *, timeout_s: float) -> str:
        """Wait for the answer and return the code in it; raises `LoginError`."""
        ...

    async def __aenter__(self) -> Self:
        """Begin to wait."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait no more."""
        ...


class AuthorizationCodeFlow:
    """Sends a browser to the provider and waits for what it brings back; PKCE with S256 guards the code.

    Parameters
    ----------
    client : OAuthClient
    presenter : Presenter
    receive : callable, optional
        Makes what receives the answer; by default a listener on this machine.
    timeout_s : float, optional
        Longest wait for the answer, in seconds.
    """

    def __init__(
        self,
        client: OAuthClient,
        presenter: Presenter,
        receive: Callable[[AuthorizationAnswer], Receiver] = LoopbackListener,
        *,
        timeout_s: float = LONGEST_WAIT_S,
    ) -> None:
        self._client = client
        self._presenter = presenter
        self._receive = receive
        self._timeout_s = timeout_s

    @property
    def key(self) -> TokenKey:
        """Under which the login is kept."""
        return self._client.key

    @property
    def is_repeatable(self) -> bool:
        """Tell that a person is needed."""
        return False

    @property
    def asks_person(self) -> bool:
        """Tell that a person is needed."""
        return True

    async def login(self, more: Sequence[str] = ()) -> Login:
        """Open the provider's page and wait for the browser.

        Raises
        ------
        LoginExpiredError
            The browser did not come back in time.
        LoginRefusedError
            The person, or the provider, said no.
        LoginWayClosedError
            The provider has no login page for apps, or its answer cannot be received here.
        LoginError
            Somebody else than the provider answered.
        """
        # Imported late: oauthlib takes longer to load than everything else here.
        from oauthlib.oauth2 import WebApplicationClient

        protocol = WebApplicationClient(self._client.client_id)
        verifier = protocol.create_code_verifier(VERIFIER_LENGTH)
        challenge = protocol.create_code_challenge(verifier, "S256")
        provider = await self._client.provider()
        endpoint = provider.authorization_endpoint
        if endpoint is None or not is_safe_to_show(endpoint):
            raise LoginWayClosedError(self._client.url, "it has no login page for apps")
        nonce = secrets.token_urlsafe(32)
        answer = AuthorizationAnswer(provider.issuer, sends_issuer=provider.sends_issuer)
        async with self._receive(answer) as receiver:
            request = {
                "response_type": "code",
                "client_id": self._client.client_id,
                "redirect_uri": receiver.redirect_uri,
                "scope": self._client.scope(more),
                "state": answer.state,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
            if self._client.wants_end_user:
                request["nonce"] = nonce
            prompt = LoginPrompt(
                self._client.app,
                self._client.url,
                _with_query(endpoint, request),
                None,
                self._timeout_s,
                comes_back=receiver.comes_back,
            )
            async with self._presenter.showing(prompt):
                code = await receiver.code(timeout_s=self._timeout_s)
        return await self._client.obtain(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": receiver.redirect_uri,
                "code_verifier": verifier,
            },
            nonce=nonce if self._client.wants_end_user else None,
        )

    async def renew(self, token: Token) -> Login | OAuthRefusal | None:
        """Exchange the refresh token."""
        return await self._client.renew(token)

    async def revoke(self, token: Token) -> None:
        """Tell the provider that the login is over."""
        await self._client.revoke(token)


def _with_query(endpoint: str, fields: dict[str, str]) -> str:
    parts = urlsplit(endpoint)  # it may have a query of its own, which stays (RFC 6749, section 3.1)
    query = "&".join(part for part in (parts.query, urlencode(fields)) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
