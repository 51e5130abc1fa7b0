"""Agents, bodies and callers that are killed, with 200 tasks and the effects of their bodies on record."""

import asyncio
import os
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable

import pytest

from arkitekt_di.errors import AgentLostError, RemoteError
from arkitekt_di.messages.tasks import EventKind
from tests.faults.gate import Gate
from tests.faults.people import app_of
from tests.faults.stage import TASKS, Stage, call_all, check_invariant, kill, outcomes, until_lost

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

AT_ONCE = 100
"""Bodies of one function that run at once, and tasks that the agent is given: the others wait in the hub."""


@pytest.fixture
def stage(set_stage: Callable[..., Stage]) -> Stage:
    """Return a stage whose agent begins everything that it is given."""
    return set_stage(window=AT_ONCE)


@pytest.fixture
async def gate(anyio_backend: str) -> AsyncIterator[Gate]:
    async with Gate().listening() as gate:
        yield gate


def starts(stage: Stage) -> Counter[str]:
    """Return how often the body of each task began."""
    return Counter(note[0] for note in stage.notes("began"))


def announced(stage: Stage) -> set[str]:
    """Return the tasks of which their callers heard that they are given out again."""
    return {task for task, own in stage.events().items() if "REDELIVERED" in {event["kind"] for event in own}}


async def test_an_agent_that_is_killed_loses_what_it_began_and_nothing_else(stage: Stage, gate: Gate):
    """Its next process works off what waited; the process that held its socket has ended by itself."""
    stage.hub()
    stage.agent(REVIVED="1")
    async with app_of("caller", stage.port) as app:
        tasks = await call_all(app, "wait_once", stage, gate.port)
        await gate.waited(AT_ONCE)
        first, *_ = {int(process) for _, _, process in stage.notes("began")}
        os.kill(first, signal.SIGKILL)
        await until_lost(tasks, AT_ONCE)
        gate.open()
        counted = await outcomes(tasks)
        with pytest.raises(AgentLostError) as caught:
            await next(task for task in tasks if task.state == EventKind.LOST).aresult()

    check_invariant(stage, tasks)
    assert counted == {"AgentLostError": AT_ONCE, "completed": TASKS - AT_ONCE}
    assert set(starts(stage).values()) == {1}
    assert {int(process) for _, _, process in stage.notes("ended")}.isdisjoint({first})
    assert (caught.value.started, caught.value.last_progress) == (True, 50)


@pytest.mark.long
async def test_what_may_be_repeated_begins_again_and_its_caller_hears_of_it_first(stage: Stage, gate: Gate):
    stage.hub()
    first = stage.agent()
    async with app_of("caller", stage.port) as app:
        tasks = await call_all(app, "wait_again", stage, gate.port)
        await gate.waited(AT_ONCE)
        kill(first)
        await asyncio.to_thread(stage.agent)
        gate.open()
        counted = await outcomes(tasks)

    check_invariant(stage, tasks)
    assert counted == {"completed": TASKS}
    begun = starts(stage)
    assert Counter(begun.values()) == {1: TASKS - AT_ONCE, 2: AT_ONCE}
    assert announced(stage) >= {task for task, times in begun.items() if times == 2}


@pytest.mark.long
@pytest.mark.parametrize("function", ["wait_once", "wait_again"])
async def test_an_agent_that_is_gone_for_good_leaves_its_work_to_another(stage: Stage, gate: Gate, function: str):
    """What it had not begun moves; what it had begun moves where that does no harm, and is lost otherwise."""
    stage.hub()
    first = stage.agent()
    async with app_of("caller", stage.port) as app:
        tasks = await call_all(app, function, stage, gate.port, count=TASKS)
        await gate.waited(AT_ONCE)
        await asyncio.to_thread(stage.agent, "spare")
        kill(first)
        gate.open()
        counted = await outcomes(tasks)

    check_invariant(stage, tasks)
    harmless = function == "wait_again"
    assert counted == ({"completed": TASKS} if harmless else {"AgentLostError": AT_ONCE, "completed": TASKS - AT_ONCE})
    by_process = defaultdict(set)
    for task, _, process in stage.notes("ended"):
        by_process[process].add(task)
    assert [len(done) for done in by_process.values()] == [TASKS if harmless else TASKS - AT_ONCE]


@pytest.mark.long
async def test_what_waits_for_an_agent_that_never_comes_back_can_be_cancelled(stage: Stage, gate: Gate):
    stage.hub()
    only = stage.agent()
    async with app_of("caller", stage.port) as app:
        tasks = await call_all(app, "wait_once", stage, gate.port)
        await gate.waited(AT_ONCE)
        kill(only)
        await until_lost(tasks, AT_ONCE)
        await asyncio.gather(*(task.cancel.aio() for task in tasks if not task.is_done))
        counted = await outcomes(tasks)

    check_invariant(stage, tasks)
    assert counted == {"AgentLostError": AT_ONCE, "TaskStoppedError": TASKS - AT_ONCE}
    assert len(stage.notes("began")) == AT_ONCE


async def test_a_body_whose_process_is_killed_is_told_with_the_signal(stage: Stage):
    stage.hub()
    agent = stage.agent()
    async with app_of("caller", stage.port) as app:
        task = await app.rekuest.asubmit("apart", 1, stage.log, "kill")
        with pytest.raises(RemoteError, match="SIGKILL"):
            await task.aresult()
        after = await app.rekuest.asubmit("apart", 2, stage.log, "nothing")
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
        second = await asyncio.to_thread(stage.agent, ARKITEKT_REKUEST__FORCE="true")
        os.killpg(first.pid, signal.SIGCONT)
        counted = await outcomes(tasks)
        await asyncio.to_thread(first.wait, 60)

    check_invariant(stage, tasks)
    assert counted == {"completed": TASKS}
    assert second.poll() is None
