"""Agents, bodies, hubs and callers that are killed, with 200 tasks and the effects of their bodies on record."""

import asyncio
import os
import signal
import sys

import pytest

from arkitekt_di.errors import RemoteError
from arkitekt_di.messages.tasks import EventKind
from tests.faults.people import app_of
from tests.faults.stage import TASKS, Stage, call_all, check_invariant, kill, outcomes

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]


async def test_an_agent_that_is_killed_loses_what_it_began_and_nothing_else(stage: Stage):
    stage.hub()
    first = stage.agent()
    async with app_of("caller", stage.port) as app:
        tasks = await call_all(app, "once", stage, 3.0)
        await stage.noted("ended", 5)
        kill(first)
        stage.agent()
        counted = await outcomes(tasks)

    check_invariant(stage, tasks)
    lost = {task.id for task in tasks if task.state == EventKind.LOST}
    assert counted == {"AgentLostError": len(lost), "completed": TASKS - len(lost)}
    assert lost
    assert {len(starts) for starts in _starts(stage).values()} == {1}


async def test_a_body_whose_process_is_killed_is_told_with_the_signal(stage: Stage):
    stage.hub()
    agent = stage.agent()
    async with app_of("caller", stage.port) as app:
        task = await app.rekuest.asubmit("apart", 1, stage.log, "kill")
        with pytest.raises(RemoteError, match="SIGKILL"):
            await task.aresult()
        after = await app.rekuest.asubmit("apart", 2, stage.log, "")
        assert await after.aresult() == 2

    check_invariant(stage, [task, after])
    assert agent.poll() is None


@pytest.mark.long
async def test_a_caller_that_dies_and_asks_again_gets_the_same_tasks(stage: Stage):
    stage.hub()
    stage.agent()
    command = f"import asyncio; from tests.faults.test_killed import ask; asyncio.run(ask({stage.port}, {stage.log!r}))"
    kill(stage.start(sys.executable, "-c", command))
    async with app_of("caller", stage.port) as app:
        tasks = await call_all(app, "once", stage, 0.2)
        counted = await outcomes(tasks)

    check_invariant(stage, tasks)
    assert counted == {"completed": TASKS}
    assert len(stage.events()) == TASKS
    assert len(stage.notes("began")) == TASKS


async def ask(port: int, log: str) -> None:
    """Ask for tasks, and wait to be killed: the caller that dies."""
    async with app_of("caller", port) as app:
        for n in range(TASKS):
            await app.rekuest.asubmit("once", n, log, 0.2, reference=f"call {n}")
        print("ready", flush=True)
        await asyncio.Event().wait()


def _starts(stage: Stage) -> dict[str, list[float]]:
    starts: dict[str, list[float]] = {}
    for task_id, at, _ in stage.notes("began"):
        starts.setdefault(task_id, []).append(float(at))
    return starts


@pytest.mark.long
async def test_an_agent_that_wakes_after_another_took_its_place_changes_nothing(stage: Stage):
    """It is stopped for longer than the hub waits, a second one takes over, and then it wakes."""
    stage.settings |= {"heartbeat_s": 0.5, "heartbeat_answer_s": 0.5}
    stage.hub()
    first = stage.agent(ARKITEKT_REKUEST__HEARTBEAT="loop")
    async with app_of("caller", stage.port) as app:
        tasks = await call_all(app, "again", stage, 0.3)
        await stage.noted("began", 5)
        os.killpg(first.pid, signal.SIGSTOP)
        second = stage.agent(ARKITEKT_REKUEST__FORCE="true")
        os.killpg(first.pid, signal.SIGCONT)
        counted = await outcomes(tasks)
        first.wait(60)

    check_invariant(stage, tasks)
    assert counted == {"completed": TASKS}
    assert second.poll() is None
