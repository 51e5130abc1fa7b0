"""Tables: records whose Parquet file is all there."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from arkitekt_di.errors import TableNotFoundError, TableRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.tables import MAX_COLUMNS, Column, TableDraft
from arkitekt_di.server.blobs.store import BlobStore
from arkitekt_di.server.blobs.tables import Blob, BlobKind, BlobState
from arkitekt_di.server.blobs.uploads import BlobUploads, attach, settled
from arkitekt_di.server.caretaker import Caretaker
from arkitekt_di.server.database import Database
from arkitekt_di.server.filing import FiledKind, FiledRecords
from arkitekt_di.server.folders.folders import checked_place
from arkitekt_di.server.journal import Event, Journal
from arkitekt_di.server.naming import checked_description, checked_name, folded, is_text
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.tables.tables import TableDataset

TABLE = FiledKind(TableDataset, RecordKind.TABLE, "table", TableNotFoundError)

MAGIC: Final = b"PAR1"
"""The first and the last bytes of a Parquet file: https://parquet.apache.org/docs/file-format/"""

MAX_COLUMN_NAME = 1024
"""Longest name of a column, in characters."""

RequireImage = Callable[[Principal, str], Awaitable[object]]
"""Raises `ImageNotFoundError` where there is no such image."""


class Tables(FiledRecords[TableDataset]):
    """Tables of the organizations of a hub; nobody sees another's.

    Parameters
    ----------
    database : Database
    journal : Journal
    store : BlobStore
    trash : Caretaker
    uploads : BlobUploads
    require_image : callable
        Asked for the image that a table is about.
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(  # noqa: PLR0913  # what its base takes, and what tables need beside it
        self,
        database: Database,
        journal: Journal,
        store: BlobStore,
        trash: Caretaker,
        *,
        uploads: BlobUploads,
        require_image: RequireImage,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(TABLE, database, journal, store, trash, clock=clock)
        self._uploads = uploads
        self._require_image = require_image

    async def create(self, principal: Principal, draft: TableDraft) -> TableDataset:
        """Create a table from a finished upload of this user.

        Raises
        ------
        StoreNotFoundError, FolderNotFoundError, ImageNotFoundError, RecordRefusedError
        """
        name, now = checked_name(draft.name, subject="the name of a table"), self._clock()
        columns = checked_columns(draft.columns)
        if draft.image_id is not None:
            await self._require_image(principal, draft.image_id)
        await self._check_file(await self._uploads.find(principal, draft.store_id, BlobKind.TABLE))
        async with self._journal.transaction(principal) as entry:
            blob = await attach(entry.session, principal, draft.store_id, BlobKind.TABLE)
            table = TableDataset(
                organization_id=principal.organization_id,
                user_id=principal.user_id,
                user_name=principal.user_name,
                client_id=principal.client_id,
                name=name,
                folded_name=folded(name),
                description=None if draft.description is None else checked_description(draft.description),
                columns=[column.model_dump(mode="json") for column in columns],
                row_count=draft.row_count,
                image_id=draft.image_id,
                created_at=now,
                updated_at=now,
                folder_id=await checked_place(entry.session, principal, draft.folder_id),
                blob=blob,
            )
            entry.session.add(table)
            await entry.session.flush()
            entry.tell(self.change(Event.CREATED, table))
        return table

    async def relate(self, principal: Principal, table_id: str, *, image_id: str | None) -> TableDataset:
        """Say which image a table is about, or that it is about none.

        Raises
        ------
        TableNotFoundError, ImageNotFoundError
        """
        if image_id is not None:
            await self._require_image(principal, image_id)
        return await self.edit(principal, table_id, name=None, values={"image_id": image_id})

    async def _check_file(self, blob: Blob) -> None:
        if blob.state != BlobState.FINISHED:
            raise settled(blob)
        size = blob.size_bytes or 0
        first = await self._store.read(blob, 0, len(MAGIC))
        last = await self._store.read(blob, max(0, size - len(MAGIC)), size)
        if size < 3 * len(MAGIC) or first != MAGIC or last != MAGIC:
            raise TableRefusedError("the upload is not a Parquet file", "Write it with pyarrow, DuckDB or polars")


def checked_columns(columns: Sequence[Column]) -> Sequence[Column]:
    """Return *columns*; raises `TableRefusedError` where they cannot be those of a table."""
    names = [column.name for column in columns]
    if len(names) > MAX_COLUMNS:
        raise TableRefusedError(f"the table has {len(names)} columns", f"Store more than {MAX_COLUMNS} as an image")
    if len(set(names)) < len(names):
        raise TableRefusedError("two columns have the same name", "Give each column a name of its own")
    for column in columns:
        texts = (column.name, column.dtype, column.unit, column.long_name, column.description)
        if any(len(text) > MAX_COLUMN_NAME or not is_text(text) for text in texts if text is not None):
            raise TableRefusedError(
                f"the column {column.name[:64]!r} is described by what is too long, or no text",
                f"Keep each word of it below {MAX_COLUMN_NAME} characters",
            )
    return columns
