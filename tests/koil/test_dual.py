"""One function for both worlds, wherever it is called from."""

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from arkitekt_di.errors import NoAppError, NotAwaitedError, OwnLoopError
from arkitekt_di.koil import Koil, dual
from arkitekt_di.settings.models import KoilSettings

LOOPS: list[asyncio.AbstractEventLoop] = []


@pytest.fixture(autouse=True)
def forget_loops() -> Iterator[None]:
    LOOPS.clear()
    yield
    LOOPS.clear()


@dual
async def double(number: int, *, timeout: float = 1.0) -> int:  # noqa: ASYNC109  # a keyword of this name is the point
    """Double a number."""
    await asyncio.sleep(0)
    LOOPS.append(asyncio.get_running_loop())
    return 2 * number


class Doubler:
    factor = 2

    @dual
    async def apply(self, number: int) -> int:
        await asyncio.sleep(0)
        return self.factor * number


def test_sync_code_blocks(koil: Koil) -> None:
    assert double(21) == 42
    assert [koil.loop] == LOOPS


def test_a_coroutine_on_the_loop_awaits(koil: Koil) -> None:
    async def main() -> Any:
        return await double(21)  # type: ignore[misc]  # typed as in sync code

    assert koil.call(main) == 42


def test_what_is_returned_on_the_loop_is_as_good_as_a_coroutine(koil: Koil) -> None:
    async def main() -> list[Any]:
        call: Any = double
        async with asyncio.TaskGroup() as group:
            task = group.create_task(call(1))
        return [
            task.result(),
            *await asyncio.gather(*[call(number) for number in (2, 3)]),
            await asyncio.wait_for(call(4), 20),
            await functools.partial(call, 5)(),
        ]

    assert koil.call(main) == [2, 4, 6, 8, 10]


def test_using_what_was_not_awaited_names_the_await(koil: Koil) -> None:
    async def main() -> None:
        result: Any = double(1)
        for use in (lambda: result.data, lambda: bool(result), lambda: getattr(result, "_repr_html_")):  # noqa: B009
            with pytest.raises(NotAwaitedError, match=r"await double\(\.\.\.\)"):
                use()
        assert "await double(...)" in repr(result)
        assert not hasattr(result, "shape")
        with pytest.raises(TypeError, match="Unawaited"):
            result + 1
        await result

    koil.call(main)


def test_forgetting_to_await_warns_as_a_coroutine_does(koil: Koil) -> None:
    async def main() -> None:
        with pytest.warns(RuntimeWarning, match=r"'double' was never awaited"):
            double(1)

    koil.call(main)


def test_in_a_coroutine_of_another_loop_it_is_awaited_and_runs_on_the_koils(koil: Koil) -> None:
    call: Any = double

    async def main() -> list[int]:
        return [await call(1), *await asyncio.gather(*[call(number) for number in (2, 3)])]

    assert asyncio.run(main()) == [2, 4, 6]
    assert set(LOOPS) == {koil.loop}


def test_in_an_async_generator_of_another_loop_it_is_awaited(koil: Koil) -> None:
    async def numbers() -> AsyncIterator[int]:
        yield await double(1)  # type: ignore[misc]  # typed as in sync code

    async def main() -> list[int]:
        return [number async for number in numbers()]

    assert asyncio.run(main()) == [2]


def test_in_sync_code_under_another_loop_it_blocks(koil: Koil) -> None:
    """As in a plain cell of a notebook, whose main thread always runs a loop."""

    def cell() -> int:
        return double(21)

    async def main() -> int:
        return cell()

    assert asyncio.run(main()) == 42


def test_sync_code_on_the_loop_of_another_koil_is_refused(koil: Koil, settings: KoilSettings) -> None:
    bridged = dual(bridge=lambda kwargs: koil)(double.aio)

    def cell() -> int:
        return bridged(21)

    async def main() -> int:
        return cell()

    with Koil(settings, identifier="inner") as inner, pytest.raises(OwnLoopError):
        inner.call(main)


def test_an_await_on_another_loop_can_be_cancelled_and_waits_for_the_cleanup(koil: Koil) -> None:
    trace: list[str] = []

    async def main() -> None:
        started = asyncio.Event()
        loop = asyncio.get_running_loop()

        @dual
        async def hang() -> None:
            loop.call_soon_threadsafe(started.set)
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                trace.append("cleaned up")

        async def wait() -> None:
            call: Any = hang
            await call()

        task = asyncio.create_task(wait())
        await started.wait()
        task.cancel()
        await asyncio.wait([task])
        trace.append("cancelled")

    asyncio.run(main())

    assert trace == ["cleaned up", "cancelled"]


def test_where_the_koil_joined_the_loop_it_is_awaited() -> None:
    async def main() -> Any:
        async with Koil():
            return await double(21)  # type: ignore[misc]  # typed as in sync code

    assert asyncio.run(main()) == 42


def test_aio_is_the_function_itself(koil: Koil) -> None:
    async def main() -> int:
        return await double.aio(21)

    assert inspect.iscoroutinefunction(double.aio)
    assert koil.call(main) == 42


def test_a_method_can_be_dual(koil: Koil) -> None:
    async def main() -> int:
        return await Doubler().apply.aio(3)

    assert Doubler().apply(21) == 42
    assert koil.call(main) == 6
    assert repr(Doubler.apply) == "<dual Doubler.apply>"


def test_a_keyword_of_the_function_is_no_option_of_the_call(koil: Koil) -> None:
    assert double(21, timeout=0) == 42
    with pytest.raises(TypeError, match="unexpected keyword"):
        Doubler().apply(21, timeout=0)  # type: ignore[call-arg]  # the point of the test


def test_the_koil_can_be_chosen_by_the_arguments(settings: KoilSettings) -> None:
    with Koil(settings, identifier="first") as first, Koil(settings, identifier="second") as second:
        koils = {"first": first, "second": second}

        @dual(bridge=lambda kwargs: koils[kwargs["app"]])
        async def where(*, app: str) -> asyncio.AbstractEventLoop:
            return asyncio.get_running_loop()

        assert where(app="first") is first.loop
        assert where(app="second") is second.loop


def test_without_a_koil_the_error_says_what_to_open() -> None:
    with pytest.raises(NoAppError, match="no app is open"):
        double(1)


def test_it_looks_like_the_function() -> None:
    assert double.__name__ == "double"  # type: ignore[attr-defined]  # set by functools
    assert double.__doc__ == "Double a number."
    assert str(inspect.signature(double)) == "(number: int, *, timeout: float = 1.0) -> int"
    assert repr(double) == "<dual double>"


def test_only_an_async_function_can_be_dual() -> None:
    with pytest.raises(TypeError, match="takes an async function, and len is none"):
        dual(len)  # type: ignore[arg-type]  # the point of the test
