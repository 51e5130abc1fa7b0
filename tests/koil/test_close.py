"""Leaving a koil ends everything, loses nothing and hangs nobody."""

import asyncio
import gc
import logging
import sys
import threading
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest

from arkitekt_di.errors import KoilClosedError
from arkitekt_di.koil import Koil
from arkitekt_di.settings.models import KoilSettings


async def echo(value: object) -> object:
    await asyncio.sleep(0)
    return value


async def numbers() -> Any:
    for number in range(3):
        yield number


def call_all(koil: Koil) -> None:
    assert koil.call(echo, 1) == 1
    assert koil.submit(echo, 2).result() == 2
    assert list(koil.iterate(numbers, buffer=2)) == [0, 1, 2]


def race(settings: KoilSettings, rounds: int) -> None:
    """Close a koil again and again while eight threads call it."""
    koil = Koil(settings)
    is_over, is_open = threading.Event(), threading.Event()
    surprises: list[BaseException] = []

    def keep_calling() -> None:
        while not is_over.is_set():
            try:
                call_all(koil)
            except (KoilClosedError, CancelledError):
                is_open.wait(20)
            except BaseException as error:  # noqa: BLE001
                surprises.append(error)
                return

    threads = [threading.Thread(target=keep_calling, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(rounds):
        with koil:
            is_open.set()
            koil.call(echo, 1)
            is_open.clear()
    is_over.set()
    is_open.set()
    for thread in threads:
        thread.join(20)
    assert not surprises
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.timeout(100)
def test_every_call_returns_or_raises_when_the_koil_closes_under_it(settings: KoilSettings) -> None:
    race(settings, rounds=60)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_call_returns_or_raises_in_a_thousand_closes(settings: KoilSettings) -> None:
    race(settings, rounds=1000)


def test_a_call_under_way_is_told_after_its_cleanup(settings: KoilSettings) -> None:
    trace: list[str] = []
    started = threading.Event()

    async def hang() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            trace.append("cleaned up")

    def call() -> None:
        try:
            koil.call(hang)
        except KoilClosedError:
            trace.append("told")

    with Koil(settings) as koil:
        thread = threading.Thread(target=call)
        thread.start()
        started.wait()
    thread.join()

    assert trace == ["cleaned up", "told"]


def test_a_blocked_loop_holds_the_exit_only_for_a_bounded_time(
    impatient: KoilSettings, caplog: pytest.LogCaptureFixture
) -> None:
    may_end, is_blocked = threading.Event(), threading.Event()

    async def block() -> None:
        is_blocked.set()
        may_end.wait()

    with Koil(impatient) as koil:
        future = koil.submit(block)
        is_blocked.wait()
        thread = next(thread for thread in threading.enumerate() if thread.name == "koil")

    assert "blocks the loop" in caplog.text
    assert isinstance(future.exception(), KoilClosedError)
    may_end.set()
    thread.join(20)
    assert not thread.is_alive()


def test_tasks_of_the_user_are_cancelled_and_may_start_others_in_their_cleanup(settings: KoilSettings) -> None:
    ended: list[str] = []

    async def last() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("last")

    async def first() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            TASKS.append(asyncio.create_task(last()))
            await asyncio.sleep(0)
            ended.append("first")

    async def start() -> None:
        TASKS.append(asyncio.create_task(first()))
        await asyncio.sleep(0)

    TASKS: list[asyncio.Task[None]] = []  # noqa: N806
    with Koil(settings) as koil:
        koil.call(start)

    assert ended == ["first", "last"]


def test_async_generators_are_closed(settings: KoilSettings) -> None:
    closed = threading.Event()

    async def numbers() -> Any:
        try:
            yield 1
        finally:
            closed.set()

    with Koil(settings) as koil:
        stream = koil.iterate(numbers)
        assert next(stream) == 1

    assert closed.is_set()
    with pytest.raises(KoilClosedError):
        next(stream)


async def fail(error: BaseException) -> None:
    raise error


def test_failed_background_work_is_logged_at_once_and_raised_on_exit(
    settings: KoilSettings, caplog: pytest.LogCaptureFixture
) -> None:
    failures = [ValueError("one"), KeyError("two")]

    with pytest.raises(ExceptionGroup) as raised, Koil(settings) as koil:  # noqa: PT012  # leaving raises
        for failure in failures:
            koil.background(fail, failure)
        assert koil.call(echo, "goes on") == "goes on"
        assert [record.exc_info[1] for record in caplog.records if record.exc_info] == failures

    assert list(raised.value.exceptions) == failures


def test_the_error_of_the_body_and_that_of_the_background_are_both_raised(settings: KoilSettings) -> None:
    body, background = ValueError("body"), KeyError("background")

    with pytest.raises(ExceptionGroup) as raised, Koil(settings) as koil:  # noqa: PT012  # leaving raises
        koil.background(fail, background)
        koil.call(echo, 1)
        raise body

    assert list(raised.value.exceptions) == [body, background]


def test_a_keyboard_interrupt_of_the_body_leaves_alone(settings: KoilSettings) -> None:
    with pytest.raises(KeyboardInterrupt), Koil(settings) as koil:  # noqa: PT012  # leaving raises
        koil.background(fail, KeyError("background"))
        koil.call(echo, 1)
        raise KeyboardInterrupt


def test_background_work_of_a_joined_loop_is_raised_on_exit() -> None:
    async def main() -> None:
        with pytest.raises(ExceptionGroup) as raised:  # noqa: PT012  # leaving raises
            async with Koil() as koil:
                koil.background(fail, KeyError("background"))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
        assert isinstance(raised.value.exceptions[0], KeyError)

    asyncio.run(main())


def test_background_work_is_cancelled_on_exit_without_an_error(settings: KoilSettings) -> None:
    ended = threading.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with Koil(settings) as koil:
        koil.background(hang)
        koil.call(echo, 1)

    assert ended.is_set()


def leak(settings: KoilSettings, rounds: int) -> None:
    async def work() -> None:
        koil.background(asyncio.sleep, 100)
        await koil.run_sync(koil.call, echo, 1)

    def use() -> None:
        with koil:
            koil.call(work)
            next(koil.iterate(numbers, buffer=2))

    async def numbers() -> Any:
        while True:
            yield 1

    def count() -> tuple[int, int, int]:
        gc.collect()
        files = len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0
        return threading.active_count(), files, len(gc.get_objects())

    koil = Koil(settings)
    for _ in range(5):
        use()
    threads, files, objects = count()
    for _ in range(rounds):
        use()
    threads_after, files_after, objects_after = count()

    assert files_after <= files
    # Worker threads that were told to end may take a moment; none may stay for each round.
    assert threads_after <= threads + 3
    assert objects_after <= objects + rounds / 2 + 200


def test_nothing_is_left_behind_by_many_koils(settings: KoilSettings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    leak(settings, rounds=60)


@pytest.mark.long
def test_nothing_is_left_behind_by_500_koils(settings: KoilSettings) -> None:
    leak(settings, rounds=500)
