"""Timeouts and cancellation end the work, and the wait for it is bounded."""

import asyncio
import concurrent.futures
import sys
import threading

import pytest

from arkitekt_di.errors import CallTimeoutError
from arkitekt_di.koil import Koil
from arkitekt_di.settings.models import KoilSettings


class Work:
    """A coroutine function that hangs until it is cancelled, and tells how far it came."""

    def __init__(self) -> None:
        self.has_started = threading.Event()
        self.has_cleaned_up = threading.Event()

    async def __call__(self) -> None:
        self.has_started.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.has_cleaned_up.set()


async def echo(value: object) -> object:
    await asyncio.sleep(0)
    return value


def test_a_timeout_cancels_and_waits_for_the_cleanup(koil: Koil) -> None:
    work = Work()

    with pytest.raises(CallTimeoutError, match=r"within 0\.01 s") as raised:
        koil.call_within(0.01, work)

    assert work.has_cleaned_up.is_set()
    assert raised.value.seconds == 0.01


def test_a_call_that_ends_in_time_gives_its_result(koil: Koil) -> None:
    assert koil.call_within(60, echo, "in time") == "in time"


def test_a_function_that_ends_well_in_spite_of_its_timeout_gives_its_result(koil: Koil) -> None:
    async def finish_anyway() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "finished"
        return "never"

    assert koil.call_within(0.01, finish_anyway) == "finished"


def test_work_that_ignores_its_cancellation_holds_a_timeout_only_for_the_grace(impatient: KoilSettings) -> None:
    may_end = asyncio.Event()

    async def ignore() -> None:
        while not may_end.is_set():
            try:
                await may_end.wait()
            except asyncio.CancelledError:
                continue

    async def let_end() -> None:
        may_end.set()

    with Koil(impatient) as koil:
        with pytest.raises(CallTimeoutError) as raised:
            koil.call_within(0.01, ignore)
        koil.call(let_end)

    assert raised.value.__notes__ == ["it still runs: it ignored its cancellation"]


def test_a_blocked_loop_holds_a_timeout_only_for_the_grace(impatient: KoilSettings) -> None:
    may_end = threading.Event()

    async def block() -> None:
        may_end.wait()

    with Koil(impatient) as koil:
        with pytest.raises(CallTimeoutError):
            koil.call_within(0.01, block)
        may_end.set()


def test_the_timeout_keyword_is_ours_unless_the_function_has_one(koil: Koil) -> None:
    async def with_timeout(*, timeout: float) -> float:  # noqa: ASYNC109
        return timeout

    async def with_any(**options: float) -> dict[str, float]:
        return options

    assert koil.call(with_timeout, timeout=7) == 7
    assert koil.call(with_any, timeout=7) == {"timeout": 7}
    assert koil.call(echo, "in time", timeout=None) == "in time"
    with pytest.raises(CallTimeoutError):
        koil.call(Work(), timeout=0.01)


def test_a_future_cancelled_before_its_start_never_starts(koil: Koil) -> None:
    work, may_go_on, is_blocked = Work(), threading.Event(), threading.Event()

    def block() -> None:
        is_blocked.set()
        may_go_on.wait()

    koil.loop.call_soon_threadsafe(block)
    is_blocked.wait()
    future = koil.submit(work)
    assert future.cancel()
    may_go_on.set()

    concurrent.futures.wait([future])
    assert future.cancelled()
    koil.call(echo, 1)


def test_a_future_cancelled_while_it_runs_is_cancelled_once_it_has_cleaned_up(koil: Koil) -> None:
    work = Work()
    future = koil.submit(work)
    work.has_started.wait()

    assert future.cancel()

    with pytest.raises(concurrent.futures.CancelledError):
        future.result()
    assert work.has_cleaned_up.is_set()
    assert future.cancelled()
    assert future.cancel()


def test_a_future_that_has_ended_cannot_be_cancelled(koil: Koil) -> None:
    future = koil.submit(echo, "done")

    assert future.result() == "done"
    assert not future.cancel()
    assert not future.cancelled()


def test_a_future_tells_of_a_failure(koil: Koil) -> None:
    async def fail() -> None:
        raise ValueError

    future = koil.submit(fail)

    assert isinstance(future.exception(), ValueError)


@pytest.mark.parametrize(
    "steps",
    [pytest.param(0, marks=pytest.mark.skipif(sys.version_info >= (3, 12), reason="an eager task starts at once")), 1],
)
def test_a_task_cancelled_by_somebody_else_does_not_hang_its_caller(koil: Koil, steps: int) -> None:
    """Also where it is cancelled before its first step, so that its coroutine is never entered."""
    blocked, may_go_on = threading.Event(), threading.Event()

    def block() -> None:
        blocked.set()
        may_go_on.wait()

    async def cancel_all() -> None:
        for _ in range(steps):
            await asyncio.sleep(0)
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()

    koil.loop.call_soon_threadsafe(block)
    blocked.wait()
    futures = [koil.submit(cancel_all), koil.submit(Work()), koil.submit(Work())]
    may_go_on.set()

    _, pending = concurrent.futures.wait(futures, timeout=20)
    assert not pending
    assert koil.call(echo, "alive") == "alive"


def test_gather_gives_results_in_order(koil: Koil) -> None:
    assert koil.gather(*(echo(index) for index in range(20))) == list(range(20))
    assert koil.gather() == []


def test_the_first_failure_of_gather_ends_the_others_and_is_raised(koil: Koil) -> None:
    work = Work()

    async def fail() -> None:
        raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        koil.gather(work(), fail())

    assert work.has_cleaned_up.is_set()


def test_what_fails_besides_is_told_in_a_note(koil: Koil) -> None:
    async def fail(text: str) -> None:
        raise ValueError(text)

    with pytest.raises(ValueError, match="first") as raised:
        koil.gather(fail("first"), fail("second"))

    assert raised.value.__notes__ == ["besides, another failed: ValueError('second')"]


def test_gather_on_a_closed_koil_leaves_no_coroutine_unawaited() -> None:
    with pytest.raises(RuntimeError):
        Koil().gather(echo(1), echo(2))


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_map_keeps_the_order_and_never_runs_more_than_its_limit(koil: Koil, limit: int) -> None:
    running = most = 0

    async def double(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return 2 * number

    assert koil.map(double, range(10), limit=limit) == [2 * number for number in range(10)]
    assert most == min(limit, 10)


def test_the_first_failure_of_map_ends_the_rest(koil: Koil) -> None:
    started = []

    async def work(number: int) -> None:
        started.append(number)
        await asyncio.sleep(0)
        if number == 1:
            raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        koil.map(work, range(100), limit=2)

    assert len(started) < 10
