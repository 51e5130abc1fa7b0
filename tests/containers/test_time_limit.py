"""Work with a limit of time: as under ``asyncio.timeout``, whether it waits or not."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arkitekt_di.containers.time_limit import within

pytestmark = pytest.mark.anyio

LONG_S = 60.0


async def test_work_that_does_not_wait_is_done_at_once_and_winds_up_no_clock(monkeypatch: pytest.MonkeyPatch):
    wound: list[float] = []
    monkeypatch.setattr(asyncio.get_running_loop(), "call_at", lambda when, *_, **__: wound.append(when))
    done: list[bool] = []

    async def work() -> None:
        done.append(True)

    await within(LONG_S, work())

    assert done == [True]
    assert wound == []


async def test_work_that_waits_too_long_is_cancelled_where_it_waits():
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(0)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with pytest.raises(TimeoutError):
        await within(0.01, work())

    assert ended == ["cancelled"]
    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0  # whoever waited goes on


async def test_a_cancellation_of_somebody_else_is_no_timeout():
    waiting = asyncio.Event()

    async def work() -> None:
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(within(LONG_S, work()))
    await waiting.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_limit_inside_the_work_is_its_own():
    told: list[str] = []

    async def work() -> None:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            told.append("inner")
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))

    await within(LONG_S, work())

    assert told == ["inner"]


async def failing() -> None:
    """Raise what a future brings."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_exception, OSError("from outside"))
    await future


async def catching() -> None:
    """Go on after what a future brings."""
    with contextlib.suppress(OSError):
        await failing()
    await asyncio.sleep(0)


async def refusing() -> None:
    """Raise without having waited."""
    raise ValueError("no")


async def nothing() -> None:
    """Wait for nothing."""


STEPS = {"nothing": nothing, "waits": lambda: asyncio.sleep(0), "fails": failing, "goes on": catching, "no": refusing}


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=6))
def test_work_ends_as_it_would_without_a_limit(steps: list[str]):
    async def work(journal: list[str]) -> None:
        for step in steps:
            journal.append(step)
            await STEPS[step]()

    async def ended(run: Callable[[Coroutine[Any, Any, None]], Coroutine[Any, Any, None]]) -> tuple[list[str], str]:
        journal: list[str] = []
        try:
            await run(work(journal))
        except (OSError, ValueError) as error:
            return journal, repr(error)
        return journal, "done"

    async def plainly(work: Coroutine[Any, Any, None]) -> None:
        await work

    async def both() -> None:
        assert await ended(lambda work: within(LONG_S, work)) == await ended(plainly)

    asyncio.run(both())
