"""The line to the hub's desk: calls, events, lost connections, and hubs that have no such desk."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from arkitekt_di.errors import (
    ConnectionLostError,
    HubRefusedError,
    LoginRequiredError,
    ServiceUnreachableError,
    StorageFullError,
)
from arkitekt_di.messages.calls import CallOrder, TaskEvent
from arkitekt_di.messages.desk import Call, Called
from arkitekt_di.rekuest.caller.early_events import MOST_TASKS, EarlyEvents
from arkitekt_di.rekuest.line import Line, NoDeskError
from arkitekt_di.settings.models import TransportSettings
from arkitekt_di.transport.http import HttpClient

pytestmark = pytest.mark.anyio
BOUND_S = 20.0


class Tokens:
    """Gives tokens that grow with each renewal."""

    def __init__(self) -> None:
        self.renewals = 0

    async def aget_token(self) -> str:
        return f"token {self.renewals}"

    async def arefresh_token(self, stale: str) -> str:
        self.renewals += 1
        return await self.aget_token()


class Desk:
    """The other end, for the test to drive: one queue of sockets, in the order in which they were opened."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[tuple[dict[str, Any], web.WebSocketResponse]] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.refuses = 0
        self.welcome: dict[str, Any] = {}

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        hello = await socket.receive_json()
        if self.refuses:
            self.refuses -= 1
            await socket.close(code=4401)
            return socket
        await socket.send_json({"type": "WELCOME", "id": "w", "seq": hello.get("since") or 7} | self.welcome)
        self.arrived.put_nowait((hello, socket))
        await self.gone.wait()
        return socket


@asynccontextmanager
async def line_to(
    handler: Callable[..., Any],
    tokens: Tokens,
    *,
    give_up_s: float = 60.0,
    is_away: Callable[[], bool] = lambda: False,
) -> AsyncIterator[Line]:
    app = web.Application()
    app.router.add_get("/desk", handler)
    server = TestServer(app)
    await server.start_server()

    async def endpoint() -> str:
        if is_away():
            raise ServiceUnreachableError("rekuest", [])
        return str(server.make_url("/desk"))

    async with asyncio.timeout(BOUND_S), HttpClient(TransportSettings()) as http:
        yield Line(http, tokens, endpoint, give_up_s=give_up_s)
    await server.close()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    desk.gone.set()


@asynccontextmanager
async def following(line: Line) -> AsyncIterator["asyncio.Queue[Any]"]:
    """Follow a line while the block runs; what it tells comes in a queue."""
    told: asyncio.Queue[Any] = asyncio.Queue()

    async def follow() -> None:
        async with aclosing(line.follow()) as news:
            async for events in news:
                told.put_nowait(events)

    task = asyncio.create_task(follow())
    yield told
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def call() -> Call:
    return Call(order=CallOrder(args={}, reference="r", action="a"))


def event(seq: int) -> dict[str, Any]:
    return {"id": str(seq), "task": "t", "kind": "STARTED", "createdAt": 1.5}


async def test_events_come_in_order_and_requests_are_answered(desk: Desk):
    async with line_to(desk.serve, Tokens()) as line, following(line) as told:
        hello, hub = await desk.arrived.get()
        assert await told.get() is None
        asking = asyncio.create_task(line.ask(call()))
        asked = await hub.receive_json()
        await hub.send_json({"type": "EVENTS", "id": "e", "events": [event(8), event(9)]})
        await hub.send_json({"type": "CALLED", "id": "c", "request": asked["id"], "task": "t", "is_new": True})

        assert [one.id for one in await told.get()] == ["8", "9"]
        answer = await asking
        assert isinstance(answer, Called)
        assert answer.task == "t"
        desk.gone.set()

    assert hello == {"type": "HELLO", "id": hello["id"], "token": "token 0", "follows": "own", "together": True}
    assert asked["order"]["reference"] == "r"


async def test_what_is_asked_in_one_turn_goes_in_one_message_where_the_hub_reads_it_so(desk: Desk):
    desk.welcome = {"together": True}
    async with line_to(desk.serve, Tokens()) as line, following(line) as told:
        _, hub = await desk.arrived.get()
        await told.get()
        first, second = (asyncio.create_task(line.ask(call())) for _ in range(2))
        asked = await hub.receive_json()
        answers = [{"type": "CALLED", "id": "c", "request": one["id"], "task": one["id"]} for one in asked]
        await hub.send_json([*answers, {"type": "EVENTS", "id": "e", "events": [event(8)]}])

        assert [one.id for one in await told.get()] == ["8"]
        told_tasks = [one.task for one in await asyncio.gather(first, second) if isinstance(one, Called)]
        assert told_tasks == [one["id"] for one in asked]
        desk.gone.set()

    assert len(asked) == 2


async def test_whoever_leaves_while_it_asks_takes_no_others_request_along(desk: Desk):
    async with line_to(desk.serve, Tokens()) as line, following(line) as told:
        _, hub = await desk.arrived.get()
        await told.get()
        leaving = asyncio.create_task(line.ask(call()))
        staying = asyncio.create_task(line.ask(call()))
        await asyncio.sleep(0)
        leaving.cancel()
        asked = [await hub.receive_json() for _ in range(2)]
        await hub.send_json({"type": "CALLED", "id": "c", "request": asked[1]["id"], "task": "t"})

        assert (await staying).request == asked[1]["id"]
        assert leaving.cancelled()
        desk.gone.set()


async def test_after_a_lost_connection_it_reads_on_and_asks_again(desk: Desk):
    async with line_to(desk.serve, Tokens()) as line, following(line) as told:
        _, hub = await desk.arrived.get()
        await told.get()
        await hub.send_json({"type": "EVENTS", "id": "e", "events": [event(8)]})
        await told.get()
        asking = asyncio.create_task(line.ask(call()))
        first = await hub.receive_json()
        await hub.close(code=1012)
        hello, hub = await desk.arrived.get()
        again = await hub.receive_json()
        await hub.send_json({"type": "CALLED", "id": "c", "request": again["id"], "task": "t"})

        answer = await asking
        assert isinstance(answer, Called)
        assert answer.task == "t"
        assert await told.get() is None
        desk.gone.set()

    assert (hello["since"], again) == (8, first)


@pytest.mark.parametrize(
    ("code", "kind"), [("NOT_FOUND", HubRefusedError), ("STORAGE_FULL", StorageFullError)], ids=str
)
async def test_a_refusal_is_told_as_graphql_tells_it(desk: Desk, code: str, kind: type[Exception]):
    async with line_to(desk.serve, Tokens()) as line, following(line) as told:
        _, hub = await desk.arrived.get()
        await told.get()
        asking = asyncio.create_task(line.ask(call()))
        asked = await hub.receive_json()
        await hub.send_json({"type": "CALLED", "id": "c", "request": asked["id"], "error": "no", "code": code})

        with pytest.raises(kind):
            await asking
        desk.gone.set()


async def test_a_hub_that_is_away_has_no_address_meanwhile_and_is_waited_for(desk: Desk):
    """Addresses that were found a while ago are looked for again, and while the hub is away there are none."""
    away = iter([False, True, False])
    async with line_to(desk.serve, Tokens(), is_away=lambda: next(away)) as line, following(line) as told:
        _, hub = await desk.arrived.get()
        assert await told.get() is None
        await hub.close()
        hello, _ = await desk.arrived.get()
        assert await told.get() is None
        desk.gone.set()

    assert hello["since"] == 7
    with pytest.raises(StopIteration):
        next(away)

    async with line_to(desk.serve, Tokens(), is_away=lambda: True) as line:
        with pytest.raises(ServiceUnreachableError):
            await anext(line.follow())


async def test_a_token_that_has_ended_is_renewed_once(desk: Desk):
    tokens, desk.refuses = Tokens(), 1
    async with line_to(desk.serve, tokens) as line, following(line) as told:
        hello, _ = await desk.arrived.get()
        assert await told.get() is None
        desk.gone.set()
    assert hello["token"] == "token 1"

    desk.refuses = 2
    async with line_to(desk.serve, tokens) as line:
        with pytest.raises(LoginRequiredError):
            await anext(line.follow())


async def test_a_hub_without_such_a_desk_is_told_apart_from_one_that_is_away():
    async def missing(_request: web.Request) -> web.Response:
        return web.Response(status=404)

    async def stranger(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        await socket.send_json({"type": "ERROR", "id": "x"})
        return socket

    async def busy(_request: web.Request) -> web.Response:
        return web.Response(status=503)

    for handler, kind in ((missing, NoDeskError), (stranger, NoDeskError), (busy, ConnectionLostError)):
        async with line_to(handler, Tokens()) as line:
            with pytest.raises(kind):
                await anext(line.follow())


async def test_what_is_asked_when_nobody_follows_any_more_is_told_so(desk: Desk):
    async with line_to(desk.serve, Tokens()) as line:
        with pytest.raises(ConnectionLostError):
            await line.ask(call())
        async with following(line) as told:
            _, hub = await desk.arrived.get()
            await told.get()
            asking = asyncio.create_task(line.ask(call()))
            await hub.receive()
        with pytest.raises(ConnectionLostError):
            await asking
        desk.gone.set()


def test_events_of_unknown_tasks_are_kept_only_while_a_call_is_asked_for():
    early = EarlyEvents()
    events = [TaskEvent(id=str(n), task=f"t{n}", kind="QUEUED") for n in range(MOST_TASKS + 2)]

    early.put(events[0])
    with early.kept():
        for one in events[1:]:
            early.put(one)
        assert early.take("t0") == []
        assert early.take("t1") == []  # the oldest had to go
        assert early.take("t2") == [events[2]]
        assert early.take("t2") == []

    assert early._events == {}
