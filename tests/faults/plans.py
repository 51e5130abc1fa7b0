"""A workflow that kills its own agent at each of its steps, once."""

import os
import random
import signal
import time

from arkitekt_di import acall, asubmit, workflow
from arkitekt_di.rekuest import Task
from tests.faults.people import note

CHILDREN = 5

POINTS = 2 + 3 * CHILDREN
"""Places at which the agent may be killed: around what is recorded, and around each call."""


class Fate:
    """Kills this process at one point of each run: at the *first* in the first run, and so on to the *last*."""

    def __init__(self, task: Task, first: int, last: int) -> None:
        point = first + task.facts.attempt - 1
        self._left = point if point <= last else -1

    def reach(self) -> None:
        """Come to the next point."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


@workflow
async def plan(n: int, log: str, first: int, last: int, task: Task) -> list[int]:
    """Call others, one after the other; kills its agent at some of its points."""
    fate = Fate(task, first, last)
    note(log, "planned", task.id, time.time(), os.getpid())
    fate.reach()
    value = task.record("first", lambda: random.randrange(10**9))  # noqa: S311  # anything that differs
    note(log, "recorded", task.id, value)
    fate.reach()
    answers: list[int] = []
    for step in range(CHILDREN):
        fate.reach()
        child = await asubmit("once", 100 * n + step, log, 0.01)
        note(log, "relied", task.id, value)
        fate.reach()
        answers.append(await child.aresult())
        fate.reach()
    return answers


@workflow
async def brief(n: int, log: str, task: Task) -> int:
    """Call another once."""
    note(log, "planned", task.id, time.time(), os.getpid())
    answer: int = await acall("once", n, log, 0.01)
    return answer
