"""Tasks that ended long ago are forgotten."""

import asyncio
from collections.abc import Callable

from arkitekt_di.server.tasks.promise import TaskStore

EVERY_S = 3600.0
"""Seconds between two rounds."""

AT_ONCE = 500
"""Tasks that are removed in one transaction, so that nobody waits long behind it."""

DAY_S = 86400.0


class Retention:
    """Removes tasks that have ended.

    Parameters
    ----------
    store : TaskStore
    keep_days : float
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(self, store: TaskStore, keep_days: float, clock: Callable[[], float]) -> None:
        self._store = store
        self._keep_s = keep_days * DAY_S
        self._clock = clock

    async def run(self) -> None:
        """Go round after round."""
        while True:
            await self.sweep()
            await asyncio.sleep(EVERY_S)

    async def sweep(self) -> int:
        """Remove all that is old; return how many."""
        before = self._clock() - self._keep_s
        total = removed = await self._store.sweep(before, AT_ONCE)
        while removed == AT_ONCE:
            removed = await self._store.sweep(before, AT_ONCE)
            total += removed
        return total
