"""What every implementation of the promise of tables has to pass."""

import asyncio
import hashlib
from contextlib import aclosing
from typing import Final

import pytest

from arkitekt_di.errors import ArkitektError, FolderNotFoundError, StoreNotFoundError, TableNotFoundError
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.images import AxisType
from arkitekt_di.messages.tables import Column, ColumnRole, TableDraft, TableQuery, TableRecord
from arkitekt_di.protocols.folders import FolderRecords
from arkitekt_di.protocols.mikro import PixelStore
from arkitekt_di.protocols.tables import TableRecords

_UNKNOWN = "4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d"
_BODY: Final = b"PAR1 as good as a Parquet file PAR1"
_COLUMNS = (
    Column(name="x", dtype="DOUBLE", role=ColumnRole.COORDINATE, axis_type=AxisType.SPACE, unit="micrometer"),
    Column(name="area", dtype="FLOAT", unit="µm²", long_name="Area of the cell"),
)


@pytest.mark.anyio
class TableRecordsContract:
    """Tests of `TableRecords`; a subclass has fixtures `tables`, `folders` and `store`, empty, that belong together."""

    async def upload(self, tables: TableRecords, store: PixelStore) -> str:
        """Write and finish an upload; return its store."""
        upload = await tables.request_upload(name=None, content_type=None, key=None)
        await (await store.open_sink(upload.grant)).put(upload.name, _BODY)
        await tables.finish_upload(upload.grant.store, sha256=hashlib.sha256(_BODY).hexdigest())
        return upload.grant.store

    async def make_table(
        self, tables: TableRecords, store: PixelStore, name: str = "cells", folder_id: str | None = None
    ) -> TableRecord:
        """Create a table."""
        store_id = await self.upload(tables, store)
        draft = TableDraft(store_id=store_id, name=name, columns=_COLUMNS, row_count=7, folder_id=folder_id)
        return await tables.create(draft)

    async def test_a_table_is_found_as_it_was_created(
        self, tables: TableRecords, folders: FolderRecords, store: PixelStore
    ) -> None:
        """Name, columns and place come back, and so do its bytes."""
        folder = await folders.ensure("results", parent_id=None)

        made = await self.make_table(tables, store, folder_id=folder.id)

        assert await tables.get(made.id) == made
        assert (made.name, made.columns, made.row_count, made.folder_id) == ("cells", _COLUMNS, 7, folder.id)
        source = await store.open_source(await tables.request_access(made.store.id))
        assert await asyncio.to_thread(source.read, made.store.key.rpartition("/")[2]) == _BODY

    async def test_one_upload_becomes_one_table(self, tables: TableRecords, store: PixelStore) -> None:
        """A second table of the same rows is refused, and so is one of an upload that is not finished."""
        draft = TableDraft(store_id=await self.upload(tables, store), name="cells", columns=_COLUMNS)
        await tables.create(draft)
        unfinished = await tables.request_upload(name=None, content_type=None, key=None)

        with pytest.raises(ArkitektError):
            await tables.create(draft)
        with pytest.raises(ArkitektError):
            await tables.create(draft.model_copy(update={"store_id": unfinished.grant.store}))

    async def test_what_a_table_is_about_can_be_taken_back(self, tables: TableRecords, store: PixelStore) -> None:
        """One that is about nothing has no image."""
        made = await self.make_table(tables, store)

        assert (await tables.relate(made.id, image_id=None)).image_id is None
        with pytest.raises(TableNotFoundError):
            await tables.relate(_UNKNOWN, image_id=None)

    async def test_searches_find_parts_of_names_in_their_place(
        self, tables: TableRecords, folders: FolderRecords, store: PixelStore
    ) -> None:
        """The newest come first; pages cut the same list."""
        folder = await folders.ensure("results", parent_id=None)
        for name, place in (("Cells 1", None), ("cells 2", folder.id), ("tracks", folder.id)):
            await self.make_table(tables, store, name, place)

        async def names(query: TableQuery) -> list[str]:
            return [table.name for table in await tables.search(query)]

        assert await names(TableQuery(text="CELLS")) == ["cells 2", "Cells 1"]
        assert await names(TableQuery(folder_id=folder.id)) == ["tracks", "cells 2"]
        assert await names(TableQuery(limit=1, offset=1, is_oldest_first=True)) == ["cells 2"]
        assert await names(TableQuery(image_id=_UNKNOWN)) == []

    async def test_a_table_is_renamed_and_moved(
        self, tables: TableRecords, folders: FolderRecords, store: PixelStore
    ) -> None:
        """The rest stays as it was."""
        folder = await folders.ensure("results", parent_id=None)
        made = await self.make_table(tables, store)

        await tables.rename(made.id, "nuclei")
        moved = await tables.move(made.id, folder_id=folder.id)

        assert moved == made.model_copy(update={"name": "nuclei", "folder_id": folder.id})
        with pytest.raises(FolderNotFoundError):
            await tables.move(made.id, folder_id=_UNKNOWN)

    async def test_what_is_in_the_trash_is_gone_until_it_is_restored(
        self, tables: TableRecords, folders: FolderRecords, store: PixelStore
    ) -> None:
        """By itself, or with its folder."""
        folder = await folders.ensure("results", parent_id=None)
        made = await self.make_table(tables, store, folder_id=folder.id)

        await tables.delete(made.id)
        with pytest.raises(TableNotFoundError):
            await tables.get(made.id)
        with pytest.raises(StoreNotFoundError):
            await tables.request_access(made.store.id)
        assert [table.id for table in await tables.search(TableQuery(is_trashed=True))] == [made.id]
        assert await tables.restore(made.id) == made
        await folders.delete(folder.id)
        assert await tables.search(TableQuery()) == []
        await folders.restore(folder.id)

        assert await tables.get(made.id) == made

    async def test_what_does_not_exist_is_not_found(self, tables: TableRecords) -> None:
        """Every operation says the same."""
        with pytest.raises(TableNotFoundError):
            await tables.get(_UNKNOWN)
        with pytest.raises(TableNotFoundError):
            await tables.rename(_UNKNOWN, "x")
        with pytest.raises(TableNotFoundError):
            await tables.move(_UNKNOWN, folder_id=None)
        with pytest.raises(TableNotFoundError):
            await tables.delete(_UNKNOWN)
        with pytest.raises(TableNotFoundError):
            await tables.restore(_UNKNOWN)
        with pytest.raises(StoreNotFoundError):
            await tables.request_access(_UNKNOWN)

    async def test_changes_are_told_in_their_order(
        self, tables: TableRecords, folders: FolderRecords, store: PixelStore
    ) -> None:
        """Those of the folder that is watched, and no others."""
        folder = await folders.ensure("results", parent_id=None)

        async with aclosing(tables.watch(folder_id=folder.id)) as events:
            assert await anext(events) is None
            await self.make_table(tables, store, "elsewhere")
            made = await self.make_table(tables, store, "here", folder.id)
            created = await anext(events)
            await tables.delete(made.id)
            deleted = await anext(events)

        assert created == (ChangeKind.CREATED, made.id, made)
        assert deleted == (ChangeKind.DELETED, made.id, None)
