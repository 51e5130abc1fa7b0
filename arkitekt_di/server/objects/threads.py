"""The threads in which an object store does what blocks."""

import asyncio
import errno
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple, Unpack

from arkitekt_di.errors import ObjectRefusedError, StorageFullError
from arkitekt_di.koil.many import run_all

THREADS = 8
"""More than two cores need, since most of them wait for the disk."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Result = TypeVar("Result")
Opened = TypeVar("Opened")
Argument = TypeVar("Argument")
Arguments = TypeVarTuple("Arguments")


class Threads:
    """Threads of one store, apart from those of the rest of the hub.

    Parameters
    ----------
    where : str
        Names the store where its disk is full.
    count : int, default 8
        Most that work at the same time.
    """

    def __init__(self, where: str, *, count: int = THREADS) -> None:
        self._where = where
        self._count = count
        self._pool: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Let work in."""
        self._pool = ThreadPoolExecutor(self._count, thread_name_prefix="objects")

    async def stop(self) -> None:
        """Wait for the work that is under way."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await asyncio.to_thread(pool.shutdown)

    async def run(self, work: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> Result:
        """Do blocking work in a thread; a full disk raises `StorageFullError`."""
        if self._pool is None:
            message = "the object store is not open"
            raise RuntimeError(message)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFullError(self._where) from error
            if error.errno == errno.ENAMETOOLONG:
                raise ObjectRefusedError("KeyTooLongError", "the key is too long for the hub's disk") from error
            raise

    async def open(
        self, work: Callable[[Unpack[Arguments]], Opened], close: Callable[[Opened], object], *arguments: *Arguments
    ) -> Opened:
        """As `run`, for work that opens something: where nobody waits for it any more, *close* is told of it."""
        opening = asyncio.ensure_future(self.run(work, *arguments))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(lambda done: _close(done, close))
            raise

    async def run_each(self, work: Callable[[Argument], object], arguments: Sequence[Argument]) -> None:
        """Do the same for each of *arguments* side by side."""
        await run_all([self.run(work, argument) for argument in arguments])


def _close(opening: "asyncio.Future[Opened]", close: Callable[[Opened], object]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        close(opening.result())
