"""Errors come out as they are, with the frames of who raised them."""

import asyncio
import gc
import traceback
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from arkitekt_di.errors import ForkedError
from arkitekt_di.koil import Koil, dual, iterate_sync, unkoil


class OwnInterrupt(BaseException):
    pass


async def fail(error: BaseException) -> None:
    await asyncio.sleep(0)
    raise error


async def fail_deep(error: BaseException) -> None:
    await fail(error)


def frames_of(error: BaseException) -> list[str]:
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def raised_by(call: Callable[..., Any], *args: Any) -> BaseException:
    try:
        call(*args)
    except BaseException as error:  # noqa: BLE001
        return error
    raise AssertionError("nothing was raised")


def test_an_error_keeps_its_identity_its_cause_and_the_frames_of_the_user(koil: Koil) -> None:
    cause = KeyError("cause")
    error = ValueError("lost")
    error.__cause__ = cause

    raised = raised_by(koil.call, fail_deep, error)

    assert raised is error
    assert raised.__cause__ is cause
    assert frames_of(raised)[-2:] == ["fail_deep", "fail"]


def test_at_most_two_frames_are_ours(koil: Koil) -> None:
    fail_dual = dual(fail_deep)

    for call in (
        lambda: koil.call(fail_deep, ValueError()),
        lambda: koil.call_within(9, fail_deep, ValueError()),
        lambda: unkoil(fail_deep, ValueError()),
        lambda: fail_dual(ValueError()),
    ):
        frames = frames_of(raised_by(call))
        assert frames[-2:] == ["fail_deep", "fail"]
        assert len(frames) <= len(["raised_by", "<lambda>"]) + 2 + len(["fail_deep", "fail"])


def test_an_error_of_a_generator_step_keeps_its_frames(koil: Koil) -> None:
    async def numbers() -> AsyncIterator[int]:
        yield 1
        await fail(ValueError())

    for buffer in (0, 2):
        assert frames_of(raised_by(lambda: list(koil.iterate(numbers, buffer=buffer))))[-2:] == ["numbers", "fail"]  # noqa: B023


def test_an_error_of_a_thread_keeps_its_frames(koil: Koil) -> None:
    error = ValueError()

    def sync_fail() -> None:
        raise error

    raised = raised_by(koil.call, koil.run_sync, sync_fail)

    assert raised is error
    assert frames_of(raised)[-1] == "sync_fail"
    assert "_run" not in frames_of(raised)


def test_an_error_of_a_sync_generator_keeps_its_identity(koil: Koil) -> None:
    error = ValueError()

    def numbers() -> Any:
        yield 1
        raise error

    async def consume() -> list[int]:
        return [number async for number in iterate_sync(numbers)]

    assert raised_by(koil.call, consume) is error


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        SystemExit(3),
        GeneratorExit(),
        OwnInterrupt(),
        StopAsyncIteration(),
        asyncio.CancelledError(),
    ],
    ids=repr,
)
def test_no_base_exception_of_a_coroutine_ends_the_loop(koil: Koil, error: BaseException) -> None:
    assert raised_by(koil.call, fail, error) is error

    assert koil.call(asyncio.sleep, 0, "alive") == "alive"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)], ids=repr)
def test_no_base_exception_of_a_task_ends_the_loop(
    koil: Koil, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """Where asyncio lets these two out of the task and out of the loop, the thread goes on."""

    async def start_and_wait() -> BaseException | None:
        task = asyncio.create_task(fail(error))
        await asyncio.wait([task])
        return task.exception()

    assert koil.call(start_and_wait) is error
    assert koil.call(asyncio.sleep, 0, "alive") == "alive"


def test_wrong_arguments_are_an_error_of_the_caller(koil: Koil) -> None:
    with pytest.raises(TypeError, match="argument"):
        koil.call(fail)  # type: ignore[call-overload]  # the point of the test


def test_a_plain_function_is_an_error_of_the_caller(koil: Koil) -> None:
    with pytest.raises(TypeError, match="await"):
        koil.call(len, "text")  # type: ignore[call-overload]  # the point of the test


def test_an_error_is_freed_without_the_garbage_collector(koil: Koil) -> None:
    """An error that its own traceback reaches would keep the arrays of all its frames."""

    class Big:
        pass

    async def fail_with(big: Big) -> None:
        raise ValueError

    def scenario() -> "weakref.ref[Big]":
        big = Big()
        assert isinstance(raised_by(koil.call, fail_with, big), ValueError)
        return weakref.ref(big)

    gc.disable()
    try:
        freed = scenario()
        koil.call(asyncio.sleep, 0)  # the loop, too, has let go of the call before the next one
        assert freed() is None
    finally:
        gc.enable()


def test_a_result_is_freed_without_the_garbage_collector(koil: Koil) -> None:
    class Big:
        pass

    async def make() -> Big:
        return Big()

    gc.disable()
    try:
        freed = [weakref.ref(koil.call(make)), weakref.ref(koil.submit(make).result())]
        koil.call(asyncio.sleep, 0)
        assert [reference() for reference in freed] == [None, None]
    finally:
        gc.enable()


def test_the_errors_of_the_bridge_name_the_next_step() -> None:
    assert "Open a new app here" in str(ForkedError())
