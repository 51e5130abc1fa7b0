"""Async context managers that sync code enters."""

import asyncio
import threading
from types import TracebackType
from typing import Any

import pytest

from arkitekt_di.koil import Koil, koilable


class Door:
    """Tells on which loop it was opened and closed; swallows what *swallows* names."""

    def __init__(self, swallows: type[BaseException] | tuple[()] = ()) -> None:
        self.swallows = swallows
        self.loops: list[asyncio.AbstractEventLoop] = []

    async def __aenter__(self) -> str:
        self.loops.append(asyncio.get_running_loop())
        return "entered"

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self.loops.append(asyncio.get_running_loop())
        return isinstance(error, self.swallows)


SyncDoor: Any = koilable(Door)


def test_the_koil_that_governs_is_used(koil: Koil) -> None:
    door = SyncDoor()

    with door as entered:
        assert entered == "entered"

    assert door.loops == [koil.loop] * 2


def test_where_none_is_open_one_is_opened_for_the_block() -> None:
    door = SyncDoor()
    before = threading.active_count()

    for _ in range(2):
        with door:
            pass

    assert len({id(loop) for loop in door.loops[:2]}) == 1
    assert all(loop.is_closed() for loop in door.loops)
    assert threading.active_count() <= before


def enter_and_fail(door: Any, error: Exception) -> None:
    with door:
        raise error


def test_what_aexit_returns_counts() -> None:
    enter_and_fail(SyncDoor(swallows=ValueError), ValueError())

    with pytest.raises(KeyError):
        enter_and_fail(SyncDoor(swallows=ValueError), KeyError())


@pytest.mark.parametrize("method", ["__aenter__", "__aexit__"])
def test_a_failure_releases_the_loop(method: str) -> None:
    async def fail(*_: object) -> None:
        raise ValueError("door")

    failing: Any = koilable(type("FailingDoor", (Door,), {method: fail}))
    before = threading.active_count()

    with pytest.raises(ValueError, match="door"), failing():
        pass

    assert threading.active_count() <= before
    with SyncDoor():
        pass


def test_async_code_enters_it_as_before() -> None:
    async def main() -> None:
        async with SyncDoor() as entered:
            assert entered == "entered"

    asyncio.run(main())


def test_anything_else_is_refused() -> None:
    with pytest.raises(TypeError, match="async context manager"):
        koilable(int)  # type: ignore[type-var]  # the point of the test
