"""Sync code that coroutines run in threads: cancelled together, nested without a deadlock."""

import asyncio
import gc
import threading
from collections.abc import Generator
from typing import Any

import pytest

from arkitekt_di.errors import NoAppError
from arkitekt_di.koil import Koil, check_cancelled, current_koil, iterate_sync, run_sync, sleep
from arkitekt_di.settings.models import KoilSettings


async def echo(value: object) -> object:
    await asyncio.sleep(0)
    return value


def test_run_sync_gives_the_result_and_sees_the_koil(koil: Koil) -> None:
    def work(left: int, *, right: int) -> tuple[int, bool, bool]:
        return left + right, current_koil() is koil, threading.current_thread() is threading.main_thread()

    async def main() -> tuple[int, bool, bool]:
        return await run_sync(work, 1, right=2)

    assert koil.call(main) == (3, True, False)


def test_the_loop_goes_on_while_a_thread_works(koil: Koil) -> None:
    async def main() -> None:
        gate = threading.Event()
        waiting = asyncio.create_task(run_sync(gate.wait))
        await asyncio.sleep(0)
        gate.set()
        await waiting

    koil.call_within(20, main)


def test_run_sync_needs_a_koil() -> None:
    with pytest.raises(NoAppError):
        asyncio.run(run_sync(int))


def descend(koil: Koil, depth: int) -> int:
    if not depth:
        return 0
    return 1 + koil.call(koil.run_sync, descend, koil, depth - 1)


def test_sync_in_async_in_sync_nests_to_a_depth_of_50(koil: Koil) -> None:
    assert descend(koil, 50) == 50


def test_sync_in_async_in_sync_nests_to_a_width_of_200(koil: Koil) -> None:
    """More at once than there are threads for one depth: the others wait, and none waits for one above it."""
    assert koil.map(lambda _: koil.run_sync(descend, koil, 2), range(200), limit=200) == [2] * 200


def test_no_more_threads_of_one_depth_run_than_the_settings_say(loop_name: str) -> None:
    running, most, lock = 0, 0, threading.Lock()
    is_full = threading.Barrier(3)

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        is_full.wait(20)
        with lock:
            running -= 1

    with Koil(KoilSettings.model_validate({"loop": loop_name, "threads": 3})) as koil:
        koil.map(lambda _: koil.run_sync(work), range(12), limit=12)

    assert most == 3


def test_threads_are_used_again(koil: Koil) -> None:
    async def main() -> set[int]:
        return {await run_sync(threading.get_ident) for _ in range(20)}

    assert len(koil.call(main)) == 1


@pytest.mark.parametrize("way", ["check", "sleep", "call", "nested"])
def test_a_cancellation_reaches_the_thread_and_waits_for_it(koil: Koil, way: str) -> None:
    trace: list[str] = []
    started = threading.Event()

    async def hang() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            trace.append("call cleaned up")

    def hang_deeper() -> None:
        koil.call(hang)

    def work() -> None:
        try:
            if way == "call":
                koil.call(hang)
            elif way == "nested":
                koil.call(run_sync, hang_deeper)
            started.set()
            while way == "check":
                check_cancelled()
            sleep(60)
        finally:
            trace.append("thread cleaned up")

    async def main() -> None:
        task = asyncio.create_task(run_sync(work))
        await asyncio.to_thread(started.wait)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    koil.call_within(20, main)

    assert trace == [*["call cleaned up"] * (way in {"call", "nested"}), "thread cleaned up"]


def test_a_cancellation_before_the_call_reaches_it_too(koil: Koil) -> None:
    """The flag is raised while the thread does not wait for anything."""
    started, may_call = threading.Event(), threading.Event()
    outcome: list[BaseException] = []

    def work() -> None:
        started.set()
        may_call.wait()
        try:
            koil.call(asyncio.Event().wait)
        except asyncio.CancelledError as error:
            outcome.append(error)
            raise

    async def main() -> None:
        task = asyncio.create_task(run_sync(work))
        await asyncio.to_thread(started.wait)
        task.cancel()
        await asyncio.sleep(0)
        may_call.set()
        await asyncio.wait([task])

    koil.call_within(20, main)

    assert len(outcome) == 1


def test_a_thread_that_ignores_its_cancellation_is_waited_for_only_for_the_grace(
    impatient: KoilSettings, caplog: pytest.LogCaptureFixture
) -> None:
    gate = threading.Event()

    async def main() -> None:
        started = asyncio.Event()
        loop = asyncio.get_running_loop()

        def work() -> None:
            loop.call_soon_threadsafe(started.set)
            gate.wait()

        task = asyncio.create_task(run_sync(work))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):  # and nothing else: timeouts and task groups depend on it
            await task

    with Koil(impatient) as koil:
        koil.call_within(20, main)
        gate.set()

    assert "check_cancelled()" in caplog.text


def test_a_timeout_around_run_sync_is_a_timeout(koil: Koil) -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await run_sync(sleep, 60)

    koil.call_within(20, main)


def test_check_and_sleep_do_nothing_special_elsewhere() -> None:
    check_cancelled()
    sleep(0)


def test_a_sync_generator_runs_in_one_thread_and_hears_everything(koil: Koil) -> None:
    heard: list[Any] = []

    def numbers(count: int) -> Generator[int, Any, None]:
        try:
            for number in range(count):
                try:
                    heard.append((threading.get_ident(), (yield number)))
                except ValueError as error:
                    heard.append((threading.get_ident(), error))
        finally:
            heard.append((threading.get_ident(), "closed"))

    async def main() -> None:
        error = ValueError()
        stream = iterate_sync(numbers, 10)
        assert await anext(stream) == 0
        assert await stream.asend("sent") == 1
        assert await stream.athrow(error) == 2
        assert await anext(stream) == 3
        await stream.aclose()
        assert [value for _, value in heard] == ["sent", error, None, "closed"]
        assert [item async for item in iterate_sync(numbers, 3)] == [0, 1, 2]

    koil.call(main)

    assert len({thread for thread, _ in heard[:4]}) == 1
    assert heard[0][0] != threading.get_ident()


def test_a_cancelled_step_of_a_sync_generator_cleans_up_in_its_thread(koil: Koil) -> None:
    started, cleaned_up = threading.Event(), threading.Event()

    def slow() -> Generator[int, None, None]:
        try:
            yield 1
            started.set()
            sleep(60)
        finally:
            cleaned_up.set()

    async def consume() -> None:
        async for _ in iterate_sync(slow):
            pass

    async def main() -> None:
        task = asyncio.create_task(consume())
        await asyncio.to_thread(started.wait)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        gc.collect()

    koil.call_within(20, main)

    assert cleaned_up.is_set()


def test_a_stuck_step_of_a_sync_generator_holds_its_consumer_only_for_the_grace(impatient: KoilSettings) -> None:
    gate, started, closed = threading.Event(), threading.Event(), threading.Event()

    def stuck() -> Generator[int, None, None]:
        try:
            started.set()
            gate.wait()
            yield 1
        finally:
            closed.set()

    async def main() -> None:
        task = asyncio.create_task(anext(iterate_sync(stuck)))
        await asyncio.to_thread(started.wait)
        task.cancel()
        await asyncio.wait([task])

    with Koil(impatient) as koil:
        koil.call_within(20, main)
        gate.set()
        assert closed.wait(20)


def test_a_plain_iterable_can_be_iterated(koil: Koil) -> None:
    async def main() -> None:
        stream = iterate_sync(range, 3)
        assert await anext(stream) == 0
        with pytest.raises(TypeError, match="takes no values"):
            await stream.asend(1)

    koil.call(main)


def test_more_sync_generators_are_open_at_once_than_functions_may_run(loop_name: str) -> None:
    async def main() -> None:
        streams = [iterate_sync(range, 2) for _ in range(10)]
        for stream in streams:
            assert await anext(stream) == 0
        for stream in streams:
            await stream.aclose()

    with Koil(KoilSettings.model_validate({"loop": loop_name, "threads": 1})) as koil:
        koil.call_within(20, main)
