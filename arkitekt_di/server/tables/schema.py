"""The operations on tables: each hands over to the domain and shows what comes back."""

from collections.abc import AsyncIterator
from typing import NewType

import strawberry
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from arkitekt_di.errors import TableRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.images import AxisType
from arkitekt_di.messages.tables import Column, ColumnRole, TableDraft
from arkitekt_di.server.blobs.tables import BlobKind
from arkitekt_di.server.blobs.uploads import BlobUploads, Wish
from arkitekt_di.server.filing import FiledListing
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.paging import OffsetPaginationInput, Ordering, orders_of, page_of
from arkitekt_di.server.graphql.scalars import ByteCount, Unit, stored
from arkitekt_di.server.graphql.watching import tell
from arkitekt_di.server.journal import Scope
from arkitekt_di.server.naming import checked_description
from arkitekt_di.server.tables import wire
from arkitekt_di.server.tables.datasets import Tables
from arkitekt_di.server.tables.tables import TableDataset as TableRow

ParquetLike = NewType("ParquetLike", str)

SCALARS: dict[object, ScalarDefinition] = {ParquetLike: stored("ParquetLike", "a table")}
"""Scalars of tables."""


@strawberry.input
class RequestParquetUploadInput:
    """What a client knows of the table beforehand."""

    content_type: str | None = None
    upload_key: str | None = None


@strawberry.input
class RefreshParquetUploadInput:
    """An upload that takes longer than its grant."""

    store_id: str


@strawberry.input
class FinishParquetUploadInput:
    """The end of an upload; ``valid`` is false where it is given up."""

    store_id: str
    valid: bool = True
    sha256: str | None = None


@strawberry.input
class RequestParquetAccessInput:
    """The store to read."""

    store_id: str


@strawberry.input
class ColumnInput:
    """One column of a new table. What the hub cannot keep is accepted when it is empty."""

    name: str
    dtype: str | None = None
    role: ColumnRole | None = None
    axis_type: AxisType | None = None
    unit: Unit | None = None
    long_name: str | None = None
    description: str | None = None
    identified_by: list[JSON] = strawberry.field(default_factory=list)

    def column(self) -> Column:
        """Return the column; raises `TableRefusedError` where it is more than the hub can keep."""
        if self.identified_by:
            raise TableRefusedError(f"this hub does not keep what identifies {self.name!r}", "Leave it empty")
        if self.dtype is None:
            raise TableRefusedError(f"the column {self.name!r} has no type", "Say its type as DuckDB names it")
        is_coordinate = self.axis_type is not None
        return Column(
            name=self.name,
            dtype=self.dtype,
            role=self.role or (ColumnRole.COORDINATE if is_coordinate else ColumnRole.ATTRIBUTE),
            axis_type=self.axis_type,
            unit=self.unit,
            long_name=self.long_name,
            description=self.description,
        )


@strawberry.input
class CreateTableDatasetInput:
    """A new table. What the hub cannot keep is accepted when it is empty."""

    name: str
    data: ParquetLike
    columns: list[ColumnInput] = strawberry.field(default_factory=list)
    row_count: ByteCount | None = None
    description: str | None = None
    folder: strawberry.ID | None = None
    image: strawberry.ID | None = None
    derived_from: list[JSON] | None = None
    source_files: list[JSON] | None = None
    anchors: list[JSON] | None = None

    def draft(self) -> TableDraft:
        """Return what is asked for; raises `TableRefusedError` where it is more than the hub can keep."""
        extras = {"derivedFrom": self.derived_from, "sourceFiles": self.source_files, "anchors": self.anchors}
        if unsupported := [name for name, value in extras.items() if value]:
            raise TableRefusedError(f"this hub does not keep {', '.join(unsupported)}", "Leave it empty")
        return TableDraft(
            store_id=self.data,
            name=self.name,
            columns=tuple(column.column() for column in self.columns),
            row_count=self.row_count,
            description=self.description,
            folder_id=self.folder,
            image_id=self.image,
        )


@strawberry.input
class UpdateTableDatasetInput:
    """What is to change; members that are left out stay as they are."""

    id: strawberry.ID
    name: str | None = None
    description: str | None = None


@strawberry.input
class MoveTableDatasetInput:
    """Where a table goes; into no folder where that is null."""

    id: strawberry.ID
    folder: strawberry.ID | None = None


@strawberry.input
class RelateTableDatasetInput:
    """The image that a table is about; none where that is null."""

    id: strawberry.ID
    image: strawberry.ID | None = None


@strawberry.input
class DeleteTableDatasetInput:
    """The table that goes into the trash."""

    id: strawberry.ID


@strawberry.input
class RestoreTableDatasetInput:
    """The table that comes out of the trash."""

    id: strawberry.ID


@strawberry.input
class TableDatasetFilter:
    """Which tables are asked for."""

    search: str | None = None
    ids: list[strawberry.ID] | None = None
    folder: strawberry.ID | None = None
    image: strawberry.ID | None = None
    unfiled: bool | None = None
    trashed: bool | None = None


@strawberry.input(one_of=True)
class TableDatasetOrder:
    """One criterion of the order."""

    created_at: strawberry.Maybe[Ordering]
    name: strawberry.Maybe[Ordering]
    id: strawberry.Maybe[Ordering]


@strawberry.type
class TableQuery:
    """What can be asked about tables."""

    @strawberry.field
    async def table_dataset(self, info: Info, id: strawberry.ID) -> wire.TableDataset:
        """Return one table."""
        return wire.TableDataset.of(await info.context.part(Tables).get(await info.context.principal(), id))

    @strawberry.field
    async def table_datasets(
        self,
        info: Info,
        filters: TableDatasetFilter | None = None,
        ordering: list[TableDatasetOrder] = [],  # noqa: B006  # strawberry reads the default, nobody writes it
        pagination: OffsetPaginationInput | None = None,
    ) -> list[wire.TableDataset]:
        """Return one page."""
        asked = filters or TableDatasetFilter()
        listing = FiledListing(
            page=page_of(pagination),
            search=asked.search,
            ids=asked.ids,
            folder_id=asked.folder,
            is_unfiled=bool(asked.unfiled),
            is_trashed=bool(asked.trashed),
            order=orders_of(ordering),
        )
        query = listing.select(TableRow, await info.context.principal())
        if asked.image is not None:
            query = query.where(TableRow.image_id == asked.image)
        return [wire.TableDataset.of(table) for table in await info.context.part(Tables).page(query)]


@strawberry.type
class TableMutation:
    """What can be changed about tables."""

    @strawberry.mutation
    async def request_parquet_upload(self, info: Info, input: RequestParquetUploadInput) -> wire.ParquetUploadGrant:
        """Open an upload, or go on with one."""
        wish = Wish(BlobKind.TABLE, content_type=input.content_type, key=input.upload_key)
        uploads, principal = info.context.part(BlobUploads), await info.context.principal()
        opened = await uploads.open(principal, wish)
        record = await info.context.part(Tables).made_of(principal, opened.blob)
        return wire.ParquetUploadGrant.of(opened.grant, status=opened.blob.state, record=record)

    @strawberry.mutation
    async def refresh_parquet_upload(self, info: Info, input: RefreshParquetUploadInput) -> wire.ParquetUploadGrant:
        """Renew a grant."""
        uploads, principal = info.context.part(BlobUploads), await info.context.principal()
        return wire.ParquetUploadGrant.of(await uploads.renew(principal, input.store_id, BlobKind.TABLE))

    @strawberry.mutation
    async def finish_parquet_upload(self, info: Info, input: FinishParquetUploadInput) -> wire.ParquetStore:
        """Finish an upload, or discard it."""
        uploads, principal = info.context.part(BlobUploads), await info.context.principal()
        if not input.valid:
            return wire.ParquetStore.of(await uploads.discard(principal, input.store_id, BlobKind.TABLE))
        blob = await uploads.finish(principal, input.store_id, BlobKind.TABLE, sha256=input.sha256)
        return wire.ParquetStore.of(blob)

    @strawberry.mutation
    async def request_parquet_access(self, info: Info, input: RequestParquetAccessInput) -> wire.ParquetAccessGrant:
        """Grant access."""
        principal = await info.context.principal()
        return wire.ParquetAccessGrant.of(await info.context.part(Tables).grant_access(principal, input.store_id))

    @strawberry.mutation
    async def create_table_dataset(self, info: Info, input: CreateTableDatasetInput) -> wire.TableDataset:
        """Create a table."""
        principal = await info.context.principal()
        draft = input.draft()
        await info.context.part(BlobUploads).ensure_finished(principal, draft.store_id, BlobKind.TABLE)
        return wire.TableDataset.of(await info.context.part(Tables).create(principal, draft))

    @strawberry.mutation
    async def update_table_dataset(self, info: Info, input: UpdateTableDatasetInput) -> wire.TableDataset:
        """Change the name or the description of a table."""
        principal = await info.context.principal()
        values = {} if input.description is None else {"description": checked_description(input.description)}
        tables = info.context.part(Tables)
        return wire.TableDataset.of(await tables.edit(principal, input.id, name=input.name, values=values))

    @strawberry.mutation
    async def move_table_dataset(self, info: Info, input: MoveTableDatasetInput) -> wire.TableDataset:
        """Put a table into a folder."""
        principal = await info.context.principal()
        return wire.TableDataset.of(await info.context.part(Tables).move(principal, input.id, folder_id=input.folder))

    @strawberry.mutation
    async def relate_table_dataset(self, info: Info, input: RelateTableDatasetInput) -> wire.TableDataset:
        """Say which image a table is about."""
        principal = await info.context.principal()
        return wire.TableDataset.of(await info.context.part(Tables).relate(principal, input.id, image_id=input.image))

    @strawberry.mutation
    async def delete_table_dataset(self, info: Info, input: DeleteTableDatasetInput) -> strawberry.ID:
        """Put a table into the trash."""
        await info.context.part(Tables).delete(await info.context.principal(), input.id)
        return input.id

    @strawberry.mutation
    async def restore_table_dataset(self, info: Info, input: RestoreTableDatasetInput) -> wire.TableDataset:
        """Take a table out of the trash."""
        return wire.TableDataset.of(await info.context.part(Tables).restore(await info.context.principal(), input.id))


@strawberry.type
class TableSubscription:
    """What can be watched about tables."""

    @strawberry.subscription
    async def table_datasets(
        self,
        info: Info,
        folder: strawberry.ID | None = None,
        id: strawberry.ID | None = None,
        after: str | None = None,
    ) -> AsyncIterator[wire.TableDatasetEvent]:
        """Send what was missed since a cursor, then changes as they happen, as long as the token holds."""
        scope = Scope(RecordKind.TABLE, place_id=folder, subject_id=id)
        async for told in tell(info.context, scope, after, info.context.part(Tables).load):
            yield wire.TableDatasetEvent.of(told)
