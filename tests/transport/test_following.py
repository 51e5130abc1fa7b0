"""A subscription outlives its connection, its token and a hub that is away for a while, and says when it gives up."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.test_utils import TestServer

from arkitekt_di.errors import ConnectionLostError, HubRefusedError, InsecureTransportError, LoginRequiredError
from arkitekt_di.transport.following import LONGEST_PAUSE_S, Follower

pytestmark = pytest.mark.anyio

REQUEST = {"query": "subscription S { s { cursor } }", "variables": {"folder": "f"}, "operationName": "S"}
CODE = "extensions"


@dataclass
class Script:
    """What the hub does on each connection, one after the other: messages to send, or None to break it off."""

    connections: list[list[Any]]
    good_tokens: set[str] = field(default_factory=lambda: {"good"})
    begun: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("graphql-ws",))
        await socket.prepare(request)
        opening = await socket.receive_json()
        self.tokens.append(opening["payload"]["token"])
        if self.tokens[-1] not in self.good_tokens:
            await socket.send_json({"type": "connection_error", "payload": {"message": "no"}})
            await socket.close(code=4403)
            return socket
        await socket.send_json({"type": "connection_ack"})
        started = await socket.receive_json()
        assert (opening["type"], started["type"]) == ("connection_init", "start")
        self.begun.append(started["payload"]["variables"])
        for message in self.connections.pop(0) if self.connections else [None]:
            if message is None:
                request.transport.abort()  # type: ignore[union-attr]  # the connection is open
                return socket
            await socket.send_json(message)
        while (await socket.receive()).type is WSMsgType.TEXT:
            pass
        await socket.close(code=WSCloseCode.OK)
        return socket


@dataclass
class Tokens:
    given: list[str]
    renewals: int = 0

    async def aget_token(self) -> str:
        return self.given[0]

    async def arefresh_token(self, stale: str) -> str:
        self.renewals += 1
        self.given.pop(0)
        return self.given[0]


class Time:
    """Passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)


def event(cursor: str, **members: Any) -> dict[str, Any]:
    return {"type": "data", "id": "1", "payload": {"data": {"s": {"cursor": cursor, **members}}}}


def refusal(code: str) -> dict[str, Any]:
    error = {"message": "it says why", CODE: {"code": code}}
    return {"type": "data", "id": "1", "payload": {"data": None, "errors": [error]}}


@asynccontextmanager
async def following(
    http: Any, script: Script, tokens: Tokens | None = None, *, time: Time | None = None
) -> AsyncIterator[Callable[[], Any]]:
    app = web.Application()
    app.router.add_get("/graphql", script.serve)
    passing = time or Time()
    async with TestServer(app) as server:

        async def endpoint() -> str:
            return str(server.make_url("/graphql"))

        follower = Follower(
            http, tokens or Tokens(["good"]), endpoint, give_up_s=60, clock=passing, sleep=passing.sleep
        )
        async with asyncio.timeout(20), aclosing(follower.follow(REQUEST)) as events:
            yield events.__anext__


async def test_events_come_in_order_and_signs_of_life_are_none(http: Any) -> None:
    script = Script([[{"type": "ka"}, event("1"), {"type": "ping"}, event("2", create=5)]])
    async with following(http, script) as take:
        assert [await take(), await take()] == [{"cursor": "1"}, {"cursor": "2", "create": 5}]
    assert script.begun == [{"folder": "f", "after": ""}]


@pytest.mark.parametrize("end", [None, {"type": "complete", "id": "1"}, refusal("UNAVAILABLE")])
async def test_a_lost_connection_is_made_anew_after_the_last_event(http: Any, end: Any) -> None:
    script = Script([[event("1"), event("2"), end], [event("3")]])
    async with following(http, script) as take:
        assert [(await take())["cursor"] for _ in range(3)] == ["1", "2", "3"]
    assert [variables["after"] for variables in script.begun] == ["", "2"]


async def test_pauses_grow_to_a_bound_and_then_it_gives_up_and_says_so(http: Any) -> None:
    script, time = Script([[event("1"), None]]), Time()
    async with following(http, script, time=time) as take:
        await take()
        with pytest.raises(ConnectionLostError, match="no connection for 60 s"):
            await take()
    assert max(time.pauses) <= LONGEST_PAUSE_S
    assert time.pauses[0] < 0.3
    assert 60 < time.now < 60 + 2 * LONGEST_PAUSE_S


async def test_an_idle_connection_that_breaks_after_hours_is_given_its_whole_time(http: Any) -> None:
    script, time = Script([[event("1"), None], [event("2")]]), Time()
    async with following(http, script, time=time) as take:
        await take()
        time.now += 24 * 3600.0

        assert (await take())["cursor"] == "2"


async def test_a_first_connection_that_fails_is_an_error_at_once(http: Any) -> None:
    time = Time()
    async with following(http, Script([[None]]), time=time) as take:
        with pytest.raises(ConnectionLostError):
            await take()
    assert time.pauses == []


async def test_a_refusal_ends_it(http: Any) -> None:
    async with following(http, Script([[event("1"), refusal("REFUSED")]])) as take:
        await take()
        with pytest.raises(HubRefusedError, match="it says why"):
            await take()


async def test_a_token_that_is_refused_is_renewed_once(http: Any) -> None:
    tokens = Tokens(["stale", "good"])
    async with following(http, Script([[event("1")]]), tokens) as take:
        assert (await take())["cursor"] == "1"
    assert tokens.renewals == 1


async def test_a_renewed_token_that_is_refused_asks_for_a_login(http: Any) -> None:
    async with following(http, Script([]), Tokens(["stale", "bad"])) as take:
        with pytest.raises(LoginRequiredError):
            await take()


async def test_a_token_that_ends_while_watching_is_renewed_without_a_gap(http: Any) -> None:
    script = Script([[event("1"), refusal("UNAUTHENTICATED")], [event("2")]], good_tokens={"good", "newer"})
    tokens = Tokens(["good", "newer"])
    async with following(http, script, tokens) as take:
        assert [(await take())["cursor"] for _ in range(2)] == ["1", "2"]
    assert script.begun[-1]["after"] == "1"


@pytest.mark.parametrize("text", ["5", "{", '{"type": 5}', '{"type": "data", "payload": 5}', '{"type": "data"}'])
async def test_what_is_no_message_breaks_the_connection(http: Any, text: str) -> None:
    async def talk(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("graphql-ws",))
        await socket.prepare(request)
        await socket.send_json({"type": "connection_ack"})
        await socket.send_str(text)
        await socket.receive()
        return socket

    script = Script([])
    script.serve = talk  # type: ignore[method-assign]  # another hub
    async with following(http, script) as take:
        with pytest.raises(ConnectionLostError):
            await take()


async def test_a_token_is_not_sent_where_others_can_read_along(http: Any) -> None:
    with pytest.raises(InsecureTransportError):
        await http.connect("http://elsewhere.example/graphql", protocols=("graphql-ws",))
