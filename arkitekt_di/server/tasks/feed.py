"""A caller's events, one after the other and none left out, however slowly they are read."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

from arkitekt_di.server.tasks.promise import EventBus, TaskStore
from arkitekt_di.server.tasks.records import Event, Whose

log = logging.getLogger(__name__)

PAGE = 256
"""Events that are read from the ledger at a time."""


class Feed:
    """Events of the tasks of one caller, or of an organization.

    News comes from the bus.  Whoever reads too slowly for it is read to from the ledger, until they have caught up:
    what waits for them is on disk then, not in memory.

    Parameters
    ----------
    store : TaskStore
    bus : EventBus
    whose : Caller or Organization
    since : int
        Events after this one are wanted.
    most : int
        Events that wait in memory.
    """

    def __init__(self, store: TaskStore, bus: EventBus, whose: Whose, since: int, most: int) -> None:
        self._store = store
        self._bus = bus
        self._whose = whose
        self._seen = since
        self._most = most
        self._waiting: deque[Event] = deque()
        self._is_behind = True  # what was recorded before now is in the ledger only
        self._news = asyncio.Event()

    def offer(self, events: Sequence[Event]) -> None:
        """Take news from the bus."""
        if not self._is_behind:
            self._waiting.extend(events)
            if len(self._waiting) > self._most:
                log.warning("%s reads its events slowly; they wait in the ledger", self._whose)
                self._waiting.clear()
                self._is_behind = True
        self._news.set()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Hand out events as they come; close it (`contextlib.aclosing`) when no more are wanted."""
        async with aclosing(self.batches()) as batches:
            async for batch in batches:
                for event in batch:
                    yield event

    async def batches(self) -> AsyncGenerator[Sequence[Event], None]:
        """Hand out events as they come, all at once that are there; close it as `events`."""
        self._bus.subscribe(self._whose, self)
        try:
            while True:
                if self._is_behind:
                    async for page in self._catch_up():
                        yield page
                if fresh := [event for event in self._waiting if event.seq > self._seen]:
                    self._waiting.clear()
                    self._seen = fresh[-1].seq
                    yield fresh
                    continue
                self._waiting.clear()
                if not self._is_behind:
                    self._news.clear()
                    await self._news.wait()
        finally:
            self._bus.unsubscribe(self._whose, self)

    async def _catch_up(self) -> AsyncIterator[Sequence[Event]]:
        while True:
            # News are kept from here on; what is in both is told apart by its number.
            self._is_behind = False
            page = await self._store.events_after(self._seen, self._whose, PAGE)
            if page:
                self._seen = page[-1].seq
                yield page
            if len(page) < PAGE:
                return
