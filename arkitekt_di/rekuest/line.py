"""The line to a hub's own desk: one socket for calls and their events, which loses nothing between two connections."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import aiohttp
from pydantic import SecretStr

from arkitekt_di.errors import ConnectionLostError, LoginRequiredError, ServiceUnreachableError
from arkitekt_di.messages.calls import TaskEvent
from arkitekt_di.messages.desk import TOKEN_REFUSED, TOLD, Called, Controlled, Events, Follows, Hello, Welcome
from arkitekt_di.messages.frames import Frame, together
from arkitekt_di.protocols.herre import TokenSource
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.refusal import refusal_of

logger = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 10.0
"""Pauses between two tries to connect, in seconds; each is twice as long as the one before."""

HEARTBEAT_S: Final = 20.0
"""Seconds between two pings; a hub that answers none is gone."""

HANDSHAKE_S: Final = 10.0
"""Longest wait for the answer to the first frame, in seconds."""

_PASSING: Final = frozenset({401, 408, 425, 429})
"""Answers below 500 that say nothing about whether the hub has such a desk."""


class NoDeskError(Exception):
    """The hub has no desk of its own; caught where GraphQL is taken instead."""


class _TokenRefusedError(Exception):
    """The token is worth nothing any more."""


@dataclass(frozen=True)
class _Asked:
    request: Frame
    answer: "asyncio.Future[Called | Controlled]"


class Line:
    """One connection after the other.

    Parameters
    ----------
    http : HttpClient
    tokens : TokenSource
    endpoint : callable
        Finds the address; asked before each connection.
    give_up_s : float
        Seconds without a connection after which it ends with an error.
    """

    def __init__(
        self, http: HttpClient, tokens: TokenSource, endpoint: Callable[[], Awaitable[str]], *, give_up_s: float
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._endpoint = endpoint
        self._give_up_s = give_up_s
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._asked: dict[str, _Asked] = {}
        self._unsent: list[str] = []
        self._reads_several = False
        self.is_followed = False
        """Whether somebody follows it, so that it can be asked on."""

    async def ask(self, request: Frame) -> Called | Controlled:
        """Send a request and return its answer; after a lost connection it is sent again, so it must be idempotent.

        Raises
        ------
        ConnectionLostError
            Nobody follows the line, or no longer.
        HubRefusedError
            The hub says no.
        StorageFullError
            The hub has no space left.
        """
        if not self.is_followed:
            raise ConnectionLostError("the hub", "the line to its desk is not open")
        answer: asyncio.Future[Called | Controlled] = asyncio.get_running_loop().create_future()
        self._asked[request.id] = _Asked(request, answer)
        try:
            await self._send_soon(request)
            told = await answer
        finally:
            del self._asked[request.id]
        if told.error is not None:
            error = {"message": told.error, "extensions": {"code": told.code}}
            raise refusal_of(request.type, "the hub", [error])
        return told

    async def _send_soon(self, request: Frame) -> None:
        """Send a request, together with those that others bring in the same turn of the loop."""
        if self._socket is None:
            return  # the next connection begins with it
        self._unsent.append(request.encoded())
        if len(self._unsent) > 1:
            return  # whoever came first takes it along
        try:
            await asyncio.sleep(0)
        finally:  # whoever is cancelled sends what the others have brought, all the same
            texts, self._unsent = self._unsent, []
            if self._socket is not None:
                await _send(self._socket, texts, joined=self._reads_several)

    async def follow(self, follows: Follows = "own") -> AsyncGenerator[Sequence[TaskEvent] | None, None]:
        """Yield events as they come, several at a time, and None at the beginning of each connection.

        What happened between two connections is told by the next.

        Raises
        ------
        NoDeskError
            The hub has no such desk.
        ConnectionLostError, ServiceUnreachableError
            The first connection failed, or there was none for too long.
        LoginRequiredError
            The token is refused, and so is its renewal.
        """
        seen: int | None = None
        refused: str | None = None
        token = url = ""
        patience = _Patience(self._give_up_s)
        self.is_followed = True
        try:
            while True:
                try:
                    token, url = await self._token(refused), await self._endpoint()
                    hello = Hello(token=SecretStr(token), since=seen, follows=follows, together=True)
                    async with aclosing(self._once(url, hello)) as told:
                        async for seq, events in told:
                            seen, refused = seq, None
                            patience.reset()
                            yield events
                except _TokenRefusedError:
                    if refused is not None:
                        raise LoginRequiredError(url, "the service refuses a token that was just renewed") from None
                    refused = token
                except (ConnectionLostError, ServiceUnreachableError) as error:  # also of who gives addresses or tokens
                    if seen is None:
                        raise
                    await patience.wait(error)
        finally:
            self._close()

    def _close(self) -> None:
        self.is_followed = False
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(ConnectionLostError("the hub", "the line to its desk was closed"))

    async def _token(self, refused: str | None) -> str:
        return await (self._tokens.aget_token() if refused is None else self._tokens.arefresh_token(refused))

    async def _once(self, url: str, hello: Hello) -> AsyncGenerator[tuple[int, Sequence[TaskEvent] | None], None]:
        """Yield the number of the last event, with the events, of one connection."""
        socket = await self._connected(url)
        try:
            await _send(socket, [hello.encoded()])
            welcome = await _welcomed(socket, url, is_first=hello.since is None)
            self._reads_several = welcome.together
            yield welcome.seq, None
            self._socket = socket
            await _send(socket, [asked.request.encoded() for asked in self._asked.values()])
            while True:
                for frame in await _next(socket, url):
                    if isinstance(frame, Called | Controlled):
                        self._answered(frame)
                    elif isinstance(frame, Events) and frame.events:
                        events = [TaskEvent.model_validate(event) for event in frame.events]
                        yield int(events[-1].id), events
        finally:
            self._socket = None
            await socket.close()

    def _answered(self, frame: Called | Controlled) -> None:
        asked = self._asked.get(frame.request)
        if asked is not None and not asked.answer.done():
            asked.answer.set_result(frame)

    async def _connected(self, url: str) -> aiohttp.ClientWebSocketResponse:
        if not self._http.permits(url):
            raise NoDeskError  # the first frame holds a token; GraphQL says why that cannot be
        try:
            return await self._http.connect(url, heartbeat_s=HEARTBEAT_S)
        except ConnectionLostError as error:
            if _says_no(error.__cause__):
                raise NoDeskError from error
            raise


def _says_no(cause: BaseException | None) -> bool:
    """Tell whether the hub has answered, and not with a socket."""
    return isinstance(cause, aiohttp.WSServerHandshakeError) and cause.status < 500 and cause.status not in _PASSING


class _Patience:
    """How long to wait before the next try, and whether there is one."""

    def __init__(self, give_up_s: float) -> None:
        self._give_up_s = give_up_s
        self.reset()

    def reset(self) -> None:
        """Note that the line is there."""
        self._pause = FIRST_PAUSE_S
        self._lost_at: float | None = None

    async def wait(self, error: ConnectionLostError | ServiceUnreachableError) -> None:
        """Wait, or raise *error* where there was no line for too long."""
        now = time.monotonic()
        self._lost_at = now if self._lost_at is None else self._lost_at
        if now - self._lost_at > self._give_up_s:
            raise error
        logger.info("the line to the desk was lost and comes back: %s", error)
        await asyncio.sleep(self._pause * random.uniform(0.5, 1))  # noqa: S311  # spreads clients, keeps no secret
        self._pause = min(2 * self._pause, LONGEST_PAUSE_S)


async def _welcomed(socket: aiohttp.ClientWebSocketResponse, url: str, *, is_first: bool) -> Welcome:
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            frame, *_ = await _next(socket, url)
    except TimeoutError as error:
        raise ConnectionLostError(url, f"it did not answer within {HANDSHAKE_S:g} s") from error
    if isinstance(frame, Welcome):
        return frame
    if is_first:
        raise NoDeskError
    raise ConnectionLostError(url, "it does not speak as it did before")


async def _next(socket: aiohttp.ClientWebSocketResponse, url: str) -> list[Frame]:
    message = await socket.receive()
    if message.type is aiohttp.WSMsgType.TEXT:
        return TOLD.read_all(message.data)
    if socket.close_code == TOKEN_REFUSED:
        raise _TokenRefusedError
    raise ConnectionLostError(url, "the connection broke off")


async def _send(socket: aiohttp.ClientWebSocketResponse, texts: list[str], *, joined: bool = False) -> None:
    try:
        for message in [together(texts)] if joined else texts:
            await socket.send_str(message)
    except (aiohttp.ClientError, OSError):
        logger.debug("%d frames were not sent, and will be when the line is back", len(texts))
