"""What type checkers must understand of koil; checked by mypy and pyright, never run."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator
from concurrent.futures import Executor, Future
from typing import Any, assert_type

from arkitekt_di.koil import (
    Koil,
    current_koil,
    dual,
    iterate_sync,
    koilable,
    run_sync,
    unkoil,
    unkoil_gen,
)
from arkitekt_di.protocols.koil import Bridge


async def fetch(identifier: str, *, attempts: int = 1) -> bytes:
    return identifier.encode() * attempts


async def fetch_slowly(identifier: str, *, timeout: float) -> bytes:  # noqa: ASYNC109
    return identifier.encode()


async def stream(count: int) -> AsyncIterator[int]:
    yield count


def work(left: int, *, right: int) -> str:
    return str(left + right)


def numbers(count: int) -> Generator[int, None, None]:
    yield count


def choose(kwargs: dict[str, Any]) -> Koil:
    return current_koil()


def in_sync_code(koil: Koil) -> None:
    assert_type(koil.call(fetch, "a", attempts=2), bytes)
    assert_type(koil.call(fetch, "a", timeout=2.0), bytes)
    assert_type(koil.call(fetch_slowly, "a", timeout=2.0), bytes)
    assert_type(koil.call_within(2.0, fetch, "a"), bytes)
    assert_type(koil.submit(fetch, "a"), Future[bytes])
    assert_type(koil.gather(fetch("a"), fetch("b")), list[bytes])
    assert_type(koil.map(fetch, ["a", "b"], limit=2), list[bytes])
    assert_type(koil.iterate(stream, 1), Generator[int, Any, None])
    assert_type(koil.iterate(stream, 1, buffer=2), Generator[int, Any, None])
    assert_type(koil.bind(work)(1, right=2), str)
    assert_type(koil.thread(work, 1, right=2), threading.Thread)
    assert_type(koil.executor(), Executor)
    assert_type(unkoil(fetch, "a"), bytes)
    assert_type(unkoil_gen(stream, 1), Generator[int, Any, None])
    koil.call(fetch, 1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    koil.submit(fetch, 1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def in_async_code(koil: Koil) -> None:
    assert_type(await run_sync(work, 1, right=2), str)
    assert_type(await koil.run_sync(work, 1, right=2), str)
    assert_type(iterate_sync(numbers, 1), AsyncGenerator[int, Any])
    assert_type(await koil.cross(fetch, "a"), bytes)
    await run_sync(work, "1", right=2)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def as_a_bridge(koil: Koil) -> Bridge:
    return koil


dual_fetch = dual(fetch)


@dual
async def decorated(identifier: str, *, attempts: int = 1) -> bytes:
    return identifier.encode() * attempts


@dual(bridge=choose)
async def chosen(identifier: str) -> bytes:
    return identifier.encode()


class Microscope:
    @dual
    async def snap(self, exposure_ms: float) -> bytes:
        return bytes(int(exposure_ms))


def dual_in_sync_code(microscope: Microscope) -> None:
    assert_type(dual_fetch("a", attempts=2), bytes)
    assert_type(decorated("a", attempts=2), bytes)
    assert_type(chosen("a"), bytes)
    assert_type(microscope.snap(10.0), bytes)
    function: Callable[[str], bytes] = chosen
    function("a")
    decorated(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    microscope.snap("long")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def dual_in_async_code(microscope: Microscope) -> None:
    await assert_type(decorated.aio("a", attempts=2), Coroutine[Any, Any, bytes])
    assert_type(await decorated.aio("a"), bytes)
    assert_type(await chosen.aio("a"), bytes)
    assert_type(await microscope.snap.aio(10.0), bytes)
    await asyncio.gather(decorated.aio("a"), chosen.aio("b"))
    await decorated.aio(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@koilable
class Door:
    async def __aenter__(self) -> int:
        return 1

    async def __aexit__(self, *error: object) -> None: ...


assert_type(Door(), Door)
