"""The least that a durable call can be: a hub of forty lines, which `benchmarks.tasks` measures beside ours.

A call goes over the same four WebSocket messages of the same library, is JSON in each of them, and is committed twice
to a write-ahead log of SQLite, before it goes on and before its result does.  Nobody is asked who they are, nothing is
checked, no event is told, and whatever goes wrong loses calls: what is beneath this, Python with sockets and a
database takes.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from pydantic_core import from_json, to_json

Listen = Callable[[web.Application, Connection, dict[str, Any]], Awaitable[None]]
"""Serves an application until the process is ended, and tells where."""


class FloorHub:
    """Passes calls on to one agent, and results on to one caller.

    Parameters
    ----------
    ledger : sqlite3.Connection
    """

    def __init__(self, ledger: sqlite3.Connection) -> None:
        self._ledger = ledger
        self._peers: dict[str, web.WebSocketResponse] = {}

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Take what one side says, write it down, and tell the other."""
        side, other = ("caller", "agent") if request.path == "/caller" else ("agent", "caller")
        socket = self._peers[side] = web.WebSocketResponse(compress=False, max_msg_size=0)
        await socket.prepare(request)
        async for message in socket:
            frame = from_json(message.data)
            self._ledger.execute("BEGIN IMMEDIATE")
            self._ledger.execute(
                "INSERT INTO said VALUES (?, ?, ?)", (frame["id"], side, to_json(frame["value"]).decode())
            )
            self._ledger.execute("COMMIT")
            await self._peers[other].send_str(to_json(frame).decode())
        return socket


def _ledger_in(folder: Path) -> sqlite3.Connection:
    folder.mkdir()
    ledger = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
    ledger.execute("PRAGMA journal_mode=WAL")
    ledger.execute("PRAGMA synchronous=NORMAL")
    ledger.execute("PRAGMA wal_autocheckpoint=0")  # as ours does, which has a thread for that
    ledger.execute("CREATE TABLE said (id INTEGER, side TEXT, value TEXT, PRIMARY KEY (id, side))")
    return ledger


async def serve_floor(folder: Path, listen: Listen, ready: Connection) -> None:
    """Serve until the process is ended."""
    hub, app = FloorHub(_ledger_in(folder)), web.Application()
    app.router.add_get("/agent", hub.serve)
    app.router.add_get("/caller", hub.serve)
    await listen(app, ready, {})


async def answer_floor(url: str, ready: Connection) -> None:
    """Answer every call with its argument."""
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{url}/agent", max_msg_size=0) as socket:
        ready.send({})
        async for message in socket:
            frame = from_json(message.data)
            await socket.send_str(to_json({"id": frame["id"], "value": frame["value"]}).decode())


class FloorCaller:
    """Calls, several at a time if need be.

    Parameters
    ----------
    socket : aiohttp.ClientWebSocketResponse
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._asked: dict[int, asyncio.Future[None]] = {}
        self._calls = 0

    async def call(self, value: object) -> None:
        """Call, and wait for the result."""
        self._calls += 1
        ended = self._asked[self._calls] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(to_json({"id": self._calls, "value": value}).decode())
        await ended

    async def listen(self) -> None:
        """Take results."""
        async for message in self._socket:
            self._asked.pop(from_json(message.data)["id"]).set_result(None)
