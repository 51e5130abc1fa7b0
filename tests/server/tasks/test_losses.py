"""What becomes of tasks when agents, networks and hubs fail."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from arkitekt_di.messages.frames import Frame
from arkitekt_di.server.tasks.dispatch import InProcessDispatch
from arkitekt_di.settings.models import TaskSettings
from arkitekt_di.testing.dispatch import DuplicatingDispatch
from tests.server.tasks import documents
from tests.server.tasks.task_hub import BOUND_S, QUICK, TaskHub, Watcher, serve

pytestmark = pytest.mark.anyio


async def test_a_task_whose_agent_dies_is_lost_and_says_what_is_known(hub: TaskHub) -> None:
    async with Watcher(hub) as watcher, hub.agent() as agent:
        task = await hub.assign("double")
        await agent.next("ASSIGN")
        await agent.report("STARTED", task["id"])
        await agent.report("PROGRESS", task["id"], progress=30)
        await agent.recorded()
        await agent.die()
        events = await watcher.until("LOST")

    told = {"started": True, "last_progress": 30, "effects": "UNKNOWN", "reason": "the agent is gone"}
    assert events[-1]["value"] == told
    assert events[-1]["message"] == "the agent is gone"


async def test_a_task_that_may_run_again_does_and_the_caller_hears_of_it_first(hub: TaskHub) -> None:
    async with Watcher(hub) as watcher:
        async with hub.agent() as agent:
            task = await hub.assign("segment")
            await agent.next("ASSIGN")
            await agent.report("STARTED", task["id"])
            await agent.recorded()
            await agent.die()
        events = await watcher.until("STARTED")
        again = (await watcher.next())["event"]
        async with hub.agent(session="two") as agent:
            order = await agent.next("ASSIGN")
            await agent.run(task["id"])
            await watcher.until("COMPLETED")

    assert [event["kind"] for event in events] == ["QUEUED", "STARTED"]
    assert (again["kind"], again["message"]) == ("QUEUED", "the agent is gone")
    assert (order["task"], order["attempt"]) == (task["id"], 2)


async def test_it_moves_to_another_agent_where_its_own_does_not_come_back(hub: TaskHub) -> None:
    async with hub.agent(by="robot2", session="s2") as other, hub.agent() as agent:
        for _ in range(2):
            await hub.assign("segment")
        order = await agent.next("ASSIGN")
        await other.next("ASSIGN")
        await agent.die()
        moved = await other.next("ASSIGN")

    assert (moved["task"], moved["attempt"]) == (order["task"], 2)


async def test_what_waits_for_an_agent_that_is_gone_goes_to_one_that_comes(hub: TaskHub) -> None:
    """It was never given out: its own agent had gone before, and does not come back."""
    async with hub.agent() as agent:
        action = await hub.action("segment")
        await agent.die()
    asked = [await hub.ask(documents.ASSIGN, input={"action": action, "args": {"number": n}}) for n in range(3)]
    async with hub.agent(by="robot2", session="s2") as other:
        given = [(await other.next("ASSIGN"))["task"] for _ in asked]

    assert given == [task["id"] for task in asked]


async def test_what_waits_for_an_agent_that_may_come_back_stays(folder: Path) -> None:
    async with serve(folder, TaskSettings(lost_after_s=600.0)) as hub:
        async with hub.agent() as agent:
            action = await hub.action("segment")
            await agent.die()
        await hub.until(lambda: not list(hub.endpoint.service.crew))
        task = await hub.ask(documents.ASSIGN, input={"action": action, "args": {"number": 1}})
        async with hub.agent(by="robot2", session="s2") as other, hub.agent(session="two") as agent:
            assert (await agent.next("ASSIGN"))["task"] == task["id"]
            connection = hub.endpoint.service.crew.at(other.init["agent"])
            assert connection is not None
            assert connection.load == 0


async def test_a_task_that_never_began_is_given_out_again(hub: TaskHub) -> None:
    """Agents that count attempts say that they have a task before they begin it."""
    async with hub.agent() as agent:
        task = await hub.assign("double")
        await agent.next("ASSIGN")
        await agent.die()
    async with hub.agent(session="two") as agent:
        assert (await agent.next("ASSIGN"))["task"] == task["id"]


@pytest.mark.parametrize("features", [None, []], ids=["older", "newest"])
async def test_of_other_agents_nobody_knows_whether_it_began(hub: TaskHub, features: list[str] | None) -> None:
    async with hub.agent(features=features) as agent:
        task = await hub.assign("double")
        await agent.next("ASSIGN")
        await agent.die()
    ended = await hub.ended(task["id"])

    assert ended["latestEventKind"] == "LOST"
    assert ended["events"][-1]["value"]["started"] is False


async def test_a_body_that_kills_its_agent_every_time_is_given_up(hub: TaskHub) -> None:
    task = None
    for number in range(QUICK.redeliveries + 1):
        async with hub.agent(session=f"life {number}") as agent:
            task = task or await hub.assign("segment")
            await agent.next("ASSIGN")
            await agent.report("STARTED", task["id"])
            await agent.recorded()
            await agent.die()
    assert task is not None
    ended = await hub.ended(task["id"])

    assert ended["latestEventKind"] == "LOST"
    assert [event["kind"] for event in ended["events"]].count("STARTED") == QUICK.redeliveries + 1


async def test_a_workflow_goes_on_with_what_it_recorded(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        task = await hub.assign("plan")
        first = await agent.next("ASSIGN")
        await agent.report("STARTED", task["id"], task_step=1)
        await agent.report("EFFECT", task["id"], task_step=2, effect="NOW", value=12.5, key="NOW:1")
        await agent.recorded()
        await agent.die()
    async with hub.agent(session="two") as agent:
        again = await agent.next("ASSIGN")
        await agent.run(task["id"])

    assert "resume" not in first
    effect = {"key": "NOW:1", "effect": "NOW", "value": 12.5}
    assert again["resume"] == {"last_step": 2, "effects": [effect]}
    assert (await hub.ended(task["id"]))["latestEventKind"] == "COMPLETED"


async def test_what_comes_too_late_is_kept_beside_the_task(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        task = await hub.assign("double")
        await agent.next("ASSIGN")
        await agent.report("STARTED", task["id"])
        await agent.recorded()
        await agent.die()
    await hub.ended(task["id"])
    async with hub.agent(pos=1) as agent:
        await agent.report("YIELD", task["id"], returns={"return0": 1})
        await agent.report("COMPLETED", task["id"])
        await agent.recorded()
        ended = await hub.ended(task["id"])

    assert ended["latestEventKind"] == "LOST"
    late = ended["events"][-2:]
    assert [event["kind"] for event in late] == ["LATE_REPORT"] * 2
    assert late[0]["value"]["payload"] == {"returns": {"return0": 1}}
    assert late[0]["returns"] is None


async def test_the_hub_comes_back_with_all_that_was_open(folder: Path) -> None:
    async with serve(folder) as hub, hub.agent() as agent:
        running, waiting = await hub.assign("double"), await hub.assign("double")
        await agent.next("ASSIGN")
        await agent.next("ASSIGN")
        await agent.report("STARTED", running["id"])
        await agent.recorded()
    async with serve(folder) as hub, hub.agent(pos=agent.pos) as agent:
        assert agent.init["inquiries"] == [{"task": running["id"]}]
        assert (await agent.next("ASSIGN"))["task"] == waiting["id"]
        await agent.run(waiting["id"])
        await agent.report("COMPLETED", running["id"])
        await agent.recorded()

        assert await hub.kinds(running["id"]) == ["QUEUED", "STARTED", "COMPLETED"]
        assert (await hub.ended(waiting["id"]))["latestEventKind"] == "COMPLETED"


async def test_an_agent_that_does_not_come_back_with_the_hub_has_lost_its_tasks(folder: Path) -> None:
    async with serve(folder) as hub, hub.agent() as agent:
        task = await hub.assign("double")
        await agent.next("ASSIGN")
        await agent.report("STARTED", task["id"])
        await agent.recorded()
    async with serve(folder) as hub:
        assert (await hub.ended(task["id"]))["latestEventKind"] == "LOST"


async def test_an_order_that_nobody_answers_is_repeated_and_then_given_up(folder: Path) -> None:
    settings = TaskSettings(pickup_s=0.2)
    async with serve(folder, settings) as hub, hub.agent() as agent:
        task = await hub.assign("segment")
        orders = [await agent.next("ASSIGN"), await agent.next("ASSIGN")]
        ended = await hub.ended(task["id"])

    assert [order["task"] for order in orders] == [task["id"]] * 2
    assert (ended["latestEventKind"], ended["events"][-1]["message"]) == ("LOST", "the agent never said it took it")
    assert ended["events"][-1]["value"]["started"], "the agent lives: it may have begun"


async def test_a_task_that_was_taken_may_wait_as_long_as_it_likes(folder: Path) -> None:
    settings = TaskSettings(pickup_s=0.1)
    async with serve(folder, settings) as hub, hub.agent() as agent:
        task = await hub.assign("double")
        await agent.next("ASSIGN")
        await agent.send("ACCEPTED", task=task["id"], attempt=1)
        connection = hub.endpoint.service.crew.at(agent.init["agent"])
        assert connection is not None
        await hub.until(lambda: not connection.unanswered)

        assert await hub.kinds(task["id"]) == ["QUEUED"]


async def test_calls_survive_a_dispatch_that_repeats_swaps_and_loses_orders(folder: Path) -> None:
    dispatch = DuplicatingDispatch(InProcessDispatch(), Random(7))  # noqa: S311  # not for secrets
    settings = TaskSettings(pickup_s=0.15)
    bodies: dict[str, int] = {}
    async with serve(folder, settings, dispatch) as hub, hub.agent() as agent:
        action = await hub.action("segment")
        asked = [hub.ask(documents.ASSIGN, input={"action": action, "args": {"number": n}}) for n in range(40)]
        tasks = [task["id"] for task in await asyncio.gather(*asked)]

        async def work() -> None:
            while True:
                order = await agent.next("ASSIGN")
                if order["task"] not in bodies:  # an agent knows a task by its name
                    bodies[order["task"]] = 1
                    for kind in ("STARTED", "COMPLETED"):
                        await agent.report(kind, order["task"])

        working = asyncio.create_task(work())
        async with asyncio.timeout(BOUND_S):
            ends = [(await hub.ended(task))["events"] for task in tasks]
        working.cancel()

    assert dispatch.lost
    assert dispatch.repeated
    for events in ends:
        # What an agent says of a task that was given up before is kept behind its end.
        kinds = [event["kind"] for event in events if event["kind"] != "LATE_REPORT"]
        assert kinds.count("STARTED") <= 1
        assert kinds[-1] in {"COMPLETED", "LOST"}
        assert sum(kind in {"COMPLETED", "LOST"} for kind in kinds) == 1


async def test_the_dispatch_of_the_test_loses_only_what_it_says() -> None:
    class Box:
        def __init__(self) -> None:
            self.orders: list[Frame] = []

        def put(self, order: Frame) -> None:
            self.orders.append(order)

    dispatch, box = DuplicatingDispatch(InProcessDispatch(), Random(1)), Box()  # noqa: S311  # not for secrets
    dispatch.attach("a", box)
    orders = [Frame(type="ASSIGN") for _ in range(100)]
    for order in orders:
        dispatch.push("a", order)
    dispatch.detach("a", box)

    assert len(box.orders) == 100 - dispatch.lost + dispatch.repeated
    assert [order for order in orders if order in box.orders] != box.orders
