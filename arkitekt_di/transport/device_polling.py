"""Asks for the tokens of a device code until a person has decided (RFC 8628, section 3.5)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from arkitekt_di.errors import ConnectionLostError, LoginExpiredError, LoginRefusedError
from arkitekt_di.messages.oauth import OAuthRefusal
from arkitekt_di.transport.origin import Origin

LONGEST_WAIT_S = 300.0
"""How long a person may take, in seconds, where nothing else is said; an issuer may give them less."""

SLOW_DOWN_S = 5.0
"""What an interval grows by when the issuer asks for it (RFC 8628, section 3.5)."""

SHORTEST_INTERVAL_S = 1.0

T = TypeVar("T")


@dataclass(frozen=True)
class DevicePolling:
    """Polls in bounded time.

    Attributes
    ----------
    clock : callable
        Seconds that never run backwards.
    sleep : callable
        Waits for some seconds.
    timeout_s : float
        The longest that is waited for a person, in seconds, however long the issuer would.
    """

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    timeout_s: float = LONGEST_WAIT_S

    def lifetime_s(self, expires_in: float) -> float:
        """Return how long a code is waited for that its issuer takes for *expires_in* seconds."""
        return min(float(expires_in), self.timeout_s)

    async def wait(
        self, ask: Callable[[], Awaitable[T | OAuthRefusal]], code: str, *, url: str, deadline: float, interval: float
    ) -> T:
        """Ask again and again until there is an answer that is no refusal.

        Parameters
        ----------
        ask : callable
            Sends the device code once.
        code : str
            The code that people see, for errors.
        url : str
            Who issued the code, for errors.
        deadline : float
            By the clock, in seconds.
        interval : float
            Between two questions, in seconds; grows as the issuer wants it.

        Raises
        ------
        LoginExpiredError
            Nobody decided before the deadline.
        LoginRefusedError
            The person, or the issuer, said no.
        """
        interval = max(interval, SHORTEST_INTERVAL_S)
        while (left := deadline - self.clock()) > 0:
            await self.sleep(min(interval, left))
            try:
                answer = await ask()
            except ConnectionLostError:
                interval *= 2  # RFC 8628, section 3.5: an exponential backoff; the deadline bounds it
                continue
            if not isinstance(answer, OAuthRefusal):
                return answer
            interval = _next_interval(url, answer, interval)
        raise LoginExpiredError(url, f"nobody approved the code {code}")


def is_safe_to_show(link: str) -> bool:
    """Tell whether a browser may be sent there: a web page, not a file or a program, and no terminal codes in it."""
    try:
        return link.isprintable() and Origin.of(link).is_private
    except ValueError:
        return False


def _next_interval(url: str, refusal: OAuthRefusal, interval: float) -> float:
    match refusal.error:
        case "authorization_pending":
            return interval
        case "slow_down":
            return interval + SLOW_DOWN_S
        case "expired_token":
            raise LoginExpiredError(url, "the issuer says that the code has expired")
        case "access_denied":
            raise LoginRefusedError(url, "the app was not approved")
        case _:
            raise LoginRefusedError(url, refusal.reason)
