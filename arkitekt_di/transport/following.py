"""A subscription that outlives its connection: it comes back, and catches up with what it missed."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, Final

from arkitekt_di.errors import ConnectionLostError, LoginRequiredError, ProtocolMismatchError
from arkitekt_di.protocols.herre import TokenSource
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.listening import TokenRefusedError, listen

log = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 0.2
"""Pause before the first try to come back, in seconds; each further one is twice as long."""

LONGEST_PAUSE_S: Final = 10.0
"""Longest pause between two tries, in seconds."""


class Follower:
    """Follows one subscription, from connection to connection.

    The subscription has one field, a variable ``$after``, and a member ``cursor`` in each of its events.  ``after`` is
    empty at first, and then the cursor of the last event that came; the hub sends what happened after it.

    Parameters
    ----------
    http : HttpClient
    tokens : TokenSource
    endpoint : callable
        Finds the address of the endpoint; asked before each connection.
    give_up_s : float
        Seconds without a connection after which the subscription ends.
    clock, sleep : callable
        Monotonic seconds, and a pause.
    """

    def __init__(
        self,
        http: HttpClient,
        tokens: TokenSource,
        endpoint: Callable[[], Awaitable[str]],
        *,
        give_up_s: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._endpoint = endpoint
        self._give_up_s = give_up_s
        self._clock = clock
        self._sleep = sleep

    async def follow(self, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the events in their order, none twice; the first says that the hub has taken note.

        Raises
        ------
        ConnectionLostError
            The first connection failed, or there was none for too long.
        HubRefusedError
            The hub does not do what it was asked, or does not know any more what was missed.
        LoginRequiredError
            The token is refused, and so is its renewal.
        """
        after, pause, lost_at = "", FIRST_PAUSE_S, None
        while True:
            variables = {**request["variables"], "after": after}
            try:
                async with aclosing(self._listen({**request, "variables": variables})) as events:
                    async for data in events:
                        event = _event(data)
                        after, pause, lost_at = event["cursor"], FIRST_PAUSE_S, None
                        yield event
            except ConnectionLostError as error:
                if not after:
                    raise
                lost_at = self._clock() if lost_at is None else lost_at
                self._check_patience(lost_at, error)
                log.info("a subscription lost its connection and comes back: %s", error.reason)
            await self._sleep(pause * random.uniform(0.5, 1))  # noqa: S311  # spreads clients, keeps no secret
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _check_patience(self, lost_at: float, error: ConnectionLostError) -> None:
        if self._clock() - lost_at > self._give_up_s:
            reason = f"there was no connection for {self._give_up_s:g} s, the last try failed: {error.reason}"
            raise ConnectionLostError(error.url, reason) from error

    async def _listen(self, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Listen on one connection; where its token is refused at once, on a second one with a renewed token."""
        url, token = await self._endpoint(), await self._tokens.aget_token()
        try:
            async with aclosing(_let_in_once(self._http, url, token, request)) as events:
                async for data in events:
                    yield data
        except TokenRefusedError:
            token = await self._tokens.arefresh_token(token)
        try:
            async with aclosing(_let_in_once(self._http, url, token, request)) as events:
                async for data in events:
                    yield data
        except TokenRefusedError:
            raise LoginRequiredError(url, "the service refuses a token that was just renewed") from None


async def _let_in_once(
    http: HttpClient, url: str, token: str, request: Mapping[str, Any]
) -> AsyncGenerator[dict[str, Any], None]:
    """Listen; a token that ends after the connection was let in is a connection lost: the next one has a new token."""
    was_let_in = False
    try:
        async with aclosing(listen(http, url, token, request)) as events:
            async for data in events:
                was_let_in = True
                yield data
    except TokenRefusedError:
        if was_let_in:
            raise ConnectionLostError(url, "its token ended") from None
        raise


def _event(data: Mapping[str, Any]) -> dict[str, Any]:
    event = next(iter(data.values()), None)
    if not isinstance(event, dict) or not isinstance(event.get("cursor"), str) or not event["cursor"]:
        raise ProtocolMismatchError("the hub's subscription", "events with a cursor", "one without")
    return event
