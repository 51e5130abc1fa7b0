"""An app that is registered as an OAuth2 client, at the hub or at a provider of the user's choice."""

import base64
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote_plus

from arkitekt_di.errors import LoginError, LoginRefusedError
from arkitekt_di.herre.flow import Login
from arkitekt_di.herre.id_token import IdTokens
from arkitekt_di.herre.provider import BASIC, POST, Provider, read_provider
from arkitekt_di.herre.store import TokenKey
from arkitekt_di.messages.oauth import EndUser, OAuthRefusal, Token, TokenAnswer
from arkitekt_di.protocols.fakts import ClaimSource
from arkitekt_di.settings.models import HerreSettings
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.origin import Origin
from arkitekt_di.transport.token_endpoint import TokenEndpoint, revoke


class OAuthClient:
    """Knows who the app is, who gives it tokens, and how it proves itself there.

    Parameters
    ----------
    http : HttpClient
    claims : ClaimSource
        Tells the app, and the hub that gives tokens where the settings name no issuer.
    settings : HerreSettings
    clock : callable, optional
        Unix time in seconds.
    """

    def __init__(
        self, http: HttpClient, claims: ClaimSource, settings: HerreSettings, clock: Callable[[], float] = time.time
    ) -> None:
        self._http = http
        self._claims = claims
        self._settings = settings
        self._clock = clock
        self._provider: Provider | None = None
        self._id_tokens: IdTokens | None = None

    @property
    def app(self) -> str:
        """Name of the app."""
        return self._claims.manifest.identifier

    def scope(self, more: Sequence[str] = ()) -> str:
        """Return what the app asks for: what its manifest says, and *more*."""
        return " ".join(dict.fromkeys((*self._claims.manifest.scopes, *more)))

    @property
    def url(self) -> str:
        """Who gives the tokens."""
        return self._settings.issuer or self._claims.url

    @property
    def client_id(self) -> str:
        """Identifier of the app there; raises `LoginError` without one."""
        if self._settings.client_id is None:
            raise LoginError(self.url, "the app is not registered there. Set herre.client_id")
        return self._settings.client_id

    @property
    def key(self) -> TokenKey:
        """Under which logins of this client are kept."""
        names = f"{self._claims.digest}\n{self._settings.client_id}"
        return TokenKey(self.url, hashlib.sha256(names.encode()).hexdigest())

    async def provider(self) -> Provider:
        """Return who gives the tokens; asked once.

        Raises
        ------
        LoginError
            There is none, or it is not who it says.
        ConnectionLostError
            It does not answer.
        """
        if self._provider is None:
            self._provider = await self._read_provider()
        return self._provider

    async def _read_provider(self) -> Provider:
        if self._settings.issuer is not None:
            return await read_provider(self._http, self._settings.issuer)
        issuer = self._claims.hub.issuer
        if issuer is None or Origin.of(issuer) != Origin.of(self._claims.url):
            raise LoginError(self._claims.url, "the hub gives no tokens to registered apps. Unset herre.client_id")
        return await read_provider(self._http, issuer)

    @property
    def wants_end_user(self) -> bool:
        """Whether an ID token is asked for: at another issuer than the hub, which says itself who is logged in."""
        return self._settings.issuer is not None and "openid" in self._claims.manifest.scopes

    async def obtain(self, form: Mapping[str, str], *, nonce: str | None = None) -> Login:
        """Exchange a grant; raises `LoginRefusedError` where the provider says no.

        Parameters
        ----------
        form : mapping
        nonce : str, optional
            That an ID token in the answer has to hold.
        """
        answer = await self.try_to_obtain(form, nonce=nonce)
        if isinstance(answer, OAuthRefusal):
            raise LoginRefusedError(self.url, answer.reason)
        return answer

    async def try_to_obtain(
        self, form: Mapping[str, str], *, nonce: str | None = None, before: EndUser | None = None
    ) -> Login | OAuthRefusal:
        """Send a grant to the token endpoint, as this client; *before* is who has to be logged in still."""
        provider = await self.provider()
        proof, authorization = self._proof(provider)
        now = self._clock()
        endpoint = TokenEndpoint(self._http, provider.token_endpoint)
        answer = await endpoint.issue({**form, **proof}, authorization=authorization)
        if isinstance(answer, OAuthRefusal):
            return answer
        end_user = await self._end_user(provider, answer, nonce, before)
        token = Token.issued(answer, client_id=self.client_id, issuer=self.url, now=now, end_user=end_user)
        # Only the hub in use may say which services there are: not whoever else gives tokens.
        return Login(token, answer.configuration if self._settings.issuer is None else None)

    async def renew(self, token: Token) -> Login | OAuthRefusal | None:
        """Exchange the refresh token of *token*; None where it has none."""
        if token.refresh_token is None:
            return None
        return await self.try_to_obtain(
            {"grant_type": "refresh_token", "refresh_token": token.refresh_token.get_secret_value()},
            before=token.end_user,
        )

    async def revoke(self, token: Token) -> None:
        """Tell the provider that *token* is not needed any more, where it wants to know."""
        provider = await self.provider()
        if provider.revocation_endpoint is not None:
            proof, authorization = self._proof(provider)
            await revoke(self._http, provider.revocation_endpoint, token, proof, authorization=authorization)

    async def _end_user(
        self, provider: Provider, answer: TokenAnswer, nonce: str | None, before: EndUser | None
    ) -> EndUser | None:
        """Return who has logged in; a renewal need not say it again (OpenID Connect Core 1.0, section 12.2)."""
        if not self.wants_end_user or answer.id_token is None:
            return before
        if self._id_tokens is None:
            self._id_tokens = IdTokens(self._http, provider, self.client_id, self._clock)
        return await self._id_tokens.read(answer.id_token.get_secret_value(), nonce=nonce, before=before)

    def _proof(self, provider: Provider) -> tuple[dict[str, str], str | None]:
        """Return what the client adds to a form, and the header that proves it (RFC 6749, section 2.3.1)."""
        secret = self._settings.client_secret
        if secret is None:
            return {"client_id": self.client_id}, None
        plain = secret.get_secret_value()
        if POST in provider.auth_methods and BASIC not in provider.auth_methods:
            return {"client_id": self.client_id, "client_secret": plain}, None
        pair = f"{quote_plus(self.client_id)}:{quote_plus(plain)}"
        return {}, f"Basic {base64.b64encode(pair.encode()).decode()}"
