"""News of records for those who watch."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, TypeVar

from arkitekt_di.errors import ConnectionLostError

T = TypeVar("T")

MAX_WAITING = 256
"""Changes that wait for one watcher; one who is further behind is told so and let go."""


class ChangeKind(Enum):
    """What happened to a record."""

    CREATED = auto()
    UPDATED = auto()
    DELETED = auto()


@dataclass(frozen=True)
class Change(Generic[T]):
    """One thing that happened to one record; ``record`` is its new state, None where it is gone."""

    kind: ChangeKind
    record_id: str
    record: T | None


class Watch(Generic[T]):
    """What one watcher has yet to see."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Change[T]] = asyncio.Queue(MAX_WAITING)
        self._is_behind = False

    def offer(self, change: Change[T]) -> None:
        """Add a change; where there is no room, the watch ends after what waits already."""
        if self._is_behind or self._waiting.full():
            self._is_behind = True
        else:
            self._waiting.put_nowait(change)

    async def __aiter__(self) -> AsyncIterator[Change[T]]:
        """Hand out changes as they come; raises `ConnectionLostError` where some had to be left out."""
        while not (self._is_behind and self._waiting.empty()):
            yield await self._waiting.get()
        raise ConnectionLostError("the changes of the hub", f"more than {MAX_WAITING} changes waited to be read")


class Changes(Generic[T]):
    """Hands every change of an organization's records of one kind to those who watch them, in this process."""

    def __init__(self) -> None:
        self._watches: defaultdict[str, set[Watch[T]]] = defaultdict(set)

    def publish(self, organization_id: str, change: Change[T]) -> None:
        """Tell everyone who watches the organization; waits for nobody."""
        for watch in self._watches.get(organization_id, ()):
            watch.offer(change)

    def has_watchers(self, organization_id: str) -> bool:
        """Tell whether anyone watches the organization."""
        return bool(self._watches.get(organization_id))

    @contextmanager
    def watch(self, organization_id: str) -> Iterator[Watch[T]]:
        """Watch the records of one organization while the block lasts."""
        watch: Watch[T] = Watch()
        self._watches[organization_id].add(watch)
        try:
            yield watch
        finally:
            self._watches[organization_id].discard(watch)
            if not self._watches[organization_id]:
                del self._watches[organization_id]
