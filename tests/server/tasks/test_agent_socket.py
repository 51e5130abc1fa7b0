"""The socket of agents: who is let in, who is let go, and what is recorded."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from arkitekt_di.messages.frames import FEATURE_TOGETHER
from arkitekt_di.settings.models import TaskSettings
from tests.server.tasks import documents
from tests.server.tasks.task_hub import OURS, TaskHub, serve

pytestmark = pytest.mark.anyio
REGISTER = {"type": "REGISTER", "id": "1", "token": "robot", "session_id": "one"}


async def code_after(hub: TaskHub, *frames: object) -> int | None:
    """Return the close code after some frames."""
    async with asyncio.timeout(10), hub.socket(frames[0]) as socket:
        for frame in frames[1:]:
            await (socket.send_str(frame) if isinstance(frame, str) else socket.send_json(frame))
        async for _ in socket:
            pass
        return socket.close_code


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (["no json"], 3002),
        (["[1, 2]"], 3002),
        (['{"type": "REGISTER", "token": NaN}'], 3002),
        ([{"type": "REGISTER", "id": "1"}], 3003),
        ([REGISTER | {"token": "nobody"}], 3003),
        ([{"type": "STARTED", "id": "1", "task": "t"}], 3004),
        ([{"type": "TOMORROW", "id": "1"}], 3004),
        ([REGISTER | {"implementations": [{"interface": "x"}]}], 4006),
        ([REGISTER, REGISTER], 3003),
        ([REGISTER, "no json"], 3002),
        ([REGISTER, {"type": "YIELD", "id": "2"}], 3003),
    ],
    ids=str,
)
async def test_what_is_wrong_ends_the_connection_with_a_code(hub: TaskHub, frames: list[object], code: int) -> None:
    assert await code_after(hub, *frames) == code


async def test_unknown_frames_and_members_are_passed_over(hub: TaskHub) -> None:
    async with hub.agent(tomorrow={"x": 1}) as agent:
        await agent.send("FROM_TOMORROW", task="x")
        task = await hub.assign("double")
        await agent.next("ASSIGN")
        await agent.report("STARTED", task["id"], mood="good")
        await agent.recorded()

        assert await hub.kinds(task["id"]) == ["QUEUED", "STARTED"]


async def test_a_second_process_is_turned_away_unless_it_insists(hub: TaskHub) -> None:
    async with hub.agent() as first:
        assert await code_after(hub, REGISTER | {"session_id": "two"}) == 4004
        async with hub.agent(session="two", force=True) as second:
            assert await first.closed() == 4005
            task = await hub.assign("double")
            assert (await second.next("ASSIGN"))["task"] == task["id"]


async def test_the_same_process_comes_back_and_goes_on(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        running, unheard = await hub.assign("double"), await hub.assign("double")
        await agent.next("ASSIGN")
        await agent.next("ASSIGN")
        await agent.report("STARTED", running["id"])
        await agent.recorded()
        async with hub.agent(pos=agent.pos) as again:
            assert await agent.closed() == 4005
            assert again.init["inquiries"] == [{"task": running["id"]}]
            assert again.init["epoch"] > agent.init["epoch"]
            assert (await again.next("ASSIGN"))["task"] == unheard["id"]
            await again.report("COMPLETED", running["id"])
            await again.recorded()

            assert await hub.kinds(running["id"]) == ["QUEUED", "STARTED", "COMPLETED"]


async def test_frames_that_are_sent_again_are_recorded_once(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        task = await hub.assign("double")
        await agent.next("ASSIGN")
        await agent.run(task["id"])
        kinds = await hub.kinds(task["id"])
        sent, agent.pos = agent.pos, 0
        await agent.report("STARTED", task["id"])
        await agent.report("PROGRESS", task["id"], progress=1)
        ack = await agent.next("JOURNAL_ACK")

        assert (ack["journal_session"], ack["pos"]) == ("one", sent)
        assert await hub.kinds(task["id"]) == kinds


async def test_what_an_earlier_process_could_not_send_counts(hub: TaskHub) -> None:
    """A journal is sent by the next process, under the name of the one that wrote it."""
    async with hub.agent() as agent:
        task = await hub.assign("double")
        await agent.next("ASSIGN")
        await agent.report("STARTED", task["id"])
        await agent.recorded()
    async with hub.agent(session="two") as later:
        assert later.init["inquiries"] == []
        frame = {"task": task["id"], "pos": 2, "journal_session": "one"}
        await later.send("COMPLETED", **frame)
        ack = await later.next("JOURNAL_ACK")

    assert (ack["journal_session"], ack["pos"]) == ("one", 2)
    assert await hub.kinds(task["id"]) == ["QUEUED", "STARTED", "COMPLETED"]


async def test_states_locks_and_drawers_are_kept(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        stamp = iter(range(1, 20))

        async def tell(kind: str, **members: object) -> None:
            await agent.send(kind, pos=next(stamp), journal_session="one", **members)

        patch = {"session_id": "one", "state_name": "stage", "ts": 1.0, "old_value": None}
        await tell("SESSION_INIT", session_id="one", states={"stage": {"x": 1, "path": [1, 2]}})
        await tell("STATE_PATCH", **patch, global_rev=1, op="replace", path="/x", value=5)
        await tell("STATE_PATCH", **patch, global_rev=2, op="add", path="/path/-", value=3)
        await tell("STATE_PATCH", **patch, global_rev=3, op="remove", path="/nowhere", value=None)
        await tell("LOCK", key="camera", task="t")
        await tell("LOCK", key="laser", task="t")
        await tell("UNLOCK", key="laser")
        await tell("SHELVE", ref="r", identifier="@x/y", resource_id="d")
        agent.pos = 8
        await agent.recorded()
        held = await hub.endpoint.service.store.belongings(agent.init["agent"])

    states = {belonging.key: belonging.values for belonging in held if belonging.kind == "state"}
    assert states == {"stage": {"value": {"x": 5, "path": [1, 2, 3]}, "revision": 2, "session_id": "one"}}
    assert {belonging.key for belonging in held if belonging.kind != "state"} == {"camera", "d"}

    async with hub.agent(session="two") as later:
        await later.send("SESSION_INIT", session_id="two", states={}, pos=1, journal_session="two")
        later.pos = 1
        await later.recorded()
        assert await hub.endpoint.service.store.belongings(agent.init["agent"]) == ()


async def test_an_agent_that_does_not_answer_its_heartbeat_is_let_go(folder: Path) -> None:
    settings = TaskSettings(heartbeat_s=0.05, heartbeat_answer_s=0.05)
    async with serve(folder, settings) as hub, hub.agent() as agent:
        assert await agent.closed() == 3001


async def test_an_agent_whose_token_has_ended_is_asked_to_come_back(folder: Path) -> None:
    async with serve(folder, TaskSettings(heartbeat_s=0.05)) as hub, hub.agent() as agent:
        del hub.tokens.people["robot"]
        await agent.next("BOUNCE")


async def test_agents_are_told_that_the_hub_will_be_back(folder: Path) -> None:
    """Code 1012; the unmodified client takes 1001 for the end of everything."""
    async with serve(folder) as hub, hub.agent() as agent:
        await hub.endpoint.hang_up()
        assert await agent.closed() == 1012


async def test_a_frame_without_end_ends_the_connection(folder: Path) -> None:
    async with serve(folder, TaskSettings(max_frame_mib=0.01)) as hub, hub.agent(implementations=[]) as agent:
        await agent.send("LOG", task="t", message="x" * 20_000)
        assert await agent.closed() == 1009


async def test_an_agent_asks_for_tasks_of_its_own(hub: TaskHub) -> None:
    async with hub.agent() as agent, hub.agent(by="robot2", session="s2") as other:
        mother = await hub.assign("plan", implementation=await _implementation(hub, "plan", "robot:1.0"))
        await agent.next("ASSIGN")
        await agent.report("STARTED", mother["id"])
        child = {"parent": mother["id"], "call_key": "segment:1", "parent_step": 2, "args": {"number": 3}}
        target = {"implementation": await _implementation(hub, "segment", "robot2:1.0")}
        await agent.send("ASSIGN_REQUEST", **child, **target, reference="a")
        answer = await agent.next("ASSIGN_RESPONSE")
        order = await other.next("ASSIGN")
        await other.run(order["task"], result=6)
        mirrors = [await agent.next("YIELD_EVENT", "COMPLETED_EVENT") for _ in range(2)]
        await agent.send("ASSIGN_REQUEST", **child, **target, reference="made up")
        again = await agent.next("ASSIGN_RESPONSE")
        replayed = [await agent.next("QUEUED_EVENT", "YIELD_EVENT", "COMPLETED_EVENT") for _ in range(3)]

    assert (answer["created"], answer["task"]) == (True, order["task"])
    assert (order["parent"], order["root"]) == (mother["id"], mother["id"])
    assert mirrors[0]["returns"] == {"return0": 6}
    assert (again["created"], again["task"]) == (False, answer["task"])
    assert [frame["event"] for frame in replayed[1:]] == [frame["event"] for frame in mirrors]
    shown = await hub.ask(documents.TASK, id=answer["task"])
    assert shown["parent"] == {"id": mother["id"]}


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"parent": None}, "GraphQL"),
        ({"parent": "of another"}, "no task"),
        ({"action": "unknown"}, "nobody offers it"),
        ({"dependency": "lab", "method": "cut"}, "does not declare"),
    ],
    ids=["root", "not its own", "no such action", "no such dependency"],
)
async def test_what_an_agent_may_not_call_is_refused_with_a_reason(
    hub: TaskHub, members: dict[str, Any], reason: str
) -> None:
    async with hub.agent() as agent:
        mother = await hub.assign("plan")
        await agent.next("ASSIGN")
        await agent.send("ASSIGN_REQUEST", **({"parent": mother["id"], "args": {}} | members))
        answer = await agent.next("ASSIGN_RESPONSE")

    assert answer["task"] is None if "task" in answer else True
    assert reason in answer["error"]


async def test_a_resumed_workflow_that_calls_something_else_is_told_so(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        mother = await hub.assign("plan")
        await agent.next("ASSIGN")
        child = {"parent": mother["id"], "parent_step": 2, "args": {}}
        await agent.send("ASSIGN_REQUEST", **child, action=await hub.action("double"))
        await agent.next("ASSIGN_RESPONSE")
        await agent.send("ASSIGN_REQUEST", **child, action=await hub.action("segment"))
        answer = await agent.next("ASSIGN_RESPONSE")

    assert answer["error"].startswith("Nondeterministic workflow")


async def test_a_calling_agent_controls_its_children(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        mother = await hub.assign("plan")
        await agent.next("ASSIGN")
        await agent.send("ASSIGN_REQUEST", parent=mother["id"], args={}, action=await hub.action("double"))
        child = (await agent.next("ASSIGN_RESPONSE"))["task"]
        await agent.send("CANCEL_REQUEST", task=child, auto_interrupt=0.01)
        accepted = await agent.next("CONTROL_RESPONSE")
        await agent.next("INTERRUPT")
        await agent.report("INTERRUPTED", child)
        await agent.next("INTERRUPTED_EVENT")
        await agent.send("PAUSE_REQUEST", task=mother["id"])
        refused = await agent.next("CONTROL_RESPONSE")

    assert (accepted["accepted"], refused["accepted"]) == (True, False)
    assert "CANCEL" in {frame["type"] for frame in agent.frames}


async def test_requests_that_this_hub_has_no_answer_for_are_refused(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        await agent.send("PROBE_REQUEST", action="x")
        probe = await agent.next("PROBE_RESPONSE")
        await agent.send("STATE_REVISION_REQUEST", parent="p", dependency="d", state="s")
        revision = await agent.next("STATE_REVISION_RESPONSE")

    assert json.dumps([probe, revision]).count("error") == 2


async def _implementation(hub: TaskHub, interface: str, agent: str) -> str:
    offers = await hub.ask(documents.IMPLEMENTATIONS, filters={"search": interface})
    (offer,) = [offer for offer in offers if offer["agent"]["name"] == agent]
    identifier: str = offer["id"]
    return identifier


async def test_several_frames_in_one_message_are_taken_in_order(hub: TaskHub) -> None:
    features = [*OURS, FEATURE_TOGETHER]
    async with hub.agent(features=features) as agent:
        assert FEATURE_TOGETHER in agent.init["features"]
        task = (await hub.assign("double"))["id"]
        await agent.next("ASSIGN")
        told: list[dict[str, Any]] = [
            {"type": "STARTED"},
            {"type": "YIELD", "returns": {"return0": 42}},
            {"type": "COMPLETED"},
        ]
        stamp = {"journal_session": "one", "task": task}
        await agent.socket.send_json([frame | stamp | {"pos": pos} for pos, frame in enumerate(told, 1)])
        ack = await agent.next("JOURNAL_ACK")

        assert ack["pos"] == 3
        assert await hub.kinds(task) == ["QUEUED", "STARTED", "YIELD", "COMPLETED"]


async def test_an_agent_that_reads_one_frame_a_message_gets_one(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        assert FEATURE_TOGETHER not in agent.init["features"]
        tasks = [await hub.assign("double") for _ in range(3)]

        assert [(await agent.next("ASSIGN"))["task"] for _ in tasks] == [task["id"] for task in tasks]
