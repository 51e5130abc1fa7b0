"""The journal of a hub: every change of a record has a number, is kept for a while, and is told to those who watch."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from sqlalchemy import BigInteger, Float, Index, String, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from arkitekt_di.errors import ConnectionLostError, RecordRefusedError
from arkitekt_di.messages.changes import ChangeKind, RecordKind
from arkitekt_di.server.database import Database, Table
from arkitekt_di.server.principal import Principal

MAX_WAITING = 256
"""Changes that wait for one watcher; one who is further behind is told so and let go."""

KEPT_S = 24 * 3600.0
"""How long a change is kept, in seconds: far longer than any client tries to come back."""

MAX_MISSED = 10_000
"""Changes that are caught up with; whoever missed more reads everything anew."""

_ANEW = "Read what you watch once more, and watch it anew"

_PRUNED_EVERY = 1000
"""Changes between two looks for what is too old."""

_TAKE_NUMBERS = text(
    "INSERT INTO change_counters (organization_id, last) VALUES (:organization_id, :count)"
    " ON CONFLICT (organization_id) DO UPDATE SET last = change_counters.last + excluded.last RETURNING last"
)
"""Locks the organization's row until the commit, so that numbers become visible in their order."""


class Event(StrEnum):
    """What happened, as it is written down; a move is told to each watcher as what it means in their place."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    MOVED = "MOVED"
    DELETED = "DELETED"


class ChangeRow(Table):
    """One change; times are seconds since 1970, UTC."""

    __tablename__ = "changes"

    organization_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(36))
    place_id: Mapped[str | None] = mapped_column(String(36))
    former_place_id: Mapped[str | None] = mapped_column(String(36))
    at: Mapped[float] = mapped_column(Float(53))

    __table_args__ = (Index("ix_changes_at", "at"),)


class ChangeCounter(Table):
    """The last number of an organization."""

    __tablename__ = "change_counters"

    organization_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class Change:
    """One thing that happened to one record.

    Attributes
    ----------
    kind : Event
    subject : RecordKind
    subject_id : str
    place_id : str or None
        Where it is watched: the folder of an image, file or table; the image of a region of interest.
    former_place_id : str or None
        Where a moved one was before.
    state : object or None
        The record's row after the change; None where it is gone, and where the change was read from the journal.
    number : int
        Given by the journal, ascending within an organization.
    """

    kind: Event
    subject: RecordKind
    subject_id: str
    place_id: str | None = None
    former_place_id: str | None = None
    state: object | None = None
    number: int = 0


@dataclass(frozen=True)
class Scope:
    """What a watcher wants to hear of: one kind of record, all of them, those in one place, or a single one."""

    subject: RecordKind
    place_id: str | None = None
    subject_id: str | None = None

    def seen(self, change: Change) -> ChangeKind | None:
        """Return what *change* is for this watcher; None where it is none of their business."""
        if change.subject != self.subject or self.subject_id not in {None, change.subject_id}:
            return None
        if self.place_id is None:
            return ChangeKind.UPDATED if change.kind is Event.MOVED else ChangeKind(change.kind)
        if change.kind is Event.MOVED and change.former_place_id == self.place_id != change.place_id:
            return ChangeKind.DELETED
        if change.place_id != self.place_id:
            return None
        return ChangeKind.CREATED if change.kind is Event.MOVED else ChangeKind(change.kind)


@dataclass(frozen=True)
class News:
    """A change as one watcher sees it."""

    kind: ChangeKind
    change: Change


class Watch:
    """What one watcher has yet to see.

    A record that is updated while an earlier update of it still waits takes the place of that one: a watcher who is
    slow gets fewer updates, each the newest there is, instead of being let go.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._waiting: dict[object, News] = {}
        self._has_news = asyncio.Event()
        self._is_behind = False

    def offer(self, change: Change) -> None:
        """Add a change; where there is no room, the watch ends after what waits already."""
        kind = self._scope.seen(change)
        if kind is None or self._is_behind:
            return
        key = (change.subject_id, "update") if kind is ChangeKind.UPDATED else change.number
        self._waiting.pop(key, None)
        if kind is not ChangeKind.UPDATED:  # what happens after it is an update of its own
            self._keep_update(change.subject_id)
        self._is_behind = len(self._waiting) >= MAX_WAITING
        if not self._is_behind:
            self._waiting[key] = News(kind, change)
        self._has_news.set()

    def _keep_update(self, subject_id: str) -> None:
        waiting = self._waiting.get((subject_id, "update"))
        if waiting is not None:
            self._waiting = {
                (waiting.change.number if news is waiting else key): news for key, news in self._waiting.items()
            }

    async def __aiter__(self) -> AsyncIterator[News]:
        """Hand out changes as they come; raises `ConnectionLostError` where some had to be left out."""
        while True:
            while self._waiting:
                yield self._waiting.pop(next(iter(self._waiting)))
            if self._is_behind:
                raise ConnectionLostError(
                    "the changes of records", f"more than {MAX_WAITING} changes waited to be read"
                )
            self._has_news.clear()
            await self._has_news.wait()


class Entry:
    """A transaction that changes records, and what it has to tell when it is done.

    Attributes
    ----------
    session : AsyncSession
    """

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.changes: list[Change] = []

    def tell(self, change: Change) -> None:
        """Write *change* down and tell it, once the transaction is committed."""
        self.changes.append(change)


class Scribe(Protocol):
    """Writes down, beside the changes themselves, who made them."""

    async def write(self, session: AsyncSession, author: Principal, changes: Sequence[Change]) -> None:
        """Write down what *author* does in this transaction."""
        ...


class Journal:
    """Writes changes down in the transactions that make them, and tells them to watchers in this process.

    Parameters
    ----------
    database : Database
    scribe : Scribe, optional
        Is shown every change with its author.
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(self, database: Database, scribe: Scribe | None = None, *, clock: Callable[[], float]) -> None:
        self._database = database
        self._scribe = scribe
        self._clock = clock
        self._watches: defaultdict[str, set[Watch]] = defaultdict(set)
        self._tellings: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def transaction(self, author: Principal) -> AsyncIterator[Entry]:
        """Open a transaction for changes of records of the author's organization; it commits when the block ends.

        It begins with a write, which takes the database's lock before anything is read.
        """
        organization_id = author.organization_id
        async with self._database.transaction() as session:
            await session.execute(_TAKE_NUMBERS, {"organization_id": organization_id, "count": 0})
            entry = Entry(session)
            yield entry
            if not entry.changes:
                return
            # Only one transaction of an organization is here at a time: the others wait for its row in the database.
            await session.flush()  # whatever is wrong is found before anything is promised
            if self._scribe is not None:
                await self._scribe.write(session, author, entry.changes)
            told = await self._write(session, organization_id, entry.changes)
            telling = self._tellings[organization_id]
            await telling.acquire()
            try:
                await session.commit()
                for change in told:
                    for watch in self._watches.get(organization_id, ()):
                        watch.offer(change)
            finally:
                telling.release()

    async def _write(self, session: AsyncSession, organization_id: str, changes: Iterable[Change]) -> list[Change]:
        listed = list(changes)
        parameters = {"organization_id": organization_id, "count": len(listed)}
        last = int((await session.execute(_TAKE_NUMBERS, parameters)).scalar_one())
        numbered = [replace(change, number=last - len(listed) + 1 + index) for index, change in enumerate(listed)]
        now = self._clock()
        await session.execute(insert(ChangeRow), [_row(organization_id, change, now) for change in numbered])
        if last // _PRUNED_EVERY != (last - len(listed)) // _PRUNED_EVERY:
            await session.execute(
                delete(ChangeRow).where(ChangeRow.organization_id == organization_id, ChangeRow.at < now - KEPT_S)
            )
        return numbered

    def has_watchers(self, organization_id: str) -> bool:
        """Tell whether anyone watches the organization."""
        return bool(self._watches.get(organization_id))

    @contextmanager
    def watch(self, organization_id: str, scope: Scope) -> Iterator[Watch]:
        """Watch the records of one organization while the block lasts."""
        watch = Watch(scope)
        self._watches[organization_id].add(watch)
        try:
            yield watch
        finally:
            self._watches[organization_id].discard(watch)
            if not self._watches[organization_id]:
                del self._watches[organization_id]

    async def last(self, organization_id: str) -> int:
        """Return the number of the last change; 0 where nothing ever changed."""
        async with self._database.transaction() as session:
            return await _last(session, organization_id)

    async def missed(self, organization_id: str, scope: Scope, after: int) -> tuple[list[News], int]:
        """Return what happened after number *after*, once for each record, and the number that this goes up to.

        Raises
        ------
        RecordRefusedError
            It is not known any more, or too much.
        """
        async with self._database.transaction() as session:
            last = await _last(session, organization_id)
            mine = ChangeRow.organization_id == organization_id
            oldest = await session.scalar(select(func.min(ChangeRow.number)).where(mine))
            if after > last or (after < last and (oldest is None or oldest > after + 1)):
                raise RecordRefusedError("what was missed is not known any more", _ANEW)
            wanted = (mine, ChangeRow.number > after, ChangeRow.number <= last, ChangeRow.subject_kind == scope.subject)
            found = select(ChangeRow).where(*wanted).order_by(ChangeRow.number).limit(MAX_MISSED + 1)
            rows = (await session.scalars(found)).all()
        if len(rows) > MAX_MISSED:
            raise RecordRefusedError(f"more than {MAX_MISSED} changes were missed", _ANEW)
        return _summed_up(scope, rows), last


async def _last(session: AsyncSession, organization_id: str) -> int:
    found = select(ChangeCounter.last).where(ChangeCounter.organization_id == organization_id)
    return (await session.scalar(found)) or 0


def _row(organization_id: str, change: Change, at: float) -> dict[str, object]:
    return {
        "organization_id": organization_id,
        "number": change.number,
        "kind": change.kind,
        "subject_kind": change.subject,
        "subject_id": change.subject_id,
        "place_id": change.place_id,
        "former_place_id": change.former_place_id,
        "at": at,
    }


def _summed_up(scope: Scope, rows: Iterable[ChangeRow]) -> list[News]:
    """Return what became of each record: one that came and went is not told at all."""
    sums: dict[str, News] = {}
    for row in rows:
        change = Change(
            Event(row.kind),
            RecordKind(row.subject_kind),
            row.subject_id,
            row.place_id,
            row.former_place_id,
            number=row.number,
        )
        kind = scope.seen(change)
        if kind is None:
            continue
        earlier = sums.pop(row.subject_id, None)
        together = _together(None if earlier is None else earlier.kind, kind)
        if together is not None:
            sums[row.subject_id] = News(together, change)
    return list(sums.values())


def _together(earlier: ChangeKind | None, later: ChangeKind) -> ChangeKind | None:
    if earlier is ChangeKind.CREATED:
        return None if later is ChangeKind.DELETED else ChangeKind.CREATED
    if earlier is ChangeKind.DELETED and later is ChangeKind.CREATED:
        return ChangeKind.UPDATED
    return later
