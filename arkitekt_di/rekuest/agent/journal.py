"""The reports that the hub has not confirmed yet, kept over the death of the process."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from arkitekt_di.errors import StorageFullError

_PAGE: Final = 256
"""Reports that are read at once."""


@dataclass(frozen=True)
class Entry:
    """A numbered report.

    Attributes
    ----------
    session : str
        The process that made it.
    pos : int
        1, 2, 3, ... without gaps in its session.
    text : str
        As it is sent.
    """

    session: str
    pos: int
    text: str


class Journal(Protocol):
    """Keeps reports until the hub has them."""

    def open(self) -> None:
        """Open the place where they are."""
        ...

    def close(self) -> None:
        """Close it; what is kept stays."""
        ...

    def append(self, entries: Sequence[Entry]) -> None:
        """Keep all of *entries* or none; raises `StorageFullError`."""
        ...

    def acknowledge(self, session: str, pos: int) -> None:
        """Forget the reports of a session up to *pos*."""
        ...

    def unacknowledged(self) -> Iterator[Entry]:
        """Yield what is kept: earlier sessions first, each in order."""
        ...


class InMemoryJournal:
    """Keeps reports as long as the process lives."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, int], Entry] = {}

    def open(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Keep *entries*."""
        self._entries |= {(entry.session, entry.pos): entry for entry in entries}

    def acknowledge(self, session: str, pos: int) -> None:
        """Forget up to *pos*; they are in order, so it stops at the first that is not confirmed."""
        done = [key for key in self._entries if key[0] == session and key[1] <= pos]
        for key in done:
            del self._entries[key]

    def unacknowledged(self) -> Iterator[Entry]:
        """Yield what is kept."""
        yield from list(self._entries.values())


class FileJournal:
    """Keeps reports in a SQLite file, which survives the process; committed before anything is sent.

    Written on the loop's own thread: a commit to the write-ahead log costs less than a change of threads, as it waits
    for no disk (``synchronous=NORMAL``).

    Parameters
    ----------
    find_path : callable
        Returns the path of the file, when it is opened; made where it is not there, for its owner only.
    """

    def __init__(self, find_path: Callable[[], Path]) -> None:
        self._find_path = find_path
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file."""
        path = self._find_path()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
        path.chmod(0o600)  # arguments and results may be private
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS reports ("
            "age INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL, pos INTEGER NOT NULL, text TEXT NOT NULL, "
            "UNIQUE (session, pos))"
        )
        self._connection = connection

    def close(self) -> None:
        """Close the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise sqlite3.ProgrammingError("the journal is not open")
        return self._connection

    def append(self, entries: Sequence[Entry]) -> None:
        """Keep *entries* in one transaction."""
        rows = [(entry.session, entry.pos, entry.text) for entry in entries]
        try:
            self._open.execute("BEGIN IMMEDIATE")
            try:
                self._open.executemany("INSERT OR REPLACE INTO reports (session, pos, text) VALUES (?, ?, ?)", rows)
                self._open.execute("COMMIT")
            except BaseException:
                if self._open.in_transaction:
                    self._open.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            raise StorageFullError("the journal of this agent") from error

    def acknowledge(self, session: str, pos: int) -> None:
        """Forget the reports of a session up to *pos*."""
        self._open.execute("DELETE FROM reports WHERE session = ? AND pos <= ?", (session, pos))

    def unacknowledged(self) -> Iterator[Entry]:
        """Yield what is kept, a page at a time."""
        age = 0
        while rows := self._open.execute(
            "SELECT age, session, pos, text FROM reports WHERE age > ? ORDER BY age LIMIT ?", (age, _PAGE)
        ).fetchall():
            yield from (Entry(session, pos, text) for _, session, pos, text in rows)
            age = rows[-1][0]
