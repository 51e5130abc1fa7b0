"""Context variables go into a call and come back."""

import asyncio
import threading
from contextvars import ContextVar, copy_context

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from arkitekt_di.koil import Koil

ON_A_BUSY_MACHINE = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

FIRST: ContextVar[object] = ContextVar("first")
SECOND: ContextVar[object] = ContextVar("second")
MANY: list[ContextVar[int]] = [ContextVar(f"variable_{index}") for index in range(5)]


async def replace(variable: ContextVar[object], value: object) -> object:
    before = variable.get(None)
    await asyncio.sleep(0)
    variable.set(value)
    return before


def test_a_call_sees_the_variables_of_the_caller_and_its_changes_come_back(koil: Koil) -> None:
    FIRST.set("outside")

    assert koil.call(replace, FIRST, "inside") == "outside"
    assert FIRST.get() == "inside"


def test_a_change_before_an_exception_comes_back(koil: Koil) -> None:
    FIRST.set("outside")

    async def change_and_fail() -> None:
        FIRST.set("inside")
        raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        koil.call(change_and_fail)

    assert FIRST.get() == "inside"


def test_a_change_before_a_timeout_comes_back(koil: Koil) -> None:
    FIRST.set("outside")

    async def change_and_hang() -> None:
        FIRST.set("inside")
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        koil.call_within(0.01, change_and_hang)

    assert FIRST.get() == "inside"


def test_a_submitted_call_sees_the_variables_and_changes_none_of_the_caller(koil: Koil) -> None:
    FIRST.set("outside")

    assert koil.submit(replace, FIRST, "inside").result() == "outside"
    assert FIRST.get() == "outside"


def test_overlapping_calls_of_one_context_keep_the_changes_of_each(koil: Koil) -> None:
    """An unchanged variable is not written back, so it does not undo what the other call has set."""
    FIRST.set("outside")
    SECOND.set("outside")
    is_first_running, is_second_done = threading.Event(), asyncio.Event()

    async def first() -> None:
        is_first_running.set()
        await is_second_done.wait()
        FIRST.set("first")

    async def outer() -> None:
        async def second() -> None:
            # Runs while the worker thread's call is under way, in the context that this call will write to.
            SECOND.set("second")
            is_second_done.set()

        await asyncio.gather(koil.run_sync(koil.call, first), second())

    koil.call(outer)
    koil.call(replace, SECOND, "second")

    assert FIRST.get() == "outside"  # gather gives each its own context
    assert SECOND.get() == "second"


@ON_A_BUSY_MACHINE
@given(
    before=st.dictionaries(st.integers(0, 4), st.integers()), inside=st.dictionaries(st.integers(0, 4), st.integers())
)
def test_the_variables_after_a_call_are_those_it_left(before: dict[int, int], inside: dict[int, int]) -> None:
    async def change() -> dict[int, int]:
        seen = {index: variable.get() for index, variable in enumerate(MANY) if variable in copy_context()}
        for index, value in inside.items():
            MANY[index].set(value)
        return seen

    def scenario() -> None:
        for index, value in before.items():
            MANY[index].set(value)

        seen = KOIL.call(change)

        assert seen == before
        after = {index: variable.get() for index, variable in enumerate(MANY) if variable in copy_context()}
        assert after == before | inside

    with Koil() as KOIL:  # noqa: N806
        copy_context().run(scenario)


def test_run_sync_carries_variables_to_the_thread_and_back(koil: Koil) -> None:
    def in_thread() -> object:
        before = FIRST.get()
        FIRST.set("in the thread")
        return before

    async def outside() -> tuple[object, object]:
        FIRST.set("on the loop")
        return await koil.run_sync(in_thread), FIRST.get()

    assert koil.call(outside) == ("on the loop", "in the thread")
    assert FIRST.get() == "in the thread"
