"""News of images for those who watch."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from arkitekt_di.errors import ConnectionLostError
from arkitekt_di.server.images.tables import Image

MAX_WAITING = 256
"""Changes that wait for one watcher; one who is further behind is told so and let go."""


class ChangeKind(Enum):
    """What happened to an image."""

    CREATED = auto()
    UPDATED = auto()
    DELETED = auto()


@dataclass(frozen=True)
class Change:
    """One thing that happened to one image; ``image`` is its new state, None where it is gone."""

    kind: ChangeKind
    image_id: str
    image: Image | None


class Watch:
    """What one watcher has yet to see."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Change] = asyncio.Queue(MAX_WAITING)
        self._is_behind = False

    def offer(self, change: Change) -> None:
        """Add a change; where there is no room, the watch ends after what waits already."""
        if self._is_behind or self._waiting.full():
            self._is_behind = True
        else:
            self._waiting.put_nowait(change)

    async def __aiter__(self) -> AsyncIterator[Change]:
        """Hand out changes as they come; raises `ConnectionLostError` where some had to be left out."""
        while not (self._is_behind and self._waiting.empty()):
            yield await self._waiting.get()
        raise ConnectionLostError("the changes of images", f"more than {MAX_WAITING} changes waited to be read")


class Changes:
    """Hands every change of an organization's images to those who watch them, in this process."""

    def __init__(self) -> None:
        self._watches: defaultdict[str, set[Watch]] = defaultdict(set)

    def publish(self, organization_id: str, change: Change) -> None:
        """Tell everyone who watches the organization; waits for nobody."""
        for watch in self._watches.get(organization_id, ()):
            watch.offer(change)

    def has_watchers(self, organization_id: str) -> bool:
        """Tell whether anyone watches the organization."""
        return bool(self._watches.get(organization_id))

    @contextmanager
    def watch(self, organization_id: str) -> Iterator[Watch]:
        """Watch the images of one organization while the block lasts."""
        watch = Watch()
        self._watches[organization_id].add(watch)
        try:
            yield watch
        finally:
            self._watches[organization_id].discard(watch)
            if not self._watches[organization_id]:
                del self._watches[organization_id]
