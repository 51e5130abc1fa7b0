"""Workflows whose agent is killed at each of their steps: each call is one task, and what was recorded stays."""

import asyncio
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

from tests.faults import plans
from tests.faults.people import app_of
from tests.faults.stage import BOUND_S, Stage

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]
SetStage = Callable[..., Stage]
PLANS = 40


def planner(stage: Stage) -> "subprocess.Popen[str]":
    """Start the agent of the workflows; that of the functions which they call is another."""
    return stage.agent("planner", module=plans.__name__)


async def revive(stage: Stage, first: "subprocess.Popen[str]") -> None:
    """Start the agent again whenever it has died."""
    process = first
    while True:
        await asyncio.to_thread(process.wait)
        process = await asyncio.to_thread(planner, stage)


@pytest.mark.long
async def test_workflows_that_are_killed_at_every_step_call_each_child_once(set_stage: SetStage):
    """One of 40 kills the agent of them all, at every of its points; together they make 200 calls."""
    stage = set_stage(resumes=100)
    stage.hub()
    stage.agent()
    async with app_of("caller", stage.port) as app:
        reviving = asyncio.create_task(revive(stage, await asyncio.to_thread(planner, stage)))
        asked = (app.rekuest.asubmit("plan", n, stage.log, n == 0) for n in range(PLANS))
        tasks = list(await asyncio.gather(*asked))
        async with asyncio.timeout(BOUND_S * 2):
            results = await asyncio.gather(*(task.aresult() for task in tasks))
        reviving.cancel()

    assert results == [[100 * n + step for step in range(plans.CHILDREN)] for n in range(PLANS)]
    began = Counter(note[0] for note in stage.notes("began"))
    assert len(began) == PLANS * plans.CHILDREN
    assert set(began.values()) == {1}
    recorded = defaultdict(set)
    for task_id, value in stage.notes("recorded"):
        recorded[task_id].add(value)
    assert Counter(note[0] for note in stage.notes("planned"))[tasks[0].id] == plans.POINTS + 1
    # A body that dies at once has recorded nothing that anybody saw: that run alone may have had another value.
    assert all(len(values) <= 2 for values in recorded.values())
    events = stage.events()
    for task in tasks:
        kinds = [event["kind"] for event in events[task.id]]
        runs = sum(note[0] == task.id for note in stage.notes("planned"))
        assert kinds.count("COMPLETED") == 1
        assert runs <= 1 + kinds.count("REDELIVERED")
