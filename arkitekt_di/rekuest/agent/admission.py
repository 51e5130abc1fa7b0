"""Whose turn it is: limits, locks and priorities of bodies."""

import asyncio
import heapq
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from arkitekt_di.rekuest.offer import Offer


class Admission:
    """Lets bodies run when everything that they need is free.

    A body takes its place, its function's place and all its locks at once or not at all, so no two can wait for each
    other.  Of those that could run, the one of highest priority goes first, and of these the one that came first.

    Parameters
    ----------
    most : int
        Most bodies that run at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._running: Counter[str] = Counter()
        self._locks: set[str] = set()
        self._arrivals = itertools.count()
        self._waiting: list[tuple[int, int, Offer, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def turn(self, offer: Offer) -> AsyncIterator[None]:
        """Wait for the turn of a body, and keep its places while the block runs."""
        await self._enter(offer)
        try:
            yield
        finally:
            self._leave(offer)

    def is_free(self, offer: Offer) -> bool:
        """Tell whether a body could run at once."""
        return (
            self._running.total() < self._most
            and self._running[offer.interface] < offer.limit
            and self._locks.isdisjoint(offer.locks)
        )

    async def _enter(self, offer: Offer) -> None:
        if not self._waiting and self.is_free(offer):
            self._take(offer)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (-offer.priority, next(self._arrivals), offer, turn))
        self._admit()  # others may wait for what this one does not need
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(offer)
            else:
                self._waiting = [one for one in self._waiting if one[3] is not turn]
                heapq.heapify(self._waiting)
            raise

    def _take(self, offer: Offer) -> None:
        self._running[offer.interface] += 1
        self._locks.update(offer.locks)

    def _leave(self, offer: Offer) -> None:
        self._running[offer.interface] -= 1
        self._locks.difference_update(offer.locks)
        self._admit()

    def _admit(self) -> None:
        left: list[tuple[int, int, Offer, asyncio.Future[None]]] = []
        while self._waiting and self._running.total() < self._most:
            entry = heapq.heappop(self._waiting)
            offer, turn = entry[2], entry[3]
            if turn.done():  # cancelled a moment ago
                continue
            if self.is_free(offer):
                self._take(offer)
                turn.set_result(None)
            else:
                left.append(entry)
        for entry in left:
            heapq.heappush(self._waiting, entry)

    @property
    def running(self) -> int:
        """How many bodies run."""
        return self._running.total()
