"""The socket of callers: who is let in, what is answered, and what whoever comes back is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from arkitekt_di.server.tasks import desk_socket
from tests.server.tasks import documents
from tests.server.tasks.task_hub import BOUND_S, QUICK, TaskHub, serve

pytestmark = pytest.mark.anyio


class HandCaller:
    """A caller whose every frame the test writes."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._events: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []

    async def frame(self) -> dict[str, Any]:
        """Return the next frame."""
        async with asyncio.timeout(BOUND_S):
            message = await self._socket.receive()
        assert message.type is WSMsgType.TEXT, (message, self._socket.close_code)
        frame: dict[str, Any] = json.loads(message.data)
        return frame

    async def ask(self, kind: str, **members: object) -> dict[str, Any]:
        """Send a request, and return its answer."""
        await self._socket.send_json({"type": kind, "id": f"{kind} {id(members)}"} | members)
        while (frame := await self.frame())["type"] == "EVENTS":
            self._events += frame["events"]
        assert frame["request"] == f"{kind} {id(members)}"
        return frame

    async def until(self, kind: str) -> list[dict[str, Any]]:
        """Return events up to the first of a kind."""
        events: list[dict[str, Any]] = []
        while not events or events[-1]["kind"] != kind:
            if not self._events:
                frame = await self.frame()
                assert frame["type"] == "EVENTS", frame
                self._events += frame["events"]
            events.append(self._events.pop(0))
        return events


@asynccontextmanager
async def calling(hub: TaskHub, *, by: str = "ada", **members: object) -> AsyncIterator[HandCaller]:
    async with hub.socket({"type": "HELLO", "id": "1", "token": by} | members, "/rekuest/desk") as socket:
        caller = HandCaller(socket)
        assert (await caller.frame())["type"] == "WELCOME"
        yield caller


async def test_a_call_is_answered_and_its_events_come_on_the_same_socket(hub: TaskHub) -> None:
    async with hub.agent() as agent, calling(hub) as caller:
        order = {"action": await hub.action("double"), "args": {"number": 21}, "reference": "mine"}
        called = await caller.ask("CALL", order=order)
        again = await caller.ask("CALL", order=order)
        await agent.run((await agent.next("ASSIGN"))["task"])
        events = await caller.until("COMPLETED")

    assert (called["is_new"], again["is_new"], called["task"]) == (True, False, again["task"])
    assert [event["kind"] for event in events] == ["QUEUED", "STARTED", "PROGRESS", "YIELD", "COMPLETED"]
    assert {event["task"] for event in events} == {called["task"]}
    assert events[3]["returns"] == {"return0": 42}
    assert (events[2]["progress"], events[2]["message"]) == (0, "Queued for running")


async def test_whoever_comes_back_is_told_what_was_missed(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        async with calling(hub) as caller:
            task = (await caller.ask("CALL", order=await _order(hub)))["task"]
            (queued,) = await caller.until("QUEUED")
        await agent.next("ASSIGN")
        await agent.run(task)
        async with calling(hub, since=int(queued["id"])) as caller:
            events = await caller.until("COMPLETED")

    assert [event["kind"] for event in events] == ["STARTED", "PROGRESS", "YIELD", "COMPLETED"]


async def test_controls_are_answered_and_carried(hub: TaskHub) -> None:
    async with hub.agent() as agent, calling(hub) as caller:
        task = (await caller.ask("CALL", order=await _order(hub)))["task"]
        for wish in ("PAUSE", "RESUME", "CANCEL", "INTERRUPT"):
            assert "error" not in await caller.ask("CONTROL", task=task, wish=wish)
            assert (await agent.next(wish))["task"] == task


@pytest.mark.parametrize(
    ("kind", "members", "code"),
    [
        ("CALL", {"order": {"args": {}, "reference": "r", "action": "unknown"}}, "NOT_FOUND"),
        ("CONTROL", {"task": "unknown", "wish": "CANCEL"}, "NOT_FOUND"),
    ],
    ids=["call", "control"],
)
async def test_what_cannot_be_done_is_told_with_a_code(hub: TaskHub, kind: str, members: Any, code: str) -> None:
    async with calling(hub) as caller:
        answer = await caller.ask(kind, **members)

    assert (answer["code"], bool(answer["error"])) == (code, True)


async def test_nobody_is_told_of_the_tasks_of_others_unless_they_follow_the_organization(hub: TaskHub) -> None:
    organization = {"follows": "organization"}
    async with (
        hub.agent(),
        calling(hub, by="ben") as ben,
        calling(hub, by="ben", **organization) as colleague,
        calling(hub, by="eve", **organization) as rival,
        calling(hub) as ada,
    ):
        task = (await ada.ask("CALL", order=await _order(hub)))["task"]
        own = (await ben.ask("CALL", order=await _order(hub)))["task"]
        seen = [(await colleague.until("QUEUED"))[0]["task"] for _ in range(2)]
        refused = await colleague.ask("CALL", order=await _order(hub))
        foreign = await rival.ask("CONTROL", task=task, wish="CANCEL")

        assert [event["task"] for event in await ben.until("QUEUED")] == [own]

    assert seen == [task, own]
    assert (refused["code"], foreign["code"]) == ("REFUSED", "NOT_FOUND")
    assert rival._events == []


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("no json", 4400),
        ({"type": "CALL", "id": "1"}, 4400),
        ({"type": "HELLO", "id": "1"}, 4400),
        ({"type": "HELLO", "id": "1", "token": "nobody"}, 4401),
    ],
    ids=["no json", "no greeting", "no token", "a wrong token"],
)
async def test_what_is_wrong_ends_the_connection_with_a_code(hub: TaskHub, frame: object, code: int) -> None:
    async with asyncio.timeout(BOUND_S), hub.socket(frame, "/rekuest/desk") as socket:
        async for _ in socket:
            pass
        assert socket.close_code == code


async def test_a_connection_whose_token_has_ended_is_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_socket, "TOKEN_CHECK_S", 0.0)
    async with (
        serve(folder, QUICK) as hub,
        hub.agent(),
        hub.socket({"type": "HELLO", "id": "1", "token": "ada"}, "/rekuest/desk") as socket,
    ):
        await socket.receive()
        order = await _order(hub)
        await socket.send_json({"type": "CALL", "id": "2", "order": order | {"reference": "first"}})
        await socket.receive()
        del hub.tokens.people["ada"]
        await socket.send_json({"type": "CALL", "id": "3", "order": order | {"reference": "second"}})
        async with asyncio.timeout(BOUND_S):
            said = [message.data async for message in socket]
        assert socket.close_code == 4401
        assert not [frame for frame in said if json.loads(frame).get("request") == "3"]
        assert [task["reference"] for task in await hub.ask(documents.TASKS, by="ben")] == ["first"]


async def test_a_connection_that_hears_nothing_calls_nothing_with_a_token_that_has_ended(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_socket, "TOKEN_CHECK_S", 0.0)
    async with (
        serve(folder, QUICK) as hub,
        hub.agent(),
        hub.socket({"type": "HELLO", "id": "1", "token": "ada"}, "/rekuest/desk") as socket,
    ):
        await socket.receive()
        order = await _order(hub)
        del hub.tokens.people["ada"]
        await socket.send_json({"type": "CALL", "id": "2", "order": order})
        async with asyncio.timeout(BOUND_S):
            said = [message.data async for message in socket]
        assert (said, socket.close_code) == ([], 4401)
        assert await hub.ask(documents.TASKS, by="ben") == []


async def _order(hub: TaskHub) -> dict[str, Any]:
    return {"action": await hub.action("double"), "args": {"number": 1}, "reference": f"call {id(object())}"}
