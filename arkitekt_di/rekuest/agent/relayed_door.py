"""The door of the hub through a process of its own: bodies that hold the interpreter's lock keep nobody waiting."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from arkitekt_di.errors import ConnectionLostError
from arkitekt_di.protocols.rekuest import AgentSocket
from arkitekt_di.rekuest.agent.door import closed
from arkitekt_di.rekuest.agent.relay import ALIVE_S, LIMIT
from arkitekt_di.settings.models import RekuestSettings, TransportSettings
from arkitekt_di.transport.http import HttpClient

_RELAY: Final = ("-m", "arkitekt_di.rekuest.agent.relay")


class RelayedDoor:
    """Connects through a process that answers heartbeats by itself.

    The process trusts the certificates that the app trusts at that address.

    Parameters
    ----------
    http : HttpClient
    endpoint : callable
        Finds the address; asked before each connection.
    settings : RekuestSettings
    transport : TransportSettings
    """

    def __init__(
        self,
        http: HttpClient,
        endpoint: Callable[[], Awaitable[str]],
        settings: RekuestSettings,
        transport: TransportSettings,
    ) -> None:
        self._http = http
        self._endpoint = endpoint
        self._settings = settings
        self._transport = transport

    async def open(self) -> AgentSocket:
        """Start the process, and connect."""
        url = await self._endpoint()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *_RELAY,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LIMIT,
        )
        socket = RelayedSocket(process, url)
        facts = {
            "transport": self._transport.model_dump(mode="json"),
            "patience_s": self._settings.patience_s,
            "certificates": self._http.certificates(url),
        }
        try:
            await socket.begin(json.dumps(facts))
        except BaseException:
            await socket.close()
            raise
        return socket


class RelayedSocket:
    """An open connection, held by another process.

    Parameters
    ----------
    process : asyncio.subprocess.Process
    url : str
    """

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self._process = process
        self._url = url
        self._living: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The other end."""
        return self._url

    async def begin(self, facts: str) -> None:
        """Connect; raises as `receive` does."""
        await self._write(facts)
        await self._write(f"open {self._url}")
        await self._line()
        self._living = asyncio.create_task(self._live(), name="agent lives")

    async def _live(self) -> None:
        with suppress(ConnectionLostError):
            while True:
                await asyncio.sleep(ALIVE_S)
                await self._write("alive")

    async def send(self, text: str) -> None:
        """Send one frame."""
        await self._write(f"send {text}")

    async def receive(self) -> str:
        """Return the next frame."""
        return await self._line()

    async def _write(self, line: str) -> None:
        stdin = self._process.stdin
        if stdin is None or stdin.is_closing():
            raise ConnectionLostError(self._url, "the process that holds the connection has ended")
        try:
            stdin.write(line.encode() + b"\n")
            await stdin.drain()
        except OSError as error:
            raise ConnectionLostError(self._url, "the process that holds the connection has ended") from error

    async def _line(self) -> str:
        stdout = self._process.stdout
        line = await stdout.readline() if stdout is not None else b""
        kind, _, rest = line.decode().rstrip("\n").partition(" ")
        match kind:
            case "frame" | "opened":
                return rest
            case "closed":
                code, _, reason = rest.partition(" ")
                raise closed(self._url, int(code), reason)
            case "lost":
                raise ConnectionLostError(self._url, rest)
        raise ConnectionLostError(self._url, "the process that holds the connection has ended")

    async def close(self) -> None:
        """Close the connection and end the process."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.gather(self._living, return_exceptions=True)
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(ALIVE_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
