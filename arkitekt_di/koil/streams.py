"""Sync iteration over async iterators: one crossing an item, or items fetched ahead."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from concurrent.futures import Future, wait
from contextlib import aclosing, nullcontext, suppress
from queue import SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

from arkitekt_di.errors import ForkedError, KoilClosedError
from arkitekt_di.koil.crossing import Submission
from arkitekt_di.koil.here import HERE
from arkitekt_di.koil.waiting import take

R = TypeVar("R")
Y = TypeVar("Y")


class Carrier(Protocol):
    """What takes each step to the loop."""

    @property
    def grace_s(self) -> float:
        """Longest wait for cancelled work to clean up, in seconds."""
        ...

    def call(self, fn: Callable[..., Any], /, *args: Any) -> Any:
        """Run *fn* on the loop and wait."""
        ...

    def submit(self, fn: Callable[..., Coroutine[Any, Any, R]], /, *args: Any) -> Future[R]:
        """Run *fn* on the loop without waiting."""
        ...

    def prepare(self, fn: Callable[..., Coroutine[Any, Any, R]], /, *args: Any) -> Submission[R]:
        """Return the future of *fn*, which is not sent yet."""
        ...


def step_by_step(koil: Carrier, stream: AsyncIterator[Y]) -> Generator[Y, Any, None]:
    """Yield the items, each fetched when it is asked for; ``send``, ``throw`` and ``close`` reach the stream."""
    try:
        item = koil.call(stream.__anext__)
        while True:
            try:
                sent = yield item
            except GeneratorExit:
                _close(koil, stream)
                raise
            except BaseException as error:  # noqa: BLE001  # the stream decides what becomes of it
                item = koil.call(_method(stream, "athrow"), error)
            else:
                item = koil.call(stream.__anext__) if sent is None else koil.call(_method(stream, "asend"), sent)
    except StopAsyncIteration:
        return


def _method(stream: Any, name: str) -> Callable[[Any], Any]:
    if not hasattr(stream, name):
        raise TypeError(f"nothing can be sent or thrown into {type(stream).__name__}: it is no async generator")
    return getattr(stream, name)  # type: ignore[no-any-return]  # hasattr says no more


def _close(koil: Carrier, stream: Any) -> None:
    if not hasattr(stream, "aclose"):
        return
    with suppress(KoilClosedError, ForkedError):  # the loop has closed the stream at its end
        if HERE.runs_a_loop:
            # Where the garbage collector runs on a loop, that loop must not wait.
            koil.submit(_aclose, stream)
        else:
            koil.call(stream.aclose)


async def _aclose(stream: Any) -> None:
    await stream.aclose()


class Prefetch(Generic[Y]):
    """Fetches items of a stream ahead of who takes them, never more than *buffer*.

    Parameters
    ----------
    stream : AsyncIterator
        Where the items come from.
    buffer : int
        Most items that wait to be taken.
    """

    def __init__(self, stream: AsyncIterator[Y], buffer: int) -> None:
        self._stream = stream
        self._buffer = buffer
        self._items: SimpleQueue[tuple[Y] | None] = SimpleQueue()
        self._fetched = 0
        self._taken = 0
        self._is_full = False
        self._room = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def _fetch(self) -> None:
        self._loop = asyncio.get_running_loop()
        stream: Any = self._stream
        async with aclosing(stream) if hasattr(stream, "aclose") else nullcontext():
            async for item in stream:
                self._fetched += 1
                self._items.put((item,))
                while self._ahead >= self._buffer:
                    await self._wait_for_room()

    @property
    def _ahead(self) -> int:
        return self._fetched - self._taken

    async def _wait_for_room(self) -> None:
        self._room.clear()
        self._is_full = True
        # The consumer may have looked between the last look at the buffer and the flag.
        if self._ahead >= self._buffer:
            await self._room.wait()
        self._is_full = False

    def _make_room(self) -> None:
        self._taken += 1
        # Half empty, not one short: a wake-up of the loop costs far more than an item.
        if self._is_full and self._ahead <= self._buffer // 2 and self._loop is not None:
            self._is_full = False
            with suppress(RuntimeError):  # the loop has ended, and says so at the end of the items
                self._loop.call_soon_threadsafe(self._room.set)

    def items(self, koil: Carrier) -> Generator[Y, None, None]:
        """Yield the items; leaving early cancels the fetching and waits for its cleanup, at most *grace_s*."""
        # Known before it is sent: Ctrl-C may come before a call that sends it returns.
        fetching = koil.prepare(self._fetch)
        try:
            fetching.send().add_done_callback(lambda _: self._items.put(None))
            while (item := take(self._items)) is not None:
                self._make_room()
                yield item[0]
            if (error := fetching.exception()) is not None:
                raise error
        finally:
            error = None
            if not fetching.done():
                fetching.cancel()
                if not HERE.runs_a_loop:
                    wait([fetching], koil.grace_s)
