"""The tables of an app: ``app.mikro.tables``."""

import asyncio
import os
import tempfile
from collections.abc import Mapping
from typing import Any, BinaryIO, Final, cast

from arkitekt_di.errors import TableNotFoundError, TableRefusedError
from arkitekt_di.messages.tables import TableDraft, TableQuery, TableRecord
from arkitekt_di.mikro.blobs.reading import StoredObject
from arkitekt_di.mikro.blobs.sending import Source
from arkitekt_di.mikro.blobs.uploads import object_name
from arkitekt_di.mikro.data_frame import arrow_of, columns_of, pyarrow, write_parquet
from arkitekt_di.mikro.filed import Filed
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.full_disk import telling_full
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.pixels.progress import ProgressBar, ProgressListener, telling
from arkitekt_di.mikro.table import Table
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.mikro import PixelSource, PixelStore
from arkitekt_di.protocols.tables import TableRecords
from arkitekt_di.settings.models import MikroSettings

PARQUET: Final = "application/vnd.apache.parquet"
"""Media type, registered with IANA."""


class Tables(Filed[TableRecord, Table]):
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

    _noun = "table"

    def __init__(
        self,
        records: TableRecords,
        store: PixelStore,
        folders: Folders,
        bridge: Bridge,
        settings: MikroSettings | None = None,
    ) -> None:
        super().__init__(records, store, folders, bridge, settings)
        self._records = records

    def _shown(self, record: TableRecord) -> Table:
        return Table(record, self)

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
        place = tempfile.gettempdir()
        with telling_full(place), tempfile.TemporaryFile(prefix="arkitekt-table-", dir=place) as file:
            parquet = cast("BinaryIO", file)
            await asyncio.to_thread(write_parquet, table, parquet)
            size = os.fstat(file.fileno()).st_size
            with ProgressBar(self._progress) as bar:
                source = Source(parquet, size, telling(name, size, bar, progress))
                sent = await self._sender.send(source, content_type=PARQUET, key=key)
        if sent.record_id is not None:
            return await self._same(sent, str(key), "rows")
        draft = TableDraft(
            store_id=sent.store_id,
            name=name,
            columns=columns,
            row_count=table.num_rows,
            folder_id=await self._folders.aplace(folder),
            image_id=None if image is None else identifier_of(image, Image),
        )
        return Table(await self._records.create(draft), self)

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

        async def find(folder_id: str | None, limit: int, offset: int) -> list[TableRecord]:
            query = TableQuery(text=text, folder_id=folder_id, is_oldest_first=True, limit=limit, offset=offset)
            return await self._records.search(query)

        return self._pages(folder, find)

    async def arelate(self, table_id: str, image: Image | str | None) -> Table:
        """Say which image a table is about; see `arkitekt_di.mikro.relate_table`."""
        image_id = None if image is None else identifier_of(image, Image)
        return Table(await self._records.relate(str(table_id), image_id=image_id), self)

    def dataset(self, record: TableRecord) -> Any:
        """Open the rows of a table."""
        pyarrow()
        return _dataset(record, self._bridge.call(self._open, record))

    async def adataset(self, record: TableRecord) -> Any:
        """Open the rows of a table, on the app's loop."""
        pyarrow()
        source = await self._open(record)
        return await asyncio.to_thread(_dataset, record, source)


def _dataset(record: TableRecord, source: PixelSource) -> Any:
    pa = pyarrow()
    if record.store.size_bytes is None:
        raise TableNotFoundError(record.id)
    file = StoredObject(source, object_name(record.store.key), record.store.size_bytes)
    shape = pa.dataset.ParquetFileFormat()
    fragment = shape.make_fragment(pa.PythonFile(file, mode="r"))
    return pa.dataset.FileSystemDataset([fragment], fragment.physical_schema, shape)
