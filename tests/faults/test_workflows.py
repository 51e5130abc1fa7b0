"""Workflows whose agent is killed at each of their steps: each call is one task, and what was recorded stays."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial

import pytest

from arkitekt_di.messages.tasks import EventKind
from tests.faults import plans
from tests.faults.people import app_of
from tests.faults.stage import BOUND_S, Stage, check_invariant, check_ledger

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]
SetStage = Callable[..., Stage]
PLANS = 40


@pytest.mark.long
@pytest.mark.parametrize(("first", "last"), [(1, 6), (7, 12), (13, plans.POINTS)])
async def test_workflows_that_are_killed_at_every_step_call_each_child_once(set_stage: SetStage, first: int, last: int):
    """One of 40 kills the agent of them all, at each of some points; together they make 200 calls."""
    stage = set_stage(resumes=100)
    stage.hub()
    stage.agent()
    async with app_of("caller", stage.port) as app:
        start = partial(stage.agent, "planner", module=plans.__name__, REVIVED="1")
        await asyncio.to_thread(start, ARKITEKT_REKUEST__HEARTBEAT="loop")  # a process less in each of its lives
        fatal, harmless = (first, last), (1, 0)
        asked = (app.rekuest.asubmit("plan", n, stage.log, *(harmless if n else fatal)) for n in range(PLANS))
        tasks = list(await asyncio.gather(*asked))
        async with asyncio.timeout(BOUND_S * 2):
            results = await asyncio.gather(*(task.aresult() for task in tasks))

    assert results == [[100 * n + step for step in range(plans.CHILDREN)] for n in range(PLANS)]
    began = Counter(note[0] for note in stage.notes("began"))
    assert len(began) == PLANS * plans.CHILDREN
    assert set(began.values()) == {1}
    assert Counter(note[0] for note in stage.notes("planned"))[tasks[0].id] == last - first + 2
    relied = defaultdict(set)
    for task_id, value in stage.notes("relied"):
        relied[task_id].add(value)
    assert set(relied) == {task.id for task in tasks}
    assert all(len(values) == 1 for values in relied.values())  # what was kept when a call was answered stays
    check_invariant(stage, tasks, "planned")
    assert set(check_ledger(stage, list(began)).values()) == {EventKind.COMPLETED}
