"""Changes of records that live in this process, for those who watch them."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Generic, TypeVar

from arkitekt_di.messages.changes import ChangeKind

T = TypeVar("T")

Event = tuple[ChangeKind | None, str, T | None]
"""What happened, to which record, and its new state; no kind where it is only said that watching has begun."""


class News(Generic[T]):
    """Hands every change to everyone who watches."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[Event[T]]] = set()

    def tell(self, kind: ChangeKind, record_id: str, record: T | None) -> None:
        """Tell of one change; waits for nobody."""
        for watcher in self._watchers:
            watcher.put_nowait((kind, record_id, record))

    async def watch(self) -> AsyncGenerator[Event[T], None]:
        """Yield what happens from now on; first, that this is taken note of."""
        watcher: asyncio.Queue[Event[T]] = asyncio.Queue()
        self._watchers.add(watcher)
        try:
            yield (None, "", None)
            while True:
                yield await watcher.get()
        finally:
            self._watchers.discard(watcher)
