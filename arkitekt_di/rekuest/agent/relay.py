"""A process that holds the agent's socket and answers heartbeats, whatever holds the agent's interpreter.

Messages are lines: a kind, a space, and the rest.  From the agent: ``open URL``, ``send FRAME``, ``alive``, ``close``.
To the agent: ``opened``, ``frame FRAME``, ``lost REASON``, ``closed CODE REASON``.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from arkitekt_di.errors import AgentRefusedError, ArkitektError, ConnectionLostError
from arkitekt_di.messages.reports import HeartbeatAnswer
from arkitekt_di.rekuest.agent.door import WebSocketDoor
from arkitekt_di.settings.models import TransportSettings
from arkitekt_di.transport.http import HttpClient

LIMIT: Final = 2**30
"""Longest line, in bytes."""

MOST_BUFFERED: Final = 8 * 2**20
"""Bytes that wait for an agent which does not read; while they fit, heartbeats behind them are answered."""

ALIVE_S: Final = 2.0
"""Seconds between two signs of life of the agent."""


class Output(asyncio.BaseProtocol):
    """The pipe to the agent: what is written goes at once, or as soon as the agent reads."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._room = asyncio.Event()
        self._room.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the pipe."""
        self._transport = transport
        self._transport.set_write_buffer_limits(high=MOST_BUFFERED)

    def pause_writing(self) -> None:
        """Note that too much waits."""
        self._room.clear()

    def resume_writing(self) -> None:
        """Note that there is room again."""
        self._room.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let nobody wait for an agent that is gone; the end of its orders ends this process."""
        self._room.set()

    def write(self, line: str) -> None:
        """Write a line."""
        self._transport.write(line.encode())

    def close(self) -> None:
        """Close the pipe."""
        self._transport.close()

    async def room(self) -> None:
        """Wait until the agent has read enough."""
        await self._room.wait()


class Relay:
    """One socket at a time, between the hub and the agent.

    Parameters
    ----------
    output : Output
        What the agent reads.
    http : HttpClient
    patience_s : float
        Longest silence of the agent, in seconds, during which heartbeats are answered for it.
    certificates : sequence of str
        Those (PEM, one each) that alone are trusted where the agent connects to; none for those of the system.
    """

    def __init__(self, output: Output, http: HttpClient, patience_s: float, certificates: Sequence[str]) -> None:
        self._output = output
        self._http = http
        self._patience_s = patience_s
        self._certificates = certificates
        self._url = ""
        self._heard = time.monotonic()
        self._socket: Any = None
        self._receiving: asyncio.Task[None] | None = None

    def say(self, kind: str, rest: str = "") -> None:
        """Tell the agent."""
        self._output.write(f"{kind} {rest}\n")

    async def follow(self, orders: asyncio.StreamReader) -> None:
        """Follow the agent's orders until it is gone."""
        while line := await orders.readline():
            self._heard = time.monotonic()
            kind, _, rest = line.decode().rstrip("\n").partition(" ")
            try:
                await self._obey(kind, rest)
            except AgentRefusedError as error:
                self.say("closed", f"{error.code} {error.reason}")
            except ArkitektError as error:
                self.say("lost", str(getattr(error, "reason", error)))
        await self._close()

    async def _obey(self, kind: str, rest: str) -> None:
        match kind:
            case "open":
                await self._close()
                self._url = rest
                if self._certificates:
                    self._http.pin(rest, self._certificates)
                self._socket = await WebSocketDoor(self._http, self._address).open()
                self.say("opened")
                self._receiving = asyncio.create_task(self._receive(self._socket))
            case "send" if self._socket is not None:
                await self._socket.send(rest)
            case "close":
                await self._close()

    async def _address(self) -> str:
        return self._url

    async def _receive(self, socket: Any) -> None:
        try:
            while True:
                frame = await socket.receive()
                if _is_heartbeat(frame):
                    await self._answer(socket, frame)
                else:
                    self.say("frame", frame)
                    await self._output.room()
        except AgentRefusedError as error:
            self.say("closed", f"{error.code} {error.reason}")
        except ConnectionLostError as error:
            self.say("lost", error.reason)

    async def _answer(self, socket: Any, frame: str) -> None:
        if time.monotonic() - self._heard > self._patience_s:
            return  # the agent hangs: the hub shall know
        await socket.send(HeartbeatAnswer(id=json.loads(frame)["id"]).encoded())

    async def _close(self) -> None:
        receiving, self._receiving = self._receiving, None
        if receiving is not None:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()


def _is_heartbeat(frame: str) -> bool:
    if '"HEARTBEAT"' not in frame:
        return False
    values = json.loads(frame)
    return isinstance(values, dict) and values.get("type") == "HEARTBEAT"


async def main(output: int) -> None:
    """Relay until the agent is gone."""
    orders = asyncio.StreamReader(limit=LIMIT)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    facts = json.loads(await orders.readline())
    _, told = await loop.connect_write_pipe(Output, os.fdopen(output, "wb", buffering=0))
    async with HttpClient(TransportSettings.model_validate(facts["transport"])) as http:
        await Relay(told, http, facts["patience_s"], facts["certificates"]).follow(orders)


if __name__ == "__main__":
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the agent, which ends this process
    with suppress(BrokenPipeError):
        asyncio.run(main(1))
