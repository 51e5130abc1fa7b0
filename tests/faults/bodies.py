"""Functions whose bodies leave traces outside of every hub and agent: when each began and ended, and where."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from arkitekt_di import register
from arkitekt_di.rekuest import Task
from tests.faults.gate import passed
from tests.faults.harm import HARMS, hold_the_lock
from tests.faults.people import note


async def _work(n: int, log: str, seconds: float, task: Task) -> int:
    note(log, "began", task.id, time.time(), os.getpid())
    task.progress(50)
    await asyncio.sleep(seconds * (1 + n % 5) / 5)  # so that they do not all end at once
    note(log, "ended", task.id, time.time(), os.getpid())
    return n


@register
async def once(n: int, log: str, seconds: float, task: Task) -> int:
    """Work; not to be repeated unasked."""
    return await _work(n, log, seconds, task)


@register(idempotent=True)
async def again(n: int, log: str, seconds: float, task: Task) -> int:
    """Work; may be repeated."""
    return await _work(n, log, seconds, task)


async def _wait(n: int, log: str, gate: int, task: Task) -> int:
    note(log, "began", task.id, time.time(), os.getpid())
    task.progress(50)
    await passed(gate)
    note(log, "ended", task.id, time.time(), os.getpid())
    return n


@register
async def wait_once(n: int, log: str, gate: int, task: Task) -> int:
    """Wait before a gate; not to be repeated unasked."""
    return await _wait(n, log, gate, task)


@register(idempotent=True)
async def wait_again(n: int, log: str, gate: int, task: Task) -> int:
    """Wait before a gate; may be repeated."""
    return await _wait(n, log, gate, task)


@register(isolation="process", limit=4)
def apart(n: int, log: str, how: str, task: Task) -> int:
    """Work in a process of its own, which may come to harm."""
    note(log, "began", task.id, time.time(), os.getpid())
    HARMS[how]()
    note(log, "ended", task.id, time.time(), os.getpid())
    return n


@register
def lock_in_a_thread(n: int, log: str, seconds: float, task: Task) -> int:
    """Hold the interpreter's lock of the agent."""
    note(log, "began", task.id, time.time(), os.getpid())
    hold_the_lock(seconds)
    note(log, "ended", task.id, time.time(), os.getpid())
    return n


@register
def lock_until(n: int, log: str, seconds: float, until: str, task: Task) -> int:
    """Hold the interpreter's lock of the agent again and again, and listen to nobody, until there is a file."""
    note(log, "began", task.id, time.time(), os.getpid())
    while not Path(until).exists():
        hold_the_lock(seconds)
    note(log, "ended", task.id, time.time(), os.getpid())
    return n


@register
async def stream(n: int, log: str, task: Task) -> AsyncIterator[int]:
    """Yield numbers, as fast as they are taken."""
    note(log, "began", task.id, time.time(), os.getpid())
    for number in range(n):
        yield number
