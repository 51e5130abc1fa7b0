"""Login of a registered app by a person with the browser of this machine (RFC 6749, section 4.1, and RFC 8252)."""

import secrets
from urllib.parse import urlencode, urlsplit, urlunsplit

from arkitekt_di.errors import LoginError
from arkitekt_di.herre.client import OAuthClient
from arkitekt_di.herre.flow import Login
from arkitekt_di.herre.loopback import LoopbackListener
from arkitekt_di.herre.store import TokenKey
from arkitekt_di.messages.oauth import OAuthRefusal, Token
from arkitekt_di.protocols.presenter import LoginPrompt, Presenter
from arkitekt_di.transport.device_polling import is_safe_to_show

LONGEST_WAIT_S = 300.0
"""How long a person may take, in seconds."""

VERIFIER_LENGTH = 64
"""Characters of the PKCE verifier, of 43 to 128 (RFC 7636, section 4.1)."""


class AuthorizationCodeFlow:
    """Sends the browser to the provider and waits for it to come back with a code; PKCE with S256 guards the code.

    Parameters
    ----------
    client : OAuthClient
    presenter : Presenter
    timeout_s : float, optional
        Longest wait for the browser, in seconds.
    """

    def __init__(self, client: OAuthClient, presenter: Presenter, *, timeout_s: float = LONGEST_WAIT_S) -> None:
        self._client = client
        self._presenter = presenter
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

    async def login(self) -> Login:
        """Open the provider's page and wait for the browser.

        Raises
        ------
        LoginExpiredError
            The browser did not come back in time.
        LoginRefusedError
            The person, or the provider, said no.
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
            raise LoginError(self._client.url, "it has no login page for apps. Set herre.login to device")
        nonce = secrets.token_urlsafe(32)
        async with LoopbackListener(provider.issuer, sends_issuer=provider.sends_issuer) as listener:
            request = {
                "response_type": "code",
                "client_id": self._client.client_id,
                "redirect_uri": listener.redirect_uri,
                "scope": self._client.scope,
                "state": listener.state,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
            if self._client.wants_end_user:
                request["nonce"] = nonce
            prompt = LoginPrompt(
                self._client.app, self._client.url, _with_query(endpoint, request), None, self._timeout_s
            )
            async with self._presenter.showing(prompt):
                code = await listener.code(timeout_s=self._timeout_s)
        return await self._client.obtain(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": listener.redirect_uri,
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
