"""Bodies in threads of the app's process."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar

from arkitekt_di.koil import iterate_sync, run_sync
from arkitekt_di.rekuest.executors.work import Desk, Work

R = TypeVar("R")


class ThreadExecutor:
    """Runs sync functions and generator functions in threads of the koil that governs.

    A thread cannot be ended from outside.  A body that was asked to stop ends at its next ``progress()``,
    ``check_cancelled()``, ``koil.sleep()`` or call of a helper; one that does none of these runs to its end, and is
    waited for: the task is not said to have stopped before it has.

    Parameters
    ----------
    desk : Desk
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._abandoned = asyncio.Event()

    async def start(self) -> None:
        """Wait for every body again."""
        self._abandoned.clear()

    async def stop(self) -> None:
        """Wait no longer for bodies that do not stop; their threads end with the process."""
        self._abandoned.set()

    async def run(self, work: Work) -> AsyncGenerator[dict[str, Any], None]:
        """Run the body in a thread; a generator has one thread from its beginning to its end."""
        body = await self._desk.prepare(work)
        end = _End()
        if not work.offer.is_generator:
            returned = await self._patiently(work, end, run_sync(end.marking(body)))
            yield await self._desk.results(work, returned)
            return
        async with aclosing(iterate_sync(end.marking_all(body))) as stream:
            while True:
                try:
                    item = await self._patiently(work, end, anext(stream))
                except StopAsyncIteration:
                    return
                yield await self._desk.results(work, item)

    async def _patiently(self, work: Work, end: "_End", step: Awaitable[R]) -> R:
        """Await a step of the body; where it is cancelled, return only when the body rests."""
        try:
            return await step
        except asyncio.CancelledError:
            if not end.rests.is_set():
                work.on_stuck()
            while not (end.rests.is_set() or self._abandoned.is_set()):
                await _either(end.rests, self._abandoned)
            raise


class _End:
    """Whether a body runs in its thread at the moment."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.rests = asyncio.Event()

    def marking(self, body: Callable[[], R]) -> Callable[[], R]:
        def marked() -> R:
            try:
                return body()
            finally:
                self._tell(self.rests.set)

        return marked

    def marking_all(self, body: Callable[[], Any]) -> Callable[[], Any]:
        def marked() -> Any:
            try:
                for item in body():
                    self._tell(self.rests.set)
                    yield item
                    self._tell(self.rests.clear)
            finally:
                self._tell(self.rests.set)

        return marked

    def _tell(self, what: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what)


async def _either(first: asyncio.Event, second: asyncio.Event) -> None:
    """Wait for one of two events, also where the waiting task is cancelled again meanwhile."""
    waits = [asyncio.ensure_future(first.wait()), asyncio.ensure_future(second.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:  # interrupted as well, which a thread cannot be either
        return
    finally:
        for wait in waits:
            wait.cancel()
