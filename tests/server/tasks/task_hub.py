"""A hub's task service for tests: a real database, real sockets, and an agent written by hand."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer

from arkitekt_di.messages.frames import FEATURE_ATTEMPTS, FEATURE_REDELIVERED
from arkitekt_di.server.database import Database
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.tasks.bus import InProcessBus
from arkitekt_di.server.tasks.dispatch import InProcessDispatch
from arkitekt_di.server.tasks.endpoint import RekuestEndpoint
from arkitekt_di.server.tasks.ledger import Ledger
from arkitekt_di.server.tasks.promise import Dispatch
from arkitekt_di.server.tasks.records import Caller
from arkitekt_di.server.tasks.service import Ground
from arkitekt_di.settings.models import DatabaseSettings, TaskSettings
from tests.migrated import begin_migrated
from tests.server.tasks import documents

BOUND_S = 20.0
QUICK = TaskSettings(lost_after_s=0.05, restart_grace_s=0.2, pickup_s=10.0)
OURS = (FEATURE_ATTEMPTS, FEATURE_REDELIVERED)

PEOPLE = {
    "ada": Principal("ada", "Ada", "lab", "script", frozenset()),
    "ben": Principal("ben", "Ben", "lab", "script", frozenset()),
    "eve": Principal("eve", "Eve", "rivals", "script", frozenset()),
    "robot": Principal("ada", "Ada", "lab", "robot", frozenset()),
    "robot2": Principal("ada", "Ada", "lab", "robot2", frozenset()),
    "rival-robot": Principal("eve", "Eve", "rivals", "robot", frozenset()),
}
"""By their token: people with a script, and the agents of two of them."""


class Tokens:
    """Knows who the people are by their names; a name may be struck off."""

    def __init__(self) -> None:
        self.people = dict(PEOPLE)

    async def authenticate(self, request: web.BaseRequest) -> Principal:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        principal = await self.authenticate_token(token)
        if scheme != "Bearer" or principal is None:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        return principal

    async def authenticate_token(self, token: str) -> Principal | None:
        return self.people.get(token)


class RefusedError(Exception):
    """The hub answered with an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code


def function(key: str, **members: object) -> dict[str, Any]:
    """Return a declaration of a function of one number, as an agent sends it."""
    port = {"key": "number", "kind": "INT", "nullable": False}
    definition = {
        "key": key,
        "version": "1",
        "name": key.title(),
        "kind": "FUNCTION",
        "args": [port],
        "returns": [port | {"key": "return0"}],
    }
    own = {name: members.pop(name) for name in ("idempotent", "pure") if name in members}
    return {"interface": key, "definition": definition | own, "code_hash": f"code of {key}"} | members


FUNCTIONS = [
    function("double"),
    function("segment", idempotent=True),
    function("plan", execution="WORKFLOW", effects="REPEATABLE"),
]


@dataclass
class HandAgent:
    """An agent whose every frame the test writes."""

    socket: ClientWebSocketResponse
    init: dict[str, Any]
    session: str
    frames: list[dict[str, Any]] = field(default_factory=list)
    unread: list[dict[str, Any]] = field(default_factory=list)
    pos: int = 0

    async def next(self, *kinds: str) -> dict[str, Any]:
        """Return the next frame of one of these kinds; others are kept in ``frames``."""
        while (frame := await self._frame(kinds))["type"] not in kinds:
            self.frames.append(frame)
        return frame

    async def _frame(self, kinds: tuple[str, ...]) -> dict[str, Any]:
        if self.unread:
            return self.unread.pop(0)
        async with asyncio.timeout(BOUND_S):
            while True:
                message = await self.socket.receive()
                assert message.type is WSMsgType.TEXT, (message.type, message.data, self.socket.close_code, kinds)
                frame: dict[str, Any] = json.loads(message.data)
                if frame["type"] != "HEARTBEAT":
                    return frame
                await self.send("HEARTBEAT_ANSWER")

    async def send(self, kind: str, **members: object) -> None:
        """Send a frame that the agent does not number."""
        await self.socket.send_json({"id": f"frame-{kind}", "type": kind} | members)

    async def report(self, kind: str, task: str, **members: object) -> None:
        """Send a numbered report."""
        self.pos += 1
        await self.send(kind, task=task, pos=self.pos, journal_session=self.session, **members)

    async def run(self, task: str, result: object = 42) -> None:
        """Report what a function that succeeds does, and wait until it is recorded."""
        await self.report("STARTED", task)
        await self.report("PROGRESS", task, progress=0, message="Queued for running")
        await self.report("YIELD", task, returns={"return0": result})
        await self.report("COMPLETED", task)
        await self.recorded()

    async def recorded(self) -> None:
        """Wait until everything that was numbered is recorded; what else comes meanwhile is still to be read."""
        meanwhile: list[dict[str, Any]] = []
        while (frame := await self._frame(("JOURNAL_ACK",)))["type"] != "JOURNAL_ACK" or frame["pos"] < self.pos:
            meanwhile.append(frame)
        self.unread = meanwhile

    async def closed(self) -> int | None:
        """Wait for the end of the connection; return its code."""
        async with asyncio.timeout(BOUND_S):
            while not self.socket.closed:
                message = await self.socket.receive()
                if message.type is WSMsgType.CLOSE:
                    return int(message.data)  # the socket's own word for it depends on who was quicker
                if message.type is WSMsgType.TEXT:
                    self.frames.append(json.loads(message.data))
        return self.socket.close_code

    async def die(self) -> None:
        """End without a word, as a killed process does."""
        transport = self.socket.get_extra_info("socket")
        assert transport is not None
        self.socket._response.connection.transport.abort()  # type: ignore[union-attr]  # there is no public way
        await self.socket.close()


@dataclass
class TaskHub:
    """The service and everything around it."""

    endpoint: RekuestEndpoint
    tokens: Tokens
    client: TestClient[web.Request, web.Application]
    database: Database
    bus: InProcessBus

    async def ask(self, document: str, *, by: str = "ada", **variables: object) -> Any:
        """Run the one operation of *document* and return what its one field answered."""
        headers = {"Authorization": f"Bearer {by}"}
        body = {"query": document, "variables": variables}
        async with self.client.post("/rekuest/graphql", json=body, headers=headers) as response:
            assert response.status == 200, await response.text()
            answer: dict[str, Any] = await response.json()
        if errors := answer.get("errors"):
            raise RefusedError(errors[0]["extensions"]["code"], errors[0]["message"])
        (value,) = answer["data"].values()
        return value

    async def action(self, key: str, *, by: str = "ada") -> str:
        """Return the identifier of an action."""
        (action,) = await self.ask(documents.ACTIONS, by=by, filters={"search": key})
        identifier: str = action["id"]
        return identifier

    async def assign(self, key: str, *, by: str = "ada", **members: Any) -> dict[str, Any]:
        """Call a function by its action."""
        asked = {"action": await self.action(key, by=by), "args": {"number": 21}} | members
        task: dict[str, Any] = await self.ask(documents.ASSIGN, by=by, input=asked)
        return task

    async def kinds(self, task: str, *, by: str = "ada") -> list[str]:
        """Return what happened to a task."""
        return [event["kind"] for event in (await self.ask(documents.TASK, by=by, id=task))["events"]]

    async def ended(self, task: str, *, by: str = "ada") -> dict[str, Any]:
        """Wait until a task has ended; return it."""
        async with asyncio.timeout(BOUND_S):
            while True:
                found: dict[str, Any] = await self.ask(documents.TASK, by=by, id=task)
                if found["isDone"]:
                    return found
                await asyncio.sleep(0.01)  # the hub has no way to wait; the limit is the caller's

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when *condition* holds."""
        async with asyncio.timeout(BOUND_S):
            while not condition():  # noqa: ASYNC110  # other tasks run meanwhile
                await asyncio.sleep(0)

    @asynccontextmanager
    async def socket(self, first: object, path: str = "/rekuest/agi") -> AsyncIterator[ClientWebSocketResponse]:
        """Open a socket and send its first frame."""
        async with self.client.ws_connect(path) as socket:
            await (socket.send_str(first) if isinstance(first, str) else socket.send_json(first))
            yield socket

    @asynccontextmanager
    async def agent(
        self, *, by: str = "robot", session: str = "one", pos: int = 0, **members: object
    ) -> AsyncIterator[HandAgent]:
        """Connect an agent that offers functions."""
        declared = {"implementations": FUNCTIONS, "hash": "h1", "name": f"{by}:1.0", "features": OURS}
        first = {"type": "REGISTER", "id": "1", "token": by, "session_id": session} | declared | members
        async with self.socket(first) as socket:
            agent = HandAgent(socket, {}, session, pos=pos)
            agent.init = await agent.next("INIT")
            yield agent


@asynccontextmanager
async def serve(
    folder: Path, settings: TaskSettings = QUICK, dispatch: Dispatch | None = None
) -> AsyncIterator[TaskHub]:
    """Serve tasks on a free port while the block lasts, from the database in *folder*."""
    begin_migrated(folder)
    database, tokens, bus = Database(DatabaseSettings(), folder), Tokens(), InProcessBus()
    await database.start()
    ledger = Ledger(database.url, settings.durability, bus.publish)
    endpoint = RekuestEndpoint(tokens, database, Ground(ledger, bus, dispatch or InProcessDispatch()), settings)
    app = web.Application()
    app.router.add_routes(endpoint.routes())
    app.on_shutdown.append(lambda _: endpoint.hang_up())
    try:
        await endpoint.start()
        async with TestClient(TestServer(app)) as client:
            yield TaskHub(endpoint, tokens, client, database, bus)
    finally:
        await endpoint.stop()
        await database.stop()


class Watcher:
    """Somebody who watches their tasks."""

    def __init__(self, hub: TaskHub, by: str = "ada", since: str | None = None) -> None:
        self._hub, self._by, self._since = hub, by, since

    async def __aenter__(self) -> Self:
        self._socket = await self._hub.client.ws_connect("/rekuest/graphql", protocols=("graphql-ws",))
        await self._socket.send_json({"type": "connection_init", "payload": {"token": self._by}})
        payload = {"query": documents.WATCH, "variables": {"since": self._since}}
        await self._receive("connection_ack")
        await self._socket.send_json({"type": "start", "id": "1", "payload": payload})
        principal = await self._hub.tokens.authenticate_token(self._by)
        assert principal is not None
        caller = Caller(principal.organization_id, principal.client_id, principal.user_id)
        await self._hub.until(lambda: self._hub.bus.has_listeners(caller))  # it does not say itself that it has begun
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()

    async def next(self) -> dict[str, Any]:
        """Return the next change."""
        change: dict[str, Any] = (await self._receive("data"))["payload"]["data"]["mytasks"]
        return change

    async def until(self, kind: str) -> list[dict[str, Any]]:
        """Return events up to the first of a kind."""
        events: list[dict[str, Any]] = []
        while not events or events[-1]["kind"] != kind:
            events.append((await self.next())["event"])
        return events

    async def _receive(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(BOUND_S):
            while True:
                message: dict[str, Any] = await self._socket.receive_json()
                if message["type"] != "ka":
                    assert message["type"] == kind, message
                    return message
