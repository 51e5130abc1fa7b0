"""Statements of the ledger's hot path: compiled once, and run by SQLite's own driver where the database is SQLite.

SQLAlchemy takes a tenth of a millisecond for what SQLite does in a hundredth; a call takes ten such statements.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Connection
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

Row = Mapping[str, Any]


class Transaction:
    """A transaction that is open: what the ledger writes on.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        For statements that are seldom; it may run others in the same transaction.

    Attributes
    ----------
    driver : sqlite3.Connection or None
        SQLite's own connection beneath it; None where the database is another.
    """

    __slots__ = ("connection", "driver")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        is_sqlite = connection.dialect.name == "sqlite"
        driver = connection.connection.driver_connection if is_sqlite else None
        self.driver = cast("sqlite3.Connection | None", driver)

    @property
    def sqlite(self) -> sqlite3.Connection:
        """SQLite's own connection, where the database has to be that."""
        if self.driver is None:
            raise TypeError(self.connection.dialect.name)
        return self.driver


class Prepared:
    """A statement whose parameters are the same each time.

    Parameters
    ----------
    statement : sqlalchemy.sql.ClauseElement
        Or one of each dialect, by its name.
    columns : sequence of str, optional
        Of the row that it writes, where it is an insert.
    """

    def __init__(self, statement: ClauseElement | Mapping[str, ClauseElement], columns: Sequence[str] = ()) -> None:
        self._statement = statement
        self._columns = tuple(columns)
        self._text = ""
        self._names: tuple[str, ...] = ()

    def rows(self, transaction: Transaction, parameters: Row) -> list[Row]:
        """Return the rows that it finds, by the names of their columns; flags are numbers in SQLite."""
        if transaction.driver is None:
            found = self._execute(transaction, parameters)
            return [cast("Row", row._mapping) for row in found]  # noqa: SLF001  # its public name in SQLAlchemy
        cursor = self._run(transaction, transaction.driver, parameters)
        found = cursor.fetchall()
        if not found:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in found]

    def change(self, transaction: Transaction, parameters: Row) -> int:
        """Run it, and return how many rows it changed."""
        if transaction.driver is None:
            return int(self._execute(transaction, parameters).rowcount)
        return self._run(transaction, transaction.driver, parameters).rowcount

    def insert(self, transaction: Transaction, parameters: Row) -> int:
        """Write a row of a table that numbers its rows, and return the number."""
        if transaction.driver is None:
            key = self._execute(transaction, parameters).inserted_primary_key
            return 0 if key is None else int(key[0])
        return self._run(transaction, transaction.driver, parameters).lastrowid or 0

    def _execute(self, transaction: Transaction, parameters: Row) -> Any:
        statement = cast("Any", self._of(transaction.connection))
        return transaction.connection.execute(statement, dict(parameters))

    def _run(self, transaction: Transaction, driver: sqlite3.Connection, parameters: Row) -> sqlite3.Cursor:
        if not self._text:
            self._compile(transaction.connection)
        return driver.execute(self._text, [parameters[name] for name in self._names])

    def _compile(self, connection: Connection) -> None:
        columns = list(self._columns) or None
        compiled = cast("SQLCompiler", self._of(connection).compile(dialect=connection.dialect, column_keys=columns))
        self._names = tuple(compiled.positiontup or ())
        self._text = str(compiled)  # last: it says that the rest is there

    def _of(self, connection: Connection) -> ClauseElement:
        statement = self._statement
        return statement[connection.dialect.name] if isinstance(statement, Mapping) else statement
