"""Networks, clocks, disks, readers and interpreters that do not do as they should, with the effects on record."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from arkitekt_di.errors import AgentLostError, RemoteError
from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.rekuest import RemoteTask
from tests.faults.gate import Gate
from tests.faults.people import app_of
from tests.faults.stage import TASKS, Stage, call_all, check_invariant, outcomes, until_lost
from tests.faults.wire import Wire
from tests.server.tasks.task_hub import serve

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]
SetStage = Callable[..., Stage]
QUICK = {"heartbeat_s": 0.5, "heartbeat_answer_s": 0.5}


@asynccontextmanager
async def cut_off(stage: Stage) -> AsyncIterator[Wire]:
    """Return the wire of an agent, to be cut."""
    async with Wire(stage.port).open() as wire:
        yield wire


@pytest.mark.long
@pytest.mark.parametrize("cut_s", [0.3, 3.0], ids=["short", "longer than a heartbeat"])
async def test_a_network_that_is_cut_for_a_while(set_stage: SetStage, cut_s: float):
    """A short cut is not noticed, and a longer one is waited for: nothing is lost, and nothing begins twice."""
    stage = set_stage(**QUICK, lost_after_s=20.0)
    stage.hub()
    async with cut_off(stage) as wire, app_of("caller", stage.port) as app:
        await asyncio.to_thread(stage.agent, port=wire.port)
        tasks = await call_all(app, "once", stage, 2.0)
        await stage.noted("began", 20)
        wire.cut()
        await asyncio.sleep(cut_s)
        wire.mend()
        counted = await outcomes(tasks)

    check_invariant(stage, tasks)
    assert counted == {"completed": TASKS}
    assert len({note[0] for note in stage.notes("began")}) == len(stage.notes("began"))


@pytest.mark.long
async def test_a_network_that_is_cut_for_good_and_mended_too_late(set_stage: SetStage):
    """What had begun is lost; what its bodies tell in the end is kept beside it, and is the result of nothing."""
    stage = set_stage(**QUICK, lost_after_s=1.0, window=100)
    stage.hub()
    async with Gate().listening() as gate, cut_off(stage) as wire, app_of("caller", stage.port) as app:
        await asyncio.to_thread(stage.agent, port=wire.port)
        tasks = await call_all(app, "wait_once", stage, gate.port)
        await gate.waited(100)
        wire.cut()
        await until_lost(tasks, 100)
        gate.open()
        await stage.noted("ended", 100)
        wire.mend()
        counted = await outcomes(tasks)

    check_invariant(stage, tasks)
    assert counted == {"AgentLostError": 100, "completed": TASKS - 100}
    late = [own for own in stage.events().values() if "LATE_REPORT" in {event["kind"] for event in own}]
    assert len(late) == 100
    assert len(stage.notes("began")) == TASKS


@pytest.mark.long
@pytest.mark.parametrize("seed", [7, 8])
async def test_orders_that_are_repeated_swapped_and_lost(set_stage: SetStage, seed: int):
    """An order that was lost twice is told as lost; no body begins twice, and none that began is told as not begun."""
    stage = set_stage(pickup_s=1.0)
    stage.hub(disturbed=seed)
    stage.agent()
    async with app_of("caller", stage.port) as app:
        tasks = await call_all(app, "once", stage, 0.2)
        counted = await outcomes(tasks)

    check_invariant(stage, tasks)
    assert set(counted) <= {"completed", "AgentLostError"}
    assert counted["completed"] > TASKS * 3 / 4
    began = [note[0] for note in stage.notes("began")]
    assert len(began) == len(set(began))
    assert {task.id for task in tasks if task.state == EventKind.COMPLETED} <= set(began)
    assert {task.id for task in tasks if not await has_begun(task)}.isdisjoint(began)


async def has_begun(task: RemoteTask) -> bool:
    """Tell what the caller hears of whether a body began."""
    try:
        await task.aresult()
    except AgentLostError as error:
        return error.started
    return True


@pytest.mark.long
async def test_reports_that_are_said_twice_and_connections_that_break_in_between(stage: Stage):
    stage.hub()
    await asyncio.to_thread(stage.agent, manner="stammers=150")
    async with app_of("caller", stage.port) as app:
        tasks = await call_all(app, "once", stage, 1.0)
        counted = await outcomes(tasks)

    check_invariant(stage, tasks)
    assert counted == {"completed": TASKS}
    for own in stage.events().values():
        said = [(event["kind"], event["payload"]) for event in own]
        assert len(said) == len(set(said)), "a report was recorded twice"


@pytest.mark.long
async def test_a_caller_that_reads_slowly_fills_nobodys_memory(stage: Stage):
    """A generator of 100,000 values that is hardly read; another caller's calls go on beside it."""
    hub = stage.hub()
    agent = stage.agent()
    async with app_of("slow", stage.port) as slow, app_of("caller", stage.port) as app:
        values = slow.rekuest.aiterate("stream", 100_000, stage.log)
        async with aclosing(values):
            read = [await anext(values)]
            before = _memory(hub), _memory(agent)
            for _ in range(5):
                read.append(await anext(values))
                await asyncio.sleep(1.0)
            tasks = await call_all(app, "once", stage, 0.05)
            counted = await outcomes(tasks)
            grown = _memory(hub) - before[0], _memory(agent) - before[1]

    check_invariant(stage, tasks)
    assert counted == {"completed": TASKS}
    assert read == list(range(6))
    assert max(grown) < 48 * 2**20


def _memory(process: "subprocess.Popen[str]") -> int:
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.long
async def test_a_clock_that_jumps_by_hours_decides_nothing(set_stage: SetStage):
    stage = set_stage(**QUICK)
    stage.hub(jumps_s=3600.0)
    stage.agent()
    async with app_of("caller", stage.port) as app:
        tasks = await call_all(app, "once", stage, 1.0)
        counted = await outcomes(tasks)

    check_invariant(stage, tasks)
    assert counted == {"completed": TASKS}
    assert {event["kind"] for events in stage.events().values() for event in events}.isdisjoint({"LOST", "REDELIVERED"})


async def test_an_agent_of_another_version_is_refused_or_understood(folder: Path):
    """What it declares wrongly is told with the place; what it says beyond us is passed over."""
    async with serve(folder) as hub:
        wrong = {"type": "REGISTER", "id": "1", "token": "robot", "implementations": [{"interface": "x"}]}
        async with hub.socket(wrong) as socket:
            fault = json.loads((await socket.receive()).data)
        async with hub.agent(from_tomorrow=True, features=["from tomorrow"]) as agent:
            task = await hub.assign("double")
            await agent.next("ASSIGN")
            await agent.send("FROM_TOMORROW", task=task["id"])
            await agent.report("STARTED", task["id"], mood="good")
            await agent.report("COMPLETED", task["id"])
            await agent.recorded()
            kinds = await hub.kinds(task["id"])

    assert "definition" in fault["error"]
    assert kinds == ["QUEUED", "STARTED", "COMPLETED"]


@pytest.mark.long
async def test_an_agent_that_says_and_hears_what_is_not_known_works_on(stage: Stage):
    stage.hub()
    stage.agent(manner="tomorrow")
    async with app_of("caller", stage.port) as app:
        tasks = await call_all(app, "once", stage, 0.05)
        counted = await outcomes(tasks)

    check_invariant(stage, tasks)
    assert counted == {"completed": TASKS}
    assert len(stage.notes("began")) == TASKS


@pytest.mark.long
async def test_arguments_that_do_not_fit_any_more_are_told_by_the_agent(stage: Stage):
    """Half of the calls know an older signature: of those nothing runs, and the reason names the port."""
    stage.hub()
    stage.agent()
    async with app_of("caller", stage.port) as app:
        action = await app.rekuest.afind("once")
        older = action.model_copy(update={"args": action.args[:1]})
        outdated = [await app.rekuest.asubmit(older, n) for n in range(TASKS // 2)]
        tasks = await call_all(app, "once", stage, 0.05, count=TASKS // 2)
        counted = await outcomes(outdated) + await outcomes(tasks)
        with pytest.raises(RemoteError, match="log"):
            await outdated[0].aresult()

    check_invariant(stage, [*outdated, *tasks])
    assert counted == {"RemoteError": TASKS // 2, "completed": TASKS // 2}
    assert {note[0] for note in stage.notes("began")} == {task.id for task in tasks}


OTHER_PYTHON = os.environ.get("ARKITEKT_OTHER_PYTHON")


@pytest.mark.long
@pytest.mark.skipif(OTHER_PYTHON is None, reason="ARKITEKT_OTHER_PYTHON names no other Python with arkitekt_di")
async def test_an_agent_of_another_python_is_understood(set_stage: SetStage):
    """Frames are JSON, and nothing in them depends on the interpreter."""
    stage = set_stage()
    stage.hub()
    stage.agent(python=str(OTHER_PYTHON))
    async with app_of("caller", stage.port) as app:
        tasks = await call_all(app, "once", stage, 0.05)
        counted = await outcomes(tasks)

    check_invariant(stage, tasks)
    assert counted == {"completed": TASKS}
