"""The same code gives the same trace: through a koil, through anyio's bridge, and awaited."""

import asyncio
import traceback
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import Any

import anyio.from_thread
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from arkitekt_di.koil import Koil, dual
from arkitekt_di.settings.models import KoilSettings

VARIABLE: ContextVar[str] = ContextVar("variable", default="unset")

ON_A_BUSY_MACHINE = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

STEPS = st.lists(
    st.sampled_from(["suspend", "read", "write", "task", "gather", "timeout", "catch", "cancel", "thread", "raise"]),
    max_size=8,
)


async def perform(steps: list[str]) -> list[object]:  # noqa: C901  # one case a step
    """Do what the steps say; return, or raise with, a trace of what was seen."""
    trace: list[object] = []
    for number, step in enumerate(steps):
        trace.append(step)
        match step:
            case "suspend":
                await asyncio.sleep(0)
            case "read":
                trace.append(VARIABLE.get())
            case "write":
                VARIABLE.set(f"written {number}")
            case "task":
                trace.append(asyncio.current_task() is not None)
            case "gather":
                trace.append(await asyncio.gather(leaf(1), leaf(2)))
            case "timeout":
                trace.append(await outcome(asyncio.wait_for(asyncio.Event().wait(), 0)))
            case "catch":
                trace.append(await outcome(asyncio.gather(leaf(1), leaf(-1))))
            case "cancel":
                task = asyncio.ensure_future(leaf(3))
                task.cancel()
                trace.append(await outcome(task))
            case "thread":
                trace.append(await asyncio.to_thread(VARIABLE.get))
            case "raise":
                raise ValueError(trace)
    return trace


async def leaf(number: int) -> str:
    await asyncio.sleep(0)
    if number < 0:
        raise KeyError(number)
    return f"{number} {VARIABLE.get()}"


async def outcome(awaitable: Any) -> str:
    try:
        return repr(await awaitable)
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
        return type(error).__name__


def trace_of(bridge: Callable[..., Any], steps: list[str]) -> object:
    VARIABLE.set("outside")
    try:
        return bridge(perform, steps)
    except ValueError as error:
        return [type(error), error.args, [frame.name for frame in frames(error)][-1]]


def frames(error: BaseException) -> Any:
    return traceback.extract_tb(error.__traceback__)


@pytest.fixture(scope="module", params=["asyncio", "uvloop"])
def shared(request: pytest.FixtureRequest) -> Any:
    with Koil(KoilSettings.model_validate({"loop": request.param})) as koil:
        yield koil


@ON_A_BUSY_MACHINE
@given(steps=STEPS)
def test_a_koil_and_the_bridge_of_anyio_give_the_same_trace(shared: Koil, steps: list[str]) -> None:
    async def token() -> Any:
        return anyio.lowlevel.current_token()

    loop = shared.call(token)

    def through_anyio(fn: Callable[..., Any], *args: object) -> Any:
        return anyio.from_thread.run(fn, *args, token=loop)

    assert copy_context().run(trace_of, shared.call, steps) == copy_context().run(trace_of, through_anyio, steps)


@ON_A_BUSY_MACHINE
@given(steps=STEPS)
def test_a_dual_function_gives_the_same_trace_in_both_worlds(shared: Koil, steps: list[str]) -> None:
    both: Any = dual(bridge=lambda kwargs: shared)(perform)

    def in_sync_code() -> tuple[object, str]:
        trace = trace_of(lambda fn, steps: both(steps), steps)
        return trace, VARIABLE.get()

    async def in_async_code() -> tuple[object, str]:
        VARIABLE.set("outside")
        try:
            return await both(steps), VARIABLE.get()
        except ValueError as error:
            return [type(error), error.args, frames(error)[-1].name], VARIABLE.get()

    expected = copy_context().run(shared.call, in_async_code)
    assert copy_context().run(in_sync_code) == expected
    assert copy_context().run(asyncio.run, _on_another_loop(both, steps)) == expected[0]


async def _on_another_loop(both: Any, steps: list[str]) -> object:
    VARIABLE.set("outside")
    try:
        return await both(steps)
    except ValueError as error:
        return [type(error), error.args, frames(error)[-1].name]
