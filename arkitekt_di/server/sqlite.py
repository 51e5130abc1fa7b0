"""SQLite as the hub uses it: how connections are opened, and one way to their thread for each statement."""

import sqlite3
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite
from sqlalchemy import URL, Engine, StaticPool, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

CHUNK = 64
"""Rows that aiosqlite fetches at once where it is iterated over; nobody does here."""


class OneWayConnection(aiosqlite.Connection):
    """A connection that goes to its thread once for a statement with its rows, and for a rollback only if there is one.

    aiosqlite goes there to make a cursor, to execute, to fetch and to close, and SQLAlchemy rolls back whenever a
    connection returns to its pool.  Each way there and back takes as long as SQLite does for a short statement.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, CHUNK)
        self._thread.daemon = True  # as SQLAlchemy does: a hub that fails ends, with connections open or not
        self._asked = 0
        self._done = 0

    def cursor(self) -> "WholeCursor":  # type: ignore[override]  # no coroutine: it goes nowhere
        """Return a cursor for one statement after the other."""
        return WholeCursor(self._conn, self._execute)

    async def rollback(self) -> None:
        """Roll back, if a transaction is open or may be opened yet by what a cancelled task has asked for."""
        if self._asked != self._done or self._conn.in_transaction:
            await super().rollback()

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._asked += 1
        return await super()._execute(self._counted, fn, *args, **kwargs)  # type: ignore[no-untyped-call]

    def _counted(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return fn(*args, **kwargs)
        finally:
            self._done += 1


class WholeCursor:
    """A cursor that fetches every row of a statement while it is in the thread; as SQLAlchemy wants one (PEP 249).

    Attributes
    ----------
    description : sequence or None
        Columns of the last statement.
    rowcount : int
    lastrowid : int or None
    arraysize : int
    """

    def __init__(self, connection: sqlite3.Connection, run: Callable[..., Awaitable[Any]]) -> None:
        self._connection = connection
        self._run = run
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        """Return the cursor itself, as SQLAlchemy 2.1 has it."""
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        """Return the cursor itself, as SQLAlchemy 2.0 has it."""
        return self.__aenter__().__await__()

    async def __aexit__(self, *_: object) -> None:
        """Close the cursor."""
        await self.close()

    async def execute(self, operation: str, parameters: Iterable[Any] = ()) -> Self:
        """Execute a statement, and fetch its rows."""
        await self._run(self._whole, self._connection.execute, operation, parameters)
        return self

    async def executemany(self, operation: str, parameters: Iterable[Iterable[Any]]) -> Self:
        """Execute a statement with each of *parameters*."""
        await self._run(self._whole, self._connection.executemany, operation, parameters)
        return self

    async def fetchone(self) -> Any:
        """Return the next row; None behind the last."""
        return next(iter(await self.fetchmany(1)), None)

    async def fetchmany(self, size: int = 1) -> Sequence[Any]:
        """Return the next *size* rows."""
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    async def fetchall(self) -> Sequence[Any]:
        """Return the rows that are left."""
        rows, self._rows = self._rows, ()
        return rows

    async def close(self) -> None:
        """Forget the rows."""
        self._rows = ()

    def _whole(self, execute: Callable[[str, Any], sqlite3.Cursor], operation: str, parameters: Any) -> None:
        cursor = execute(operation, parameters)
        try:
            self._rows = cursor.fetchall() if cursor.description else ()
            self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


def open_sqlite(url: URL) -> AsyncEngine:
    """Return the engine of a SQLite database, which works in threads of its connections."""
    arguments, options = url.get_dialect()().create_connect_args(url)
    connect = partial(sqlite3.connect, *arguments, **options)
    engine = create_async_engine(
        url,
        hide_parameters=True,  # they may be hashes of secrets
        async_creator=lambda: OneWayConnection(connect),
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    return engine


def open_reader(url: URL) -> Engine:
    """Return the engine of one open connection that changes nothing, and never waits."""
    reader = create_engine(
        url.set(drivername="sqlite"),
        hide_parameters=True,
        poolclass=StaticPool,
        isolation_level="AUTOCOMMIT",  # each statement reads what is committed by then, and holds nothing afterwards
        connect_args={"check_same_thread": False},
    )
    event.listen(reader, "connect", _prepare_reader)
    reader.connect().close()
    return reader


def _prepare_reader(connection: Any, record: object) -> None:
    _prepare(connection, record)
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    # Even a reader may find the database locked: https://sqlite.org/wal.html#sometimes_queries_return_sqlite_busy_in_wal_mode
    cursor.execute("PRAGMA busy_timeout=0")
    cursor.close()


def _prepare(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # Readers and the one writer do not block each other, and commits survive a killed process:
    # https://sqlite.org/wal.html and https://sqlite.org/pragma.html#pragma_synchronous
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()
