"""What happens to records, as it happens: iterated over in sync and in async code."""

import asyncio
import contextlib
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Generic, ParamSpec, Self, TypeVar, cast

from arkitekt_di.errors import KoilError
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.mikro.crossing import across
from arkitekt_di.protocols.koil import Bridge

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")

MAX_WAITING: Final = 256
"""Changes that wait to be taken; while there are as many, no more are read from the hub, which keeps the others."""

_END: Final = object()


@dataclass(frozen=True)
class Change(Generic[T]):
    """One thing that happened to one record.

    Attributes
    ----------
    kind : ChangeKind
        ``CREATED``, ``UPDATED`` or ``DELETED``, as seen from what is watched: an image that is moved into a watched
        folder is created there, one that is moved away is deleted.
    id : str
        Identifier of the record.
    record : object or None
        The record as it was then, such as an `Image`; None where it was deleted.
    """

    kind: ChangeKind
    id: str
    record: T | None


class Watch(Generic[T]):
    """Changes of records, in their order, from the moment it is opened.

    In sync code it is open when it is made, and ``for change in watch`` blocks until there is one.  In async code
    ``async with watch:`` opens it, or the first step of ``async for change in watch``.  It ends where it is closed, by
    `close`, `aclose`, by leaving the block or the loop, and with the app: a loop that waits then just ends.

    When the connection to the hub is lost it comes back, and first tells what happened meanwhile: of each record what
    became of it, so that one that was created and deleted in between is not told at all, and one that was updated ten
    times is told once.  A connection that breaks during that may tell something twice.  Nothing is left out: where the
    hub does not know any more what was missed, or cannot be reached for ``transport.give_up_s`` seconds, the loop
    raises.  Updates that follow one another faster than they are taken may be told as one.

    Raises
    ------
    ConnectionLostError
        The hub does not answer when the watch is opened, or did not for too long.
    HubRefusedError
        The hub does not know any more what was missed: read anew what you watch, and watch it again.
    """

    def __init__(
        self,
        bridge: Bridge,
        source: Callable[[], AsyncGenerator[Change[T] | None, None]],
        open_ones: "set[Stream[Any]]",
    ) -> None:
        self._bridge = bridge
        self._stream = Stream(source, open_ones)
        self._finalizer = weakref.finalize(self, _forget, bridge, self._stream)
        self._finalizer.atexit = False  # the app has closed it by then

    async def aopen(self) -> Self:
        """Return when the hub has taken note: whatever happens from now on is told."""
        await self._on_loop(self._stream.open)
        return self

    async def aclose(self) -> None:
        """End it; may be called twice."""
        self._finalizer.detach()
        if not self._stream.is_closed:
            await self._on_loop(self._stream.close)

    def open(self) -> Self:
        """Do as `aopen`, in sync code."""
        self._bridge.call(self._stream.open)
        return self

    def close(self) -> None:
        """Do as `aclose`, in sync code."""
        self._finalizer.detach()
        if not self._stream.is_closed:
            self._bridge.call(self._stream.close)

    async def _on_loop(self, fn: Callable[P, Coroutine[Any, Any, R]], *args: P.args, **kwargs: P.kwargs) -> R:
        return await across(self._bridge, fn, *args, **kwargs)

    def __iter__(self) -> Iterator[Change[T]]:
        try:
            while not self._stream.is_closed and (change := self._bridge.call(self._stream.take)) is not _END:
                yield cast("Change[T]", change)
        finally:
            self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change[T]:
        change = _END if self._stream.is_closed else await self._on_loop(self._stream.take)
        if change is _END:
            raise StopAsyncIteration
        return cast("Change[T]", change)

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return await self.aopen()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<Watch {'closed' if self._stream.is_closed else 'open' if self._stream.is_open else 'not opened'}>"


class Stream(Generic[T]):
    """What comes from the hub for one watch, read by a task of its own on the app's loop.

    Parameters
    ----------
    source : callable
        Returns the changes; the first None says that the hub has taken note.
    open_ones : set of Stream
        Where the stream is while it is open, for whoever has to close all of them.
    """

    def __init__(
        self, source: Callable[[], AsyncGenerator[Change[T] | None, None]], open_ones: "set[Stream[Any]]"
    ) -> None:
        self._source = source
        self._open_ones = open_ones
        self._waiting: deque[Change[T]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._happened: asyncio.Condition = asyncio.Condition()
        self._has_begun = self._is_over = False
        self.is_closed = False

    @property
    def is_open(self) -> bool:
        """Whether changes are read."""
        return self._task is not None and not self.is_closed

    async def open(self) -> None:
        """Begin to read, once, and return when the hub has taken note."""
        if self._task is None and not self.is_closed:
            self._open_ones.add(self)
            self._task = asyncio.create_task(self._read(), name="changes of records")
        await self._until(lambda: self._has_begun)
        if not self._has_begun:
            await self._end()

    async def take(self) -> Change[T] | object:
        """Return the next change; `_END` where it is closed."""
        await self.open()
        await self._until(lambda: bool(self._waiting))
        if not self._waiting:
            await self._end()
            return _END
        async with self._happened:
            change = self._waiting.popleft()
            self._happened.notify_all()
        return change

    async def close(self) -> None:
        """Stop to read."""
        self.is_closed = True
        self._open_ones.discard(self)
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        async with self._happened:
            self._happened.notify_all()

    async def _end(self) -> None:
        """Raise what ended the reading, if it was an error."""
        task, was_closed = self._task, self.is_closed
        await self.close()
        if task is not None and not was_closed and not task.cancelled() and (error := task.exception()) is not None:
            raise error

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds, or nothing more will come."""
        async with self._happened:
            await self._happened.wait_for(lambda: condition() or self.is_closed or self._is_over)

    async def _read(self) -> None:
        try:
            async with aclosing(self._source()) as changes:
                async for change in changes:
                    await self._add(change)
        finally:
            self._is_over = True
            async with self._happened:
                self._happened.notify_all()

    async def _add(self, change: Change[T] | None) -> None:
        async with self._happened:
            if change is None:
                self._has_begun = True
            else:
                await self._happened.wait_for(lambda: len(self._waiting) < MAX_WAITING)
                self._waiting.append(change)
            self._happened.notify_all()


def _forget(bridge: Bridge, stream: Stream[Any]) -> None:
    """Close what nobody can take from any more."""
    if stream.is_open:
        with contextlib.suppress(KoilError):  # the app is closed, and so is the stream
            bridge.submit(stream.close)
