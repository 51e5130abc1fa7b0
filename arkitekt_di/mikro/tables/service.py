"""The tables of an app: ``app.mikro.tables``."""

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any, BinaryIO, Final, Literal, cast

from arkitekt_di.errors import RecordRefusedError, TableNotFoundError, TableRefusedError
from arkitekt_di.messages.tables import TableDraft, TableQuery, TableRecord
from arkitekt_di.mikro.blobs.reading import StoredObject
from arkitekt_di.mikro.blobs.sending import BlobSender, Sent, Source
from arkitekt_di.mikro.blobs.uploads import object_name
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.pixels.grants import RenewedSource
from arkitekt_di.mikro.pixels.progress import ProgressBar, ProgressListener, telling
from arkitekt_di.mikro.tables.frame import arrow_of, columns_of, pyarrow, write_parquet
from arkitekt_di.mikro.tables.table import Table
from arkitekt_di.mikro.watching import Change, Stream, Watch
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.mikro import PixelSource, PixelStore
from arkitekt_di.protocols.tables import TableRecords
from arkitekt_di.settings.models import MikroSettings

_READERS: Final = 16
"""Requests to the object store at the same time, for tables that several threads read."""

PARQUET: Final = "application/vnd.apache.parquet"
"""Media type, registered with IANA."""


class Tables:
    """Stores tables, and finds and reads them again.

    Parameters
    ----------
    records : TableRecords
        What the hub knows about tables.
    store : PixelStore
        Where the Parquet files are.
    folders : Folders
        Where tables are put.
    bridge : Bridge
        Takes blocking calls to the app's loop.
    settings : MikroSettings
        How many parts are sent at the same time.
    """

    def __init__(
        self,
        records: TableRecords,
        store: PixelStore,
        folders: Folders,
        bridge: Bridge,
        settings: MikroSettings | None = None,
    ) -> None:
        chosen = settings or MikroSettings()
        self._records = records
        self._store = store
        self._folders = folders
        self._bridge = bridge
        self._margin_s = chosen.access_margin_s
        self._progress: Literal["auto", "never"] = chosen.progress
        self._sender = BlobSender(records, store, transfers=chosen.transfers, margin_s=self._margin_s)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="arkitekt-table")  # starts threads when used
        self._streams: set[Stream[Any]] = set()

    async def stop(self) -> None:
        """End what is watched."""
        for stream in list(self._streams):
            await stream.close()

    @property
    def bridge(self) -> Bridge:
        """The way to the app's loop."""
        return self._bridge

    async def afrom_dataframe(  # noqa: PLR0913  # each is a word of the user's; see from_dataframe
        self,
        frame: object,
        *,
        name: str,
        folder: Folder | str | None = None,
        image: Image | str | None = None,
        units: Mapping[str, str] | None = None,
        coordinates: Mapping[str, str] | None = None,
        key: str | None = None,
        progress: ProgressListener | None = None,
    ) -> Table:
        """Store a data frame as a new table; see `arkitekt_di.mikro.from_dataframe`."""
        if not name.strip():
            raise TableRefusedError("the table has no name", "Pass name=...")
        table = await asyncio.to_thread(arrow_of, frame)
        columns = columns_of(table, units or {}, coordinates or {})
        # On the disk: the Parquet file may be as large as the frame itself.
        with tempfile.TemporaryFile(prefix="arkitekt-table-") as file:
            parquet = cast("BinaryIO", file)
            await asyncio.to_thread(write_parquet, table, parquet)
            size = os.fstat(file.fileno()).st_size
            with ProgressBar(self._progress) as bar:
                source = Source(parquet, size, telling(name, size, bar, progress))
                sent = await self._sender.send(source, content_type=PARQUET, key=key)
        if sent.record_id is not None:
            return await self._same(sent, str(key))
        draft = TableDraft(
            store_id=sent.store_id,
            name=name,
            columns=columns,
            row_count=table.num_rows,
            folder_id=await self._folders.aplace(folder),
            image_id=None if image is None else identifier_of(image, Image),
        )
        return Table(await self._records.create(draft), self)

    async def _same(self, sent: Sent, key: str) -> Table:
        """Return the table that an earlier run with the same key made, if it has the same rows."""
        record = await self._records.get(str(sent.record_id))
        if record.store.sha256 != sent.sha256:
            raise RecordRefusedError(
                f"the key {key!r} names table {record.id}, which has other rows", "Choose another key"
            )
        return Table(record, self)

    async def aget(self, table_id: str) -> Table:
        """Return one table; raises `TableNotFoundError`."""
        return Table(await self._records.get(str(table_id)), self)

    async def asearch(
        self,
        text: str | None = None,
        *,
        folder: Folder | str | None = None,
        image: Image | str | None = None,
        trashed: bool = False,
        limit: int = 50,
        offset: int = 0,
    ) -> list[Table]:
        """Find tables by their names, newest first; see `arkitekt_di.mikro.search_tables`."""
        query = TableQuery(
            text=text,
            folder_id=await self._folders.aexisting(folder),
            image_id=None if image is None else identifier_of(image, Image),
            is_trashed=trashed,
            limit=limit,
            offset=offset,
        )
        return [Table(record, self) for record in await self._records.search(query)]

    def iterate(self, text: str | None = None, *, folder: Folder | str | None = None) -> Pages[Table]:
        """Go through all tables that fit, from the oldest on, with ``for`` or ``async for``."""

        async def fetch_page(limit: int, offset: int) -> list[Table]:
            place = await self._folders.aexisting(folder)
            query = TableQuery(text=text, folder_id=place, is_oldest_first=True, limit=limit, offset=offset)
            return [Table(record, self) for record in await self._records.search(query)]

        return Pages(self._bridge, fetch_page)

    async def arename(self, table_id: str, name: str) -> Table:
        """Change the name of a table; raises `TableNotFoundError`."""
        return Table(await self._records.rename(str(table_id), name), self)

    async def amove(self, table_id: str, folder: Folder | str | None) -> Table:
        """Put a table into a folder, or into none; raises `TableNotFoundError`."""
        place = await self._folders.aplace(folder)
        return Table(await self._records.move(str(table_id), folder_id=place), self)

    async def adelete(self, table_id: str) -> None:
        """Put a table into the trash; raises `TableNotFoundError`."""
        await self._records.delete(str(table_id))

    async def arestore(self, table_id: str) -> Table:
        """Take a table out of the trash; raises `TableNotFoundError`."""
        return Table(await self._records.restore(str(table_id)), self)

    def dataset(self, record: TableRecord) -> Any:
        """Open the rows of a table."""
        pyarrow()
        return _dataset(record, self._bridge.call(self._open, record))

    async def adataset(self, record: TableRecord) -> Any:
        """Open the rows of a table, on the app's loop."""
        pyarrow()
        source = await self._open(record)
        return await asyncio.to_thread(_dataset, record, source)

    def watch(self, *, folder: Folder | str | None = None) -> Watch[Table]:
        """Tell of tables as they change: all, or those in one folder; see `Watch`."""

        async def source() -> AsyncGenerator[Change[Table] | None, None]:
            folder_id = await self._folders.aexisting(folder)
            async with aclosing(self._records.watch(folder_id=folder_id)) as events:
                async for event in events:
                    if event is None:
                        yield None
                    else:
                        kind, table_id, record = event
                        yield Change(kind, table_id, None if record is None else Table(record, self))

        return Watch(self._bridge, source, self._streams)

    async def _open(self, record: TableRecord) -> RenewedSource:
        source = RenewedSource(
            self._records,
            self._store,
            self._bridge,
            self._readers,
            store_id=record.store.id,
            margin_s=self._margin_s,
        )
        await source.open()
        return source


def _dataset(record: TableRecord, source: PixelSource) -> Any:
    pa = pyarrow()
    if record.store.size_bytes is None:
        raise TableNotFoundError(record.id)
    file = StoredObject(source, object_name(record.store.key), record.store.size_bytes)
    shape = pa.dataset.ParquetFileFormat()
    fragment = shape.make_fragment(pa.PythonFile(file, mode="r"))
    return pa.dataset.FileSystemDataset([fragment], fragment.physical_schema, shape)
