"""A feed of events that comes back after each loss of its connection, and says so."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final

from arkitekt_di.errors import ConnectionLostError, LoginRequiredError, ServiceUnreachableError
from arkitekt_di.protocols.herre import TokenSource
from arkitekt_di.transport.graphql import operation_name
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.listening import TokenRefusedError, listen

logger = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 10.0
"""Pauses between two tries to connect, in seconds; each is twice as long as the one before."""


class Feed:
    """Follows subscriptions that have no cursor, such as that of the caller's tasks.

    Parameters
    ----------
    http : HttpClient
    tokens : TokenSource
    endpoint : callable
        Finds the address; asked before each connection.
    give_up_s : float
        Seconds without a connection after which the feed ends with an error.
    """

    def __init__(
        self, http: HttpClient, tokens: TokenSource, endpoint: Callable[[], Awaitable[str]], *, give_up_s: float
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._endpoint = endpoint
        self._give_up_s = give_up_s

    async def __call__(self, document: str) -> AsyncGenerator[dict[str, Any] | None, None]:
        """Yield the data of the subscription in *document*; None at the beginning of each connection.

        Raises
        ------
        ConnectionLostError, ServiceUnreachableError
            The first connection failed, or there was none for too long.
        HubRefusedError
            The hub does not do what it was asked.
        LoginRequiredError
            The token is refused, and so is its renewal.
        """
        request: dict[str, Any] = {"query": document, "variables": {}, "operationName": operation_name(document)}
        pause, lost_at, has_begun = FIRST_PAUSE_S, 0.0, False
        refused: str | None = None
        token = url = ""
        while True:
            try:
                token, url = await self._token(refused), await self._endpoint()
                async with aclosing(listen(self._http, url, token, request, greeting={})) as answers:
                    async for data in answers:
                        pause, lost_at, refused, has_begun = FIRST_PAUSE_S, 0.0, None, True
                        yield data or None
            except TokenRefusedError:
                if refused is not None:
                    raise LoginRequiredError(url, "the service refuses a token that was just renewed") from None
                refused = token
                continue
            except (ConnectionLostError, ServiceUnreachableError) as error:  # also of who gives addresses or tokens
                lost_at = lost_at or time.monotonic()
                if not has_begun or time.monotonic() - lost_at > self._give_up_s:
                    raise
                logger.info("the feed of tasks lost its connection and comes back: %s", error)
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311  # spreads clients, keeps no secret
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _token(self, refused: str | None) -> str:
        return await (self._tokens.aget_token() if refused is None else self._tokens.arefresh_token(refused))
