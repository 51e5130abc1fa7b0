"""Tables that live as long as the process: for tests, and to try things out without a hub."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

from arkitekt_di.errors import FolderNotFoundError, TableNotFoundError
from arkitekt_di.messages.blobs import DATA
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.tables import TableDraft, TableQuery, TableRecord, TableStore
from arkitekt_di.mikro.blobs.in_memory import InMemoryBlobUploads
from arkitekt_di.mikro.folders.in_memory import InMemoryFolderRecords
from arkitekt_di.mikro.in_memory_pixels import InMemoryPixelStore
from arkitekt_di.mikro.news import News


class InMemoryTableRecords(InMemoryBlobUploads):
    """Tables in a dictionary, over objects in memory.

    Parameters
    ----------
    store : InMemoryPixelStore
        Where the Parquet files are.
    folders : InMemoryFolderRecords
        Where tables are put.
    """

    def __init__(self, store: InMemoryPixelStore, folders: InMemoryFolderRecords) -> None:
        super().__init__(store)
        self._folders = folders
        self._tables: dict[str, TableRecord] = {}
        self._news: News[TableRecord] = News()

    def is_shown(self, record_id: str) -> bool:
        """Tell whether a table is there, and neither it nor its folder is in the trash."""
        table = self._tables.get(record_id)
        return table is not None and table.deleted_at is None and self._folders.is_live(table.folder_id)

    async def create(self, draft: TableDraft) -> TableRecord:
        """Create the record of a finished upload."""
        self._require_folder(draft.folder_id)
        table_id = str(uuid.uuid4())
        blob = self.attach(draft.store_id, table_id)
        path = f"memory://memory/{blob.id}/{DATA}"
        table = TableRecord(
            id=table_id,
            name=draft.name,
            description=draft.description,
            columns=draft.columns,
            row_count=draft.row_count,
            store=TableStore(
                id=blob.id,
                bucket="memory",
                key=f"{blob.id}/{DATA}",
                path=path,
                size_bytes=blob.size,
                sha256=blob.sha256,
            ),
            folder_id=draft.folder_id,
            image_id=draft.image_id,
            created_at=_now(),
        )
        return self._keep(ChangeKind.CREATED, table)

    async def get(self, table_id: str) -> TableRecord:
        """Return one table."""
        if not self.is_shown(table_id):
            raise TableNotFoundError(table_id)
        return self._tables[table_id]

    async def search(self, query: TableQuery) -> list[TableRecord]:
        """Return one page of tables."""
        listed = list(self._tables.values()) if query.is_oldest_first else list(reversed(self._tables.values()))
        found = [table for table in listed if self._fits(table, query)]
        return found[query.offset : query.offset + query.limit]

    async def rename(self, table_id: str, name: str) -> TableRecord:
        """Change the name."""
        return self._keep(ChangeKind.UPDATED, (await self.get(table_id)).model_copy(update={"name": name}))

    async def move(self, table_id: str, *, folder_id: str | None) -> TableRecord:
        """Put a table into a folder, or into none."""
        table = await self.get(table_id)
        self._require_folder(folder_id)
        return self._keep(ChangeKind.UPDATED, table.model_copy(update={"folder_id": folder_id}))

    async def relate(self, table_id: str, *, image_id: str | None) -> TableRecord:
        """Say which image a table is about, or that it is about none."""
        return self._keep(ChangeKind.UPDATED, (await self.get(table_id)).model_copy(update={"image_id": image_id}))

    async def delete(self, table_id: str) -> None:
        """Put a table into the trash."""
        table = await self.get(table_id)
        self._tables[table_id] = table.model_copy(update={"deleted_at": _now()})
        self._news.tell(ChangeKind.DELETED, table_id, None)

    async def restore(self, table_id: str) -> TableRecord:
        """Take a table out of the trash."""
        table = self._tables.get(table_id)
        if table is None or table.deleted_at is None:
            raise TableNotFoundError(table_id)
        place = table.folder_id if self._folders.is_live(table.folder_id) else None
        return self._keep(ChangeKind.CREATED, table.model_copy(update={"deleted_at": None, "folder_id": place}))

    async def watch(
        self, *, folder_id: str | None
    ) -> AsyncGenerator[tuple[ChangeKind, str, TableRecord | None] | None, None]:
        """Yield the changes of tables."""
        async with aclosing(self._news.watch()) as events:
            async for kind, table_id, record in events:
                if kind is None:
                    yield None
                elif folder_id in {None, self._tables[table_id].folder_id}:
                    yield kind, table_id, record

    def _fits(self, table: TableRecord, query: TableQuery) -> bool:
        is_there = table.deleted_at is not None if query.is_trashed else self.is_shown(table.id)
        is_here = query.folder_id in {None, table.folder_id} and query.image_id in {None, table.image_id}
        return is_there and is_here and (query.text or "").casefold() in table.name.casefold()

    def _keep(self, kind: ChangeKind, table: TableRecord) -> TableRecord:
        self._tables[table.id] = table
        self._news.tell(kind, table.id, table)
        return table

    def _require_folder(self, folder_id: str | None) -> None:
        if not self._folders.is_live(folder_id):
            raise FolderNotFoundError(str(folder_id))


def _now() -> str:
    return datetime.now(UTC).isoformat()
