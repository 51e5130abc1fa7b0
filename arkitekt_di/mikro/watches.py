"""What one service watches, which ends with it."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar

from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.mikro.watching import Change, Stream, Watch
from arkitekt_di.protocols.koil import Bridge

R = TypeVar("R")
T = TypeVar("T")

Told = AsyncGenerator[tuple[ChangeKind, str, R | None] | None, None]
"""What happened, to which record, and its new state; the first None says that the hub has taken note."""


class Watches:
    """The open watches of a service.

    Parameters
    ----------
    bridge : Bridge
        Takes blocking calls to the app's loop.
    """

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._streams: set[Stream[Any]] = set()

    def watch(self, begin: Callable[[], Awaitable[Told[R]]], show: Callable[[R], T]) -> Watch[T]:
        """Return a watch that is not open yet: *begin* asks the hub, *show* makes of a record what the user gets."""

        async def changes() -> AsyncGenerator[Change[T] | None, None]:
            async with aclosing(await begin()) as events:
                async for event in events:
                    if event is None:
                        yield None
                    else:
                        kind, record_id, record = event
                        yield Change(kind, record_id, None if record is None else show(record))

        return Watch(self._bridge, changes, self._streams)

    async def stop(self) -> None:
        """End all of them."""
        for stream in list(self._streams):
            await stream.close()
