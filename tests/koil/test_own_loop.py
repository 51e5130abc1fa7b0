"""A call that would wait for itself is refused at once."""

import asyncio
import threading
from typing import Any

import pytest

from arkitekt_di.errors import AppEnteredError, KoilClosedError, OwnLoopError
from arkitekt_di.koil import Koil, iterate_sync, unkoil
from arkitekt_di.settings.models import KoilSettings


async def echo(value: object) -> object:
    await asyncio.sleep(0)
    return value


def test_a_call_from_a_coroutine_of_the_loop_names_the_await(koil: Koil) -> None:
    async def call() -> None:
        koil.call(echo, 1)

    with pytest.raises(OwnLoopError, match=r"await echo\("):
        koil.call(call)


def test_a_call_from_a_callback_of_the_loop_is_refused(koil: Koil) -> None:
    outcome: asyncio.Queue[BaseException] = asyncio.Queue()

    def callback() -> None:
        try:
            koil.call(echo, 1)
        except OwnLoopError as error:
            outcome.put_nowait(error)

    async def schedule() -> BaseException:
        asyncio.get_running_loop().call_soon(callback)
        return await outcome.get()

    assert isinstance(koil.call_within(20, schedule), OwnLoopError)


def test_a_call_from_the_loop_of_another_koil_is_refused(koil: Koil, settings: KoilSettings) -> None:
    """Two loops that wait for one another would never go on."""
    with Koil(settings, identifier="inner") as inner:

        async def call_outer() -> None:
            koil.call(echo, 1)

        with pytest.raises(OwnLoopError):
            inner.call(call_outer)
        through: Any = koil.call
        assert inner.call(inner.run_sync, through, echo, "through a thread") == "through a thread"


def test_a_loop_can_submit_to_itself(koil: Koil) -> None:
    async def submit() -> object:
        return await asyncio.wrap_future(koil.submit(echo, "own"))

    assert koil.call(submit) == "own"


def test_leaving_on_the_own_loop_is_refused(koil: Koil) -> None:
    async def leave() -> None:
        koil.__exit__(None, None, None)

    with pytest.raises(OwnLoopError):
        koil.call(leave)
    assert koil.call(echo, "open") == "open"


def test_a_closed_koil_takes_nothing(settings: KoilSettings) -> None:
    koil = Koil(settings)

    for _ in range(2):
        with pytest.raises(KoilClosedError, match="with app"):
            koil.call(echo, 1)
        with pytest.raises(KoilClosedError):
            koil.submit(echo, 1)
        with pytest.raises(KoilClosedError):
            _ = koil.loop
        with koil:
            assert koil.call(echo, 1) == 1


def test_an_open_koil_cannot_be_entered(koil: Koil) -> None:
    with pytest.raises(AppEnteredError, match="enter it again"), koil:
        pass
    assert koil.call(echo, "open") == "open"


def test_a_koil_that_joined_a_loop_is_called_from_threads_and_awaited_on_the_loop() -> None:
    async def main() -> None:
        async with Koil() as koil:
            assert koil.is_own_loop()
            assert koil.loop is asyncio.get_running_loop()
            assert await asyncio.to_thread(koil.call, echo, "from a thread") == "from a thread"
            assert await koil.run_sync(unkoil, echo, "found") == "found"
            assert [item async for item in iterate_sync(range, 3)] == [0, 1, 2]
            with pytest.raises(OwnLoopError):
                koil.call(echo, 1)
        with pytest.raises(KoilClosedError):
            koil.submit(echo, 1)

    asyncio.run(main())


def test_leaving_a_joined_loop_ends_the_work_of_the_koil_and_no_other() -> None:
    async def main() -> None:
        ended = []

        async def work(name: str) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                ended.append(name)

        other = asyncio.create_task(work("other"))
        async with Koil() as koil:
            futures = [koil.submit(work, "running"), koil.submit(work, "running")]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            futures.append(koil.submit(work, "never started"))
        assert ended == ["running", "running"]
        assert [type(future.exception()) for future in futures] == [KoilClosedError] * 3
        other.cancel()
        await asyncio.wait([other])

    asyncio.run(main())


def test_a_thread_that_waits_is_told_when_a_joined_loop_is_left() -> None:
    async def main() -> None:
        started = asyncio.Event()

        async def hang() -> None:
            started.set()
            await asyncio.Event().wait()

        async with Koil() as koil:
            waiting = asyncio.create_task(asyncio.to_thread(koil.call, hang))
            await started.wait()
        with pytest.raises(KoilClosedError):
            await waiting

    asyncio.run(main())


def test_threads_of_any_kind_may_call(koil: Koil) -> None:
    results: list[object] = []
    threads = [threading.Thread(target=lambda: results.append(unkoil(echo, 1))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == [1] * 4
