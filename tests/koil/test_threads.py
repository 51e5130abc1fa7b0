"""Threads that carry the koil, and those that do not."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import pytest

from arkitekt_di.errors import AmbiguousAppError, AppClosedError, NoAppError
from arkitekt_di.koil import Koil, current_koil, unkoil
from arkitekt_di.settings.models import KoilSettings

VARIABLE: ContextVar[str] = ContextVar("variable")


def in_thread(fn: Any) -> Any:
    """Run *fn* in a plain thread, which inherits nothing."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(fn).result()


async def here() -> Koil:
    return current_koil()


def test_a_plain_thread_finds_the_only_koil(koil: Koil) -> None:
    assert in_thread(current_koil) is koil


def test_a_plain_thread_between_two_koils_is_told_to_choose(koil: Koil, settings: KoilSettings) -> None:
    with Koil(settings, identifier="inner") as inner:
        assert current_koil() is inner
        with pytest.raises(AmbiguousAppError, match="'koil', 'inner'"):
            in_thread(current_koil)
        assert in_thread(koil.bind(current_koil)) is koil
        assert koil.call(here) is inner  # the context of the caller counts
        assert in_thread(lambda: koil.call(here)) is koil  # then the thread: the loop's own
    assert current_koil() is koil


def test_no_koil_is_told() -> None:
    with pytest.raises(NoAppError):
        current_koil()


def test_a_bound_function_sees_the_koil_and_the_variables_of_its_binding(koil: Koil) -> None:
    VARIABLE.set("bound")
    get = koil.bind(VARIABLE.get)
    VARIABLE.set("later")

    def change() -> str:
        VARIABLE.set("changed")
        return VARIABLE.get()

    assert in_thread(get) == "bound"
    assert in_thread(koil.bind(change)) == "changed"
    assert VARIABLE.get() == "later"


def test_a_bound_function_may_run_in_many_threads_at_once(koil: Koil) -> None:
    barrier = threading.Barrier(4)
    wait = koil.bind(barrier.wait)

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(wait, 20) for _ in range(4)]

    assert sorted(future.result() for future in futures) == [0, 1, 2, 3]


def test_a_thread_of_the_koil_carries_it(koil: Koil, settings: KoilSettings) -> None:
    VARIABLE.set("carried")
    seen: list[Any] = []

    def work(value: int, *, name: str) -> None:
        seen.extend([value, name, current_koil(), VARIABLE.get(), unkoil(asyncio.sleep, 0, "called")])

    with Koil(settings, identifier="inner"):
        thread = koil.thread(work, 1, name="name")
        thread.start()
        thread.join()

    assert seen == [1, "name", koil, "carried", "called"]


def test_an_executor_of_the_koil_carries_it_and_the_variables_of_who_submits(koil: Koil) -> None:
    with koil.executor() as pool:
        for value in ("one", "two"):
            VARIABLE.set(value)
            assert pool.submit(lambda: (current_koil(), VARIABLE.get())).result() == (koil, value)
        assert list(pool.map(lambda value: unkoil(asyncio.sleep, 0, value), range(3))) == [0, 1, 2]


def test_a_bound_function_after_the_end_is_told(settings: KoilSettings) -> None:
    with Koil(settings) as koil:
        find = koil.bind(current_koil)

    with pytest.raises(AppClosedError):
        in_thread(find)


def test_a_koil_says_whether_it_is_open(settings: KoilSettings) -> None:
    koil = Koil(settings, identifier="bench")
    assert repr(koil) == "<Koil 'bench' closed>"
    with koil:
        assert repr(koil) == "<Koil 'bench' open>"
        assert not koil.is_own_loop()
        assert "bench" in {thread.name for thread in threading.enumerate()}
