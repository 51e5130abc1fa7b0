"""herre: the login of the app, kept fresh."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Never
from urllib.parse import urlencode

from arkitekt_di.errors import LoginError, LoginRequiredError
from arkitekt_di.herre.store import TokenKey, TokenStore
from arkitekt_di.messages.oauth import OAuthRefusal, Token
from arkitekt_di.protocols.fakts import ClaimSource
from arkitekt_di.settings.models import HerreSettings
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.token_endpoint import TokenEndpoint

log = logging.getLogger(__name__)

GONE = frozenset({"invalid_grant", "invalid_client", "unauthorized_client"})
"""Answers after which a refresh token is good for nothing any more (RFC 6749, section 5.2)."""


@dataclass(frozen=True)
class User:
    """Who is logged in.

    Attributes
    ----------
    sub : str or None
        Identifier of the user at the hub; None where the hub does not say.
    organization : str or None
        For which organization the user acts.
    """

    sub: str | None
    organization: str | None


class Herre:
    """Gives access tokens that are worth sending, and renews them for all who ask at once.

    Parameters
    ----------
    claims : ClaimSource
        Lets the app in where no token can be renewed.
    http : HttpClient
    store : TokenStore
        Keeps logins that a person gave.
    settings : HerreSettings
    clock : callable, optional
        Unix time in seconds.
    """

    def __init__(
        self,
        claims: ClaimSource,
        http: HttpClient,
        store: TokenStore,
        settings: HerreSettings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._claims = claims
        self._http = http
        self._store = store
        self._settings = settings
        self._clock = clock
        self._token: Token | None = None
        self._renewal: asyncio.Task[Token | None] | None = None

    async def start(self) -> None:
        """Log in: with the login of an earlier run where it is still good, else with a person's help.

        Raises
        ------
        LoginError
            The hub or a person refused, or nobody answered in time.
        ConnectionLostError
            The hub does not answer any more.
        """
        try:
            self._token = await self._recall() or await self._claim()
        except BaseException:
            await self.stop()
            raise
        self._claims.renew_with(self._renew_at_once)

    async def stop(self) -> None:
        """Let a renewal that is under way end, then forget the token; the store keeps it."""
        self._claims.renew_with(None)
        await self._settle()
        self._token = self._renewal = None

    @property
    def user(self) -> User:
        """Who is logged in."""
        about = self._claims.active.self
        return User(sub=about.sub, organization=about.organization)

    async def aget_token(self) -> str:
        """Return an access token that is not about to expire; renews it where needed.

        Raises
        ------
        LoginRequiredError
            It cannot be renewed without a person.
        ConnectionLostError
            The hub does not answer.
        """
        token = self._current
        if self._is_fresh(token):
            return token.access_token.get_secret_value()
        return await self.arefresh_token(token.access_token.get_secret_value())

    async def arefresh_token(self, stale: str) -> str:
        """Return a token other than *stale*, which a service has just refused; one renewal for many callers.

        Raises
        ------
        LoginRequiredError
            It cannot be renewed without a person.
        ConnectionLostError
            The hub does not answer.
        """
        current = self._current
        if current.access_token.get_secret_value() == stale:
            renewed = await self._renew_once(current)
            if renewed is None:
                raise LoginRequiredError(self._claims.url, "the login has expired or was revoked")
            current = renewed
        return current.access_token.get_secret_value()

    async def logout(self) -> None:
        """End the login, here and at the hub (RFC 7009); opening the app again asks a person.

        Raises
        ------
        LoginRequiredError
            This app is not logged in.
        ConnectionLostError
            The hub could not be told; the login is forgotten here all the same.
        """
        await self._settle()
        token = await asyncio.to_thread(self._store.load, self._key) or self._current
        self._token = None
        await asyncio.to_thread(self._store.forget, self._key)
        endpoint = self._claims.hub.revocation_endpoint
        if endpoint is None:
            return
        secret, kind = (
            (token.access_token, "access_token")
            if token.refresh_token is None
            else (token.refresh_token, "refresh_token")
        )
        form = {"token": secret.get_secret_value(), "token_type_hint": kind, "client_id": token.client_id}
        answer = await self._http.post_form(endpoint, urlencode(form))
        if answer.status != 200:
            raise answer.unusable()

    async def _recall(self) -> Token | None:
        """Return the login of an earlier run, renewed where that is needed; None where a person has to log in."""
        if self._claims.is_silent:
            return None
        token = await asyncio.to_thread(self._store.load, self._key)
        if token is None or (self._is_fresh(token) and self._claims.is_configured):
            return token
        return await self._renew_once(token)

    async def _claim(self) -> Token:
        token = await self._claims.aclaim()
        if not self._claims.is_silent:
            await asyncio.to_thread(self._store.save, self._key, token)
        return token

    async def _renew_at_once(self) -> None:
        await self.arefresh_token(self._current.access_token.get_secret_value())

    async def _renew_once(self, stale: Token) -> Token | None:
        """Renew *stale*; all who ask meanwhile get the same answer."""
        if self._renewal is None or self._renewal.done():
            # A task of its own: a caller that gives up must not cut off an exchange that has used the refresh token,
            # or the store would keep a used one, and the hub would end the login.
            self._renewal = asyncio.create_task(self._renew(stale), name="renew-login")
        return await asyncio.shield(self._renewal)

    async def _settle(self) -> None:
        if self._renewal is not None:
            await asyncio.wait([self._renewal])

    async def _renew(self, stale: Token) -> Token | None:
        self._token = await (self._claims.aclaim() if self._claims.is_silent else self._renew_in_turn(stale))
        return self._token

    async def _renew_in_turn(self, stale: Token) -> Token | None:
        """Exchange the refresh token, one process at a time; None where the hub takes it no more.

        A refresh token is good once: a second use ends the login (RFC 9700, section 4.14.2).  So whoever comes second
        takes what the first one has left in the store.
        """
        try:
            async with self._store.exclusive(self._key, timeout_s=self._settings.lock_timeout_s):
                stored = await asyncio.to_thread(self._store.load, self._key)
                if stored is not None and self._replaces(stored, stale):
                    return stored
                return await self._exchange(stored or stale)
        except TimeoutError as error:
            seconds = f"{self._settings.lock_timeout_s:g} s"
            raise LoginError(
                self._claims.url, f"another program has been renewing the login for {seconds}. Close it, and try again"
            ) from error

    async def _exchange(self, token: Token) -> Token | None:
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
            if answer.error not in GONE:
                raise LoginError(self._claims.url, f"{answer.reason}. Try again later")
            log.info("the hub at %s does not renew the login: %s", self._claims.url, answer.error)
            await asyncio.to_thread(self._store.forget, self._key)
            return None
        renewed = Token.received(answer, issuer=self._claims.url, now=now)
        if renewed.refresh_token is None:
            # RFC 6749, section 6: without a new one, the old one stays good.
            renewed = renewed.model_copy(update={"refresh_token": token.refresh_token})
        await asyncio.to_thread(self._store.save, self._key, renewed)
        await self._claims.aadopt(answer)
        return renewed

    def _replaces(self, stored: Token, stale: Token) -> bool:
        is_other = stored.access_token != stale.access_token
        return is_other and self._is_fresh(stored) and self._claims.is_configured

    def _is_fresh(self, token: Token) -> bool:
        return token.expires_at - self._settings.expiry_skew_s > self._clock()

    @property
    def _current(self) -> Token:
        if self._token is None:
            raise LoginRequiredError(self._claims.url, "this app is not logged in")
        return self._token

    @property
    def _key(self) -> TokenKey:
        return TokenKey(self._claims.url, self._claims.manifest.digest())

    def __repr__(self) -> str:
        if self._token is None:
            return "Herre(not logged in)"
        return f"Herre({self.user}, at {self._claims.url})"

    def __reduce__(self) -> Never:
        message = "Herre holds tokens, so it is never pickled"
        raise TypeError(message)
