"""The trash: what was deleted stays for a while, seen by nobody, and can be restored until it is removed for good."""

from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy import func, select

from arkitekt_di.server.database import Database
from arkitekt_di.server.records import Record


class Bin(Protocol):
    """The deleted records of one kind."""

    async def oldest(self) -> float | None:
        """Return when the record was deleted that has been here longest, in seconds since 1970; None for none."""
        ...

    async def empty(self, deadline: float) -> None:
        """Remove for good, with everything that belongs to it, what was deleted at or before *deadline*."""
        ...


class Trash:
    """The bins of a hub; a `Chore` that empties them when it is time.

    Parameters
    ----------
    bins : sequence of Bin
        What holds others comes last, as folders do.
    keep_s : float
        How long a deleted record can be restored, in seconds.
    clock : callable
        Returns seconds since 1970, UTC.
    """

    purpose = "emptying the trash"

    def __init__(self, bins: Sequence[Bin], *, keep_s: float, clock: Callable[[], float]) -> None:
        self._bins = tuple(bins)
        self._keep_s = keep_s
        self._clock = clock

    async def attend(self) -> float | None:
        """Remove for good what has been here long enough."""
        deadline = self._clock() - self._keep_s
        for bin_ in self._bins:
            await bin_.empty(deadline)
        oldest = [deleted for bin_ in self._bins if (deleted := await bin_.oldest()) is not None]
        return max(0.0, min(oldest) - deadline) if oldest else None


async def oldest_deleted(database: Database, kind: type[Record]) -> float | None:
    """Return when the record of *kind* was deleted that has been in the trash longest."""
    async with database.transaction() as session:
        return await session.scalar(select(func.min(kind.deleted_at)))
