"""Bodies that hold the interpreter, or take their process down, among 200 tasks of one agent."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from arkitekt_di.errors import RemoteError, TaskStoppedError
from arkitekt_di.messages.calls import TaskEvent
from arkitekt_di.messages.tasks import EventKind
from tests.faults.people import app_of
from tests.faults.stage import BOUND_S, TASKS, Stage, call_all, check_invariant, outcomes

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]
SetStage = Callable[..., Stage]
IMPATIENT = {"heartbeat_s": 0.5, "heartbeat_answer_s": 3.0, "lost_after_s": 0.5}
"""A hub that takes an agent for lost soon after the first heartbeat that is not answered, in seconds."""


def kinds_in(stage: Stage) -> set[str]:
    """Return what happened to any task."""
    return {event["kind"] for own in stage.events().values() for event in own}


@pytest.mark.long
@pytest.mark.parametrize("seconds", [8.0, 60.0])
async def test_a_body_that_holds_the_interpreters_lock_does_not_lose_its_agent(set_stage: SetStage, seconds: float):
    """It holds it for many heartbeats, while 199 tasks are sent to the agent, which cannot even read them."""
    stage = set_stage(**IMPATIENT, pickup_s=600.0)
    stage.hub()
    stage.agent()
    async with app_of("caller", stage.port) as app:
        holding = await app.rekuest.asubmit("lock_in_a_thread", 0, stage.log, seconds)
        await stage.noted("began", 1)
        others = await call_all(app, "once", stage, 0.1, count=TASKS - 1)
        assert not stage.notes("ended"), "the lock was not held"
        counted = await outcomes([holding]) + await outcomes(others)

    check_invariant(stage, [holding, *others])
    assert counted == {"completed": TASKS}
    assert kinds_in(stage).isdisjoint({"LOST", "REDELIVERED"})


@pytest.mark.long
async def test_a_thread_that_does_not_listen_is_said_to_be_uncancellable(set_stage: SetStage):
    """It goes on until its caller has heard so, and only then it is said to have stopped."""
    stage = set_stage(**IMPATIENT)
    stage.hub()
    stage.agent()
    heard, until = asyncio.Event(), stage.folder / "until"

    def listen(event: TaskEvent) -> None:
        if event.kind is EventKind.LOG and (event.message or "").startswith("uncancellable"):
            heard.set()

    async with app_of("caller", stage.port) as app:
        holding = await app.rekuest.asubmit("lock_until", 0, stage.log, 0.1, str(until))
        holding.on_event.append(listen)
        await stage.noted("began", 1)
        await holding.cancel.aio()
        async with asyncio.timeout(BOUND_S):
            await heard.wait()
        assert not holding.is_done
        until.touch()
        others = await call_all(app, "once", stage, 0.1, count=TASKS - 1)
        counted = await outcomes([holding]) + await outcomes(others)

    check_invariant(stage, [holding, *others])
    assert counted == {"completed": TASKS - 1, "TaskStoppedError": 1}
    assert holding.id in {note[0] for note in stage.notes("ended")}, "it is said to have stopped when it has"


@pytest.mark.long
async def test_a_process_that_does_not_listen_is_ended(set_stage: SetStage):
    """A body that would hold the lock of its process for an hour."""
    stage = set_stage(**IMPATIENT)
    stage.hub()
    agent = stage.agent(ARKITEKT_REKUEST__GRACE_S="0.5")
    async with app_of("caller", stage.port) as app:
        holding = await app.rekuest.asubmit("apart", 0, stage.log, "lock")
        await stage.noted("began", 1)
        others = await call_all(app, "once", stage, 0.1, count=TASKS - 1)
        await holding.cancel.aio()
        with pytest.raises(TaskStoppedError):
            await holding.aresult()
        counted = await outcomes(others)

    check_invariant(stage, [holding, *others])
    assert counted == {"completed": TASKS - 1}
    assert holding.id not in {note[0] for note in stage.notes("ended")}
    assert agent.poll() is None


TOLD = {
    "kill": "SIGKILL",
    "leave": "exit code 3",
    "crash": "SIGSEGV",
    "fill": "MemoryError",
    "threads": "can't start new thread",
    "recurse": r"SIGSEGV|RecursionError",
}
"""What the caller reads of each way in which a body comes to harm."""


@pytest.mark.long
async def test_bodies_that_take_their_process_down_are_told_one_by_one(stage: Stage):
    """Every tenth body comes to harm, each way several times; none of them runs again, and the agent lives."""
    stage.hub()
    agent = stage.agent()
    ways = [list(TOLD)[n // 10 % len(TOLD)] if n % 10 == 0 else "nothing" for n in range(TASKS)]
    async with app_of("caller", stage.port) as app:
        action = await app.rekuest.afind("apart")
        asked = (app.rekuest.asubmit(action, n, stage.log, way) for n, way in enumerate(ways))
        tasks = list(await asyncio.gather(*asked))
        counted = await outcomes(tasks)
        for task, way in zip(tasks, ways, strict=True):
            if way != "nothing":
                with pytest.raises(RemoteError, match=TOLD[way]):
                    await task.aresult()

    check_invariant(stage, tasks)
    assert counted == {"completed": ways.count("nothing"), "RemoteError": TASKS - ways.count("nothing")}
    assert Counter(note[0] for note in stage.notes("began")) == dict.fromkeys((task.id for task in tasks), 1)
    assert agent.poll() is None
