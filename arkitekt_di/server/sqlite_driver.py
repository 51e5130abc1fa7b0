"""SQLite for SQLAlchemy's async engine, with one trip to the connection's thread for each statement.

SQLAlchemy's adapter of aiosqlite goes to that thread to make a cursor, to run the statement, to fetch and to close, and
once more each to commit and to roll back what was no transaction.  On a busy machine every trip waits for its turn
twice, and an image took 150 of them.
"""

import collections
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)


@dataclass
class Outcome:
    """What came of a statement; stands in for the cursor, which never leaves its thread.

    Attributes
    ----------
    rows : sequence of tuple
        All of them; those that are wanted one by one are streamed by a cursor of SQLAlchemy's.
    description : tuple or None
        Of the columns (PEP 249); None where the statement has no rows.
    rowcount, arraysize : int
    lastrowid : int or None
    """

    rows: Sequence[Any] = ()
    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    arraysize: int = 1

    def close(self) -> None:
        """Do nothing: the cursor is closed already."""


def _outcome(connection: sqlite3.Connection, run: Callable[[sqlite3.Cursor], object]) -> Outcome:
    cursor = connection.cursor()
    try:
        run(cursor)
        rows = cursor.fetchall() if cursor.description else ()
        return Outcome(rows, cursor.description, cursor.rowcount, cursor.lastrowid)
    finally:
        cursor.close()


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()

    _awaitable_cursor_close = False

    def _make_new_cursor(self, connection: Any) -> Any:  # SQLAlchemy's signature
        return Outcome()

    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        return await self._run(lambda cursor: cursor.execute(operation, () if parameters is None else parameters))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        return await self._run(lambda cursor: cursor.executemany(operation, seq_of_parameters))

    async def _run(self, run: Callable[[sqlite3.Cursor], object]) -> Any:
        connection: Any = self._adapt_connection
        async with connection._execute_mutex:  # noqa: SLF001  # made for its cursors
            outcome: Any = await connection.run(run)
            self._cursor = outcome
            self._rows = collections.deque(outcome.rows)
        return self


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ("_is_settled",)

    _cursor_cls = _Cursor

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._is_settled = True

    async def run(self, run: Callable[[sqlite3.Cursor], object]) -> Outcome:
        """Run one statement in the connection's thread."""
        driver: Any = self._connection
        self._is_settled = False  # and so it stays where the wait is cancelled: the thread goes on
        try:
            outcome: Outcome = await driver._execute(_outcome, driver._conn, run)  # noqa: SLF001  # the way into its thread, which SQLAlchemy takes, too
        except sqlite3.Error:
            self._is_settled = True
            raise
        self._is_settled = True
        return outcome

    def rollback(self) -> None:
        if self._has_work():
            super().rollback()
            self._is_settled = True

    def commit(self) -> None:
        if self._has_work():
            super().commit()

    def _has_work(self) -> bool:
        return not self._is_settled or self._connection.in_transaction


class SqliteDriver(AsyncAdapt_aiosqlite_dbapi):
    """The ``module`` of an engine for ``sqlite+aiosqlite``."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *args: Any, **options: Any) -> AsyncAdapt_aiosqlite_connection:
        """Open a connection."""
        return _Connection(self, super().connect(*args, **options)._connection)  # noqa: SLF001  # adapted anew
