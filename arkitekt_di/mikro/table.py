"""A stored table, as an object to work with."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from arkitekt_di.errors import MissingExtraError, OwnLoopError
from arkitekt_di.messages.tables import Column, TableRecord
from arkitekt_di.mikro.crossing import across
from arkitekt_di.mikro.data_frame import pyarrow
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.protocols.koil import Bridge


class TableHome(Protocol):
    """What a table asks of the service that it comes from."""

    @property
    def bridge(self) -> Bridge:
        """The way to the app's loop."""
        ...

    def dataset(self, record: TableRecord) -> Any:
        """Open the rows of a table."""
        ...

    async def adataset(self, record: TableRecord) -> Any:
        """Open the rows of a table, on the app's loop."""
        ...

    async def arename(self, table_id: str, /, name: str) -> "Table":
        """Rename a table."""
        ...

    async def amove(self, table_id: str, /, folder: Folder | str | None) -> "Table":
        """Move a table."""
        ...

    async def adelete(self, table_id: str, /) -> None:
        """Delete a table."""
        ...

    async def arestore(self, table_id: str, /) -> "Table":
        """Restore a table."""
        ...


class Table:
    """A stored table.

    It is a view of the moment it was asked for: renaming it gives another `Table`.  Its rows never change.

    Attributes
    ----------
    id : str
        Identifier given by the hub.
    name : str
    columns : tuple of Column
        Name, type, unit and role of each, in their order.
    units : dict of str to str
        Unit of each column that has one.
    row_count : int or None
        Rows; None where the hub does not know.
    folder_id, image_id : str or None
        The folder that it is in, and the image that it is about.
    created_at : datetime.datetime or None
        With its time zone.
    is_deleted : bool
        Whether it is in the trash.
    data : pyarrow.dataset.Dataset
        The rows, lazily.
    """

    __slots__ = ("__weakref__", "_home", "_record")

    structure_identifier: ClassVar[str] = "@mikro/tabledataset"
    """Under which tables travel by reference, as arguments and results of functions."""

    def __init__(self, record: TableRecord, home: TableHome) -> None:
        self._record = record
        self._home = home

    @property
    def id(self) -> str:
        """Identifier given by the hub."""
        return self._record.id

    @property
    def name(self) -> str:
        """Name, as it was when this object was made."""
        return self._record.name

    @property
    def columns(self) -> tuple[Column, ...]:
        """Name, type, unit and role of each column, in their order."""
        return self._record.columns

    @property
    def units(self) -> dict[str, str]:
        """Unit of each column that has one."""
        return {column.name: column.unit for column in self.columns if column.unit is not None}

    @property
    def row_count(self) -> int | None:
        """Rows; None where the hub does not know."""
        return self._record.row_count

    @property
    def folder_id(self) -> str | None:
        """Identifier of the folder that it is in; None where it is in none."""
        return self._record.folder_id

    @property
    def image_id(self) -> str | None:
        """Identifier of the image that it is about; None where it is about none."""
        return self._record.image_id

    @property
    def created_at(self) -> datetime | None:
        """When it was created; None where the hub does not say."""
        return None if self._record.created_at is None else datetime.fromisoformat(self._record.created_at)

    @property
    def is_deleted(self) -> bool:
        """Whether it is in the trash."""
        return self._record.deleted_at is not None

    @property
    def data(self) -> Any:
        """The rows as a lazy dataset of pyarrow: only the columns and rows that are asked for are read.

        DuckDB and polars take it as it is: ``duckdb.from_arrow(table.data)``, ``polars.scan_pyarrow_dataset``.

        Raises
        ------
        MissingExtraError
            The extra ``tables`` is not installed.
        StoreNotFoundError
            The table was deleted meanwhile.
        OwnLoopError
            This is the app's own loop, which must not block: ``await table.ato_arrow()``, or use a thread.
        """
        pyarrow()
        self._refuse_own_loop("data", "ato_arrow(...)")
        return self._home.dataset(self._record)

    def to_arrow(self, columns: Sequence[str] | None = None, *, where: Any = None) -> Any:
        """Return rows as a `pyarrow.Table`.

        Parameters
        ----------
        columns : sequence of str, optional
            Only these; the others are not read.
        where : pyarrow.compute.Expression or list of tuple, optional
            Only rows for which this holds, such as ``[("area", ">", 5)]``; groups of rows that cannot fit are not read.
        """
        return _rows(self.data, columns, where)

    def to_pandas(self, columns: Sequence[str] | None = None, *, where: Any = None) -> Any:
        """Return rows as a `pandas.DataFrame`, with the index that was stored; see `to_arrow`."""
        return _frame(self.data, columns, where)

    def to_polars(self, columns: Sequence[str] | None = None, *, where: Any = None) -> Any:
        """Return rows as a `polars.DataFrame`; see `to_arrow`."""
        try:
            import polars as pl
        except ImportError as error:
            raise MissingExtraError("polars", "tables of polars") from error
        return pl.from_arrow(self.to_arrow(columns, where=where))

    async def ato_arrow(self, columns: Sequence[str] | None = None, *, where: Any = None) -> Any:
        """Return rows as a `pyarrow.Table`, read in a thread; see `to_arrow`."""
        return await asyncio.to_thread(
            _rows, await across(self._home.bridge, self._home.adataset, self._record), columns, where
        )

    async def ato_pandas(self, columns: Sequence[str] | None = None, *, where: Any = None) -> Any:
        """Return rows as a `pandas.DataFrame`, read in a thread; see `to_pandas`."""
        return await asyncio.to_thread(
            _frame, await across(self._home.bridge, self._home.adataset, self._record), columns, where
        )

    async def arename(self, name: str) -> "Table":
        """Change the name, and return the table with it."""
        return await across(self._home.bridge, self._home.arename, self.id, name)

    async def amove(self, folder: Folder | str | None) -> "Table":
        """Put it into a folder, or a path of folders, or none, and return it."""
        return await across(self._home.bridge, self._home.amove, self.id, folder)

    async def adelete(self) -> None:
        """Put it into the trash."""
        await across(self._home.bridge, self._home.adelete, self.id)

    async def arestore(self) -> "Table":
        """Take it out of the trash."""
        return await across(self._home.bridge, self._home.arestore, self.id)

    def rename(self, name: str) -> "Table":
        """Change the name; see `arename`."""
        self._refuse_own_loop("rename(...)", "arename(...)")
        return self._home.bridge.call(self.arename, name)

    def move(self, folder: Folder | str | None) -> "Table":
        """Put it into a folder; see `amove`."""
        self._refuse_own_loop("move(...)", "amove(...)")
        return self._home.bridge.call(self.amove, folder)

    def delete(self) -> None:
        """Put it into the trash; see `adelete`."""
        self._refuse_own_loop("delete()", "adelete()")
        self._home.bridge.call(self.adelete)

    def restore(self) -> "Table":
        """Take it out of the trash; see `arestore`."""
        self._refuse_own_loop("restore()", "arestore()")
        return self._home.bridge.call(self.arestore)

    def _refuse_own_loop(self, call: str, instead: str) -> None:
        if self._home.bridge.is_own_loop():
            raise OwnLoopError(f"table.{call}", f"table.{instead}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and (self.id, self._record.store.key) == (other.id, other._record.store.key)

    def __hash__(self) -> int:
        return hash((self.id, self._record.store.key))

    def __repr__(self) -> str:
        rows = "unknown rows" if self.row_count is None else f"{self.row_count} rows"
        state = " in the trash" if self.is_deleted else ""
        return f"<Table {self.name!r} {rows}, {len(self.columns)} columns{state}, id {self.id}>"


def _expression(where: Any) -> Any:
    return pyarrow().parquet.filters_to_expression(where) if isinstance(where, list) else where


def _rows(data: Any, columns: Sequence[str] | None, where: Any) -> Any:
    return data.to_table(columns=None if columns is None else list(columns), filter=_expression(where))


def _frame(data: Any, columns: Sequence[str] | None, where: Any) -> Any:
    wanted = None if columns is None else [*columns, *(name for name in _index(data.schema) if name not in columns)]
    try:
        return _rows(data, wanted, where).to_pandas()
    except ImportError as error:
        raise MissingExtraError("tables", "tables of pandas") from error


def _index(schema: Any) -> list[str]:
    """Return the columns that pandas makes its index of."""
    said = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    return [name for name in said.get("index_columns", ()) if isinstance(name, str)]
