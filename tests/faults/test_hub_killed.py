"""A hub that is killed while 200 tasks run, and between what it has committed and what it would tell."""

import asyncio
from collections import defaultdict

import pytest

from arkitekt_di.messages.calls import TaskEvent
from arkitekt_di.rekuest import RemoteTask
from tests.faults.gate import Gate
from tests.faults.people import app_of
from tests.faults.stage import TASKS, Stage, call_all, check_invariant, kill, outcomes

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]


class Heard:
    """What a caller hears of its tasks."""

    def __init__(self, tasks: list[RemoteTask]) -> None:
        self.events: defaultdict[str, list[int]] = defaultdict(list)
        self.open = [task.id for task in tasks if not task.is_done]
        for task in tasks:
            task.on_event.append(self._take)

    def _take(self, event: TaskEvent) -> None:
        self.events[event.task].append(int(event.id))

    def check(self, stage: Stage) -> None:
        """Check that of each task everything was heard once and in order, from the first that was heard on."""
        recorded_of = stage.events()
        for task_id in self.open:
            recorded, heard = recorded_of[task_id], self.events[task_id]
            assert heard, "nothing was heard of a task"
            assert heard == [event["seq"] for event in recorded if event["seq"] >= heard[0]]


async def test_a_hub_that_is_killed_loses_nothing_and_bodies_run_on(stage: Stage):
    hub = stage.hub()
    stage.agent()
    async with Gate().listening() as gate, app_of("caller", stage.port) as app:
        tasks = await call_all(app, "wait_once", stage, gate.port)
        heard = Heard(tasks)
        await gate.waited(100)
        kill(hub)
        gate.open()
        await stage.noted("ended", TASKS)  # while there is no hub
        await asyncio.to_thread(stage.hub)
        counted = await outcomes(tasks)

    check_invariant(stage, tasks)
    heard.check(stage)
    assert heard.open
    assert counted == {"completed": TASKS}
    assert len(stage.notes("began")) == len(stage.notes("ended")) == TASKS


@pytest.mark.long
@pytest.mark.parametrize(
    "fault",
    [{"dies_at_carrying": 100}, {"dies_at_publishing": 50}, {"dies_at_publishing": 700}],
    ids=["an order is committed and not carried", "calls are committed and not told", "results are"],
)
async def test_a_hub_that_dies_between_commit_and_delivery(stage: Stage, fault: dict[str, int]):
    """What was committed is carried and told by its next life, and to each once."""
    hub = stage.hub(**fault)
    stage.agent()

    async def restart() -> None:
        await asyncio.to_thread(hub.wait)
        await asyncio.to_thread(stage.hub)

    restarting = asyncio.create_task(restart())
    async with app_of("caller", stage.port) as app:
        tasks = await call_all(app, "once", stage, 1.0)
        heard = Heard(tasks)
        counted = await outcomes(tasks)
        await restarting

    check_invariant(stage, tasks)
    heard.check(stage)
    assert counted == {"completed": TASKS}
    assert len(stage.events()) == TASKS
    assert len(stage.notes("began")) == len(stage.notes("ended")) == TASKS
