"""The door of the hub for agents: a WebSocket at ``agi``."""

from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp

from arkitekt_di.errors import AgentRefusedError, ConnectionLostError
from arkitekt_di.transport.http import HttpClient

FINAL_CODES: Final = {
    3002: "it does not understand what this agent sends",
    3003: "it does not accept how this agent registers, or its token",
    4003: "this agent is blocked",
    4004: "another process of this app is connected as this agent",
    4005: "another process of this app took the place of this one, or a person ended it",
    4006: "it does not accept what this agent offers",
}
"""Close codes after which the same attempt would end the same way."""


class WebSocketDoor:
    """Connects over the app's HTTP client.

    Parameters
    ----------
    http : HttpClient
    endpoint : callable
        Finds the address; asked before each connection.
    """

    def __init__(self, http: HttpClient, endpoint: Callable[[], Awaitable[str]]) -> None:
        self._http = http
        self._endpoint = endpoint

    async def open(self) -> "WebSocket":
        """Connect."""
        url = await self._endpoint()
        return WebSocket(await self._http.connect(url), url)


class WebSocket:
    """An open connection.

    Parameters
    ----------
    socket : aiohttp.ClientWebSocketResponse
    url : str
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, url: str) -> None:
        self._socket = socket
        self._url = url

    @property
    def url(self) -> str:
        """The other end."""
        return self._url

    async def send(self, text: str) -> None:
        """Send one frame."""
        try:
            await self._socket.send_str(text)
        except (aiohttp.ClientError, OSError) as error:
            raise ConnectionLostError(self._url, "the connection broke off") from error

    async def receive(self) -> str:
        """Return the next frame."""
        message = await self._socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            return str(message.data)
        raise closed(self._url, self._socket.close_code, str(message.extra or ""))

    async def close(self) -> None:
        """Close the connection."""
        await self._socket.close()


def closed(url: str, code: int | None, reason: str) -> AgentRefusedError | ConnectionLostError:
    """Return the error for a connection that was closed with *code*."""
    if code in FINAL_CODES:
        return AgentRefusedError(url, code, reason or FINAL_CODES[code])
    return ConnectionLostError(url, f"the connection was closed ({code}) {reason}".rstrip())
