"""herre: the login of the app, kept fresh."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Never

from arkitekt_di.errors import LoginError, LoginRequiredError
from arkitekt_di.herre.flow import Login, LoginFlow
from arkitekt_di.herre.store import TokenStore
from arkitekt_di.messages.oauth import OAuthRefusal, Token
from arkitekt_di.protocols.fakts import ClaimSource
from arkitekt_di.settings.models import HerreSettings

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
    name, email : str or None
        Where another issuer logs people in, and tells them.
    """

    sub: str | None
    organization: str | None
    name: str | None = None
    email: str | None = None


class Herre:
    """Gives access tokens that are worth sending, and renews them for all who ask at once.

    Parameters
    ----------
    claims : ClaimSource
        Knows the hub and the configuration.
    flow : LoginFlow
        The way of logging in.
    store : TokenStore
        Keeps logins that a person gave.
    settings : HerreSettings
    clock : callable, optional
        Unix time in seconds.
    """

    def __init__(
        self,
        claims: ClaimSource,
        flow: LoginFlow,
        store: TokenStore,
        settings: HerreSettings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._claims = claims
        self._flow = flow
        self._store = store
        self._settings = settings
        self._clock = clock
        self._token: Token | None = None
        self._renewal: asyncio.Task[Token | None] | None = None
        self._widening = asyncio.Lock()

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
            self._token = await self._recall() or await self._log_in()
            await self._configure()
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
    def place(self) -> str:
        """Where the login is kept."""
        return "nowhere" if self._flow.is_repeatable else self._store.place(self._flow.key)

    @property
    def expires_at(self) -> float:
        """When the token expires: Unix time in seconds, infinity where that is not known; most can be renewed then."""
        return self._current.expires_at

    @property
    def scopes(self) -> tuple[str, ...]:
        """What was granted."""
        return self._current.scopes

    @property
    def issuer(self) -> str:
        """Who gives the tokens."""
        return self._issuer

    @property
    def user(self) -> User:
        """Who is logged in: what the issuer has proved by an ID token, else what the hub says."""
        about = self._claims.active.self
        proven = None if self._token is None else self._token.end_user
        if proven is None:
            return User(sub=about.sub, organization=about.organization)
        return User(sub=proven.sub, organization=about.organization, name=proven.name, email=proven.email)

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
                raise LoginRequiredError(self._issuer, "the login has expired or was revoked")
            current = renewed
        return current.access_token.get_secret_value()

    async def awiden_token(self, scopes: Sequence[str]) -> str:
        """Return a token that has *scopes* too, which a service has just asked for; a person is asked once.

        The new login takes the place of the one that is kept.

        Raises
        ------
        LoginRequiredError
            Nobody can be asked here.
        LoginRefusedError
            The person, or the hub, said no; the login stays as it was.
        """
        async with self._widening:
            await self._settle()
            current = self._current
            if not set(scopes) <= set(current.scopes):
                self._token = await self._log_in_now(tuple(dict.fromkeys((*current.scopes, *scopes))))
            return self._current.access_token.get_secret_value()

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
        token = self._current
        if not self._flow.is_repeatable:
            kept = await asyncio.to_thread(self._store.load, self._flow.key)
            token = token if kept is None else kept
            await asyncio.to_thread(self._store.forget, self._flow.key)
        self._token = None
        await self._flow.revoke(token)

    async def _recall(self) -> Token | None:
        """Return the login of an earlier run, renewed where that is needed; None where a person has to log in."""
        if self._flow.is_repeatable:
            return None
        token = await asyncio.to_thread(self._store.load, self._flow.key)
        if token is None or (self._is_fresh(token) and self._can_be_configured):
            return token
        return await self._renew_once(token)

    async def _log_in(self) -> Token:
        """Log in; a credential that is good once is used by one process, and the others take what that one left."""
        if self._flow.is_repeatable or self._flow.asks_person:
            return await self._log_in_now()
        async with self._alone():
            if await asyncio.to_thread(self._store.load, self._flow.key) is None:
                return await self._log_in_now()
        recalled = await self._recall()
        if recalled is None:
            raise LoginRequiredError(self._issuer, "the login has expired or was revoked")
        return recalled

    async def _log_in_now(self, more: Sequence[str] = ()) -> Token:
        login = await self._flow.login(more)
        if not self._flow.is_repeatable:
            await asyncio.to_thread(self._store.save, self._flow.key, login.token)
        await self._adopt(login)
        return login.token

    async def _configure(self) -> None:
        """Ask the hub for the configuration where the login came without one."""
        if self._claims.is_configured:
            return
        if not self._claims.is_silent:
            reason = "the login came without the addresses of the services. Name them with FAKTS or FAKTS_FILE"
            raise LoginRequiredError(self._claims.url, reason)
        await self._claims.aclaim()

    async def _adopt(self, login: Login) -> None:
        if login.configuration is not None:
            await self._claims.aadopt(login.configuration)

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
        self._token = await (self._repeat(stale) if self._flow.is_repeatable else self._renew_in_turn(stale))
        return self._token

    async def _repeat(self, stale: Token) -> Token | None:
        """Log in again; None where that gives the very token that was refused."""
        fresh = await self._log_in()
        return None if fresh.access_token == stale.access_token else fresh

    async def _renew_in_turn(self, stale: Token) -> Token | None:
        """Exchange the refresh token, one process at a time; None where the hub takes it no more.

        A refresh token is good once: a second use ends the login (RFC 9700, section 4.14.2).  So whoever comes second
        takes what the first one has left in the store.
        """
        async with self._alone():
            stored = await asyncio.to_thread(self._store.load, self._flow.key)
            if stored is not None and self._replaces(stored, stale):
                return stored
            return await self._exchange(stored or stale)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Hold the login against all other processes."""
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(
                    self._store.exclusive(self._flow.key, timeout_s=self._settings.lock_timeout_s)
                )
            except TimeoutError as error:
                seconds = f"{self._settings.lock_timeout_s:g} s"
                raise LoginError(
                    self._issuer, f"another program has been renewing the login for {seconds}. Close it, and try again"
                ) from error
            yield

    async def _exchange(self, token: Token) -> Token | None:
        answer = await self._flow.renew(token)
        if answer is None:
            return None
        if isinstance(answer, OAuthRefusal):
            if answer.error not in GONE:
                raise LoginError(self._issuer, f"{answer.reason}. Try again later")
            log.info("the login at %s is not renewed: %s", self._issuer, answer.error)
            await asyncio.to_thread(self._store.forget, self._flow.key)
            return None
        renewed = answer.token
        if renewed.refresh_token is None:
            # RFC 6749, section 6: without a new one, the old one stays good.
            renewed = renewed.model_copy(update={"refresh_token": token.refresh_token})
        await asyncio.to_thread(self._store.save, self._flow.key, renewed)
        await self._adopt(answer)
        return renewed

    def _replaces(self, stored: Token, stale: Token) -> bool:
        is_other = stored.access_token != stale.access_token
        return is_other and self._is_fresh(stored) and self._can_be_configured

    @property
    def _can_be_configured(self) -> bool:
        return self._claims.is_configured or self._claims.is_silent

    def _is_fresh(self, token: Token) -> bool:
        return token.expires_at - self._settings.expiry_skew_s > self._clock()

    @property
    def _current(self) -> Token:
        if self._token is None:
            raise LoginRequiredError(self._issuer, "this app is not logged in")
        return self._token

    @property
    def _issuer(self) -> str:
        return self._flow.key.issuer

    def __repr__(self) -> str:
        if self._token is None:
            return "Herre(not logged in)"
        return f"Herre({self.user}, at {self._claims.url})"

    def __reduce__(self) -> Never:
        message = "Herre holds tokens, so it is never pickled"
        raise TypeError(message)
