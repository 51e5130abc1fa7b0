"""What the hub answers about tables."""

from datetime import UTC, datetime
from typing import Self

import strawberry
from strawberry.scalars import JSON

from arkitekt_di.messages.images import AxisType, UploadGrant
from arkitekt_di.messages.tables import Column as ColumnMessage
from arkitekt_di.messages.tables import ColumnRole
from arkitekt_di.server.blobs.store import key_of, path_of
from arkitekt_di.server.blobs.tables import Blob, BlobState
from arkitekt_di.server.graphql.grants import AccessGrant, Credentials, credentials
from arkitekt_di.server.graphql.scalars import ByteCount, Unit
from arkitekt_di.server.graphql.watching import Told
from arkitekt_di.server.images.wire import Axis, CoordinateSystem
from arkitekt_di.server.tables.tables import TableDataset as TableRow
from arkitekt_di.server.tables.transformations import Transformation


@strawberry.type(description="Where the Parquet file of a table is.")
class ParquetStore:
    """One stored object."""

    id: strawberry.ID
    bucket: str
    key: str
    path: str
    size_bytes: ByteCount | None
    sha256: str | None

    @classmethod
    def of(cls, blob: Blob) -> Self:
        """Show a row."""
        return cls(
            id=strawberry.ID(blob.id),
            bucket=blob.kind,
            key=key_of(blob),
            path=path_of(blob),
            size_bytes=None if blob.size_bytes is None else ByteCount(blob.size_bytes),
            sha256=blob.sha256,
        )


@strawberry.type(description="A network of points; this hub keeps none.")
class NetworkCollection:
    """A network."""

    id: strawberry.ID


@strawberry.type(description="One column, in the order of the file.")
class Column:
    """A column of a table."""

    id: strawberry.ID
    order: int
    name: str
    dtype: str
    role: ColumnRole
    axis_type: AxisType | None
    unit: Unit | None
    long_name: str | None
    description: str | None
    references: "TableDataset | None" = None
    node_references: NetworkCollection | None = None


@strawberry.type(description="A table: a Parquet file whose columns are known.")
class TableDataset:
    """A table."""

    id: strawberry.ID
    name: str
    description: str | None
    store: ParquetStore
    columns: list[Column]
    row_count: ByteCount | None
    coordinate_system: CoordinateSystem
    axis_names: list[str]
    derived_from: list[Transformation]
    provenance_metadata: JSON
    folder_id: strawberry.ID | None
    image_id: strawberry.ID | None
    created_at: datetime
    deleted_at: datetime | None

    @classmethod
    def of(cls, table: TableRow) -> Self:
        """Show a row."""
        columns = [ColumnMessage.model_validate(column) for column in table.columns]
        coordinates = [column for column in columns if column.axis_type is not None]
        return cls(
            id=strawberry.ID(table.id),
            name=table.name,
            description=table.description,
            store=ParquetStore.of(table.blob),
            columns=[_show_column(table, order, column) for order, column in enumerate(columns)],
            row_count=None if table.row_count is None else ByteCount(table.row_count),
            coordinate_system=CoordinateSystem(
                id=strawberry.ID(f"{table.id}:space"),
                name=table.name,
                axes=[_show_axis(table, order, column) for order, column in enumerate(coordinates)],
                created_at=datetime.fromtimestamp(table.created_at, UTC),
            ),
            axis_names=[column.name for column in coordinates],
            derived_from=[],
            provenance_metadata=JSON({}),
            folder_id=None if table.folder_id is None else strawberry.ID(table.folder_id),
            image_id=None if table.image_id is None else strawberry.ID(table.image_id),
            created_at=datetime.fromtimestamp(table.created_at, UTC),
            deleted_at=None if table.deleted_at is None else datetime.fromtimestamp(table.deleted_at, UTC),
        )


@strawberry.type(description="One change of a table; at most one of create, update and delete is set.")
class TableDatasetEvent:
    """What a subscription sends."""

    cursor: str
    create: TableDataset | None = None
    update: TableDataset | None = None
    delete: strawberry.ID | None = None

    @classmethod
    def of(cls, told: Told) -> Self:
        """Show a change."""
        return cls(cursor=told.cursor, **told.members(TableDataset.of))


@strawberry.type(description="Credentials for one object of the object store.")
class ParquetAccessGrant(AccessGrant):
    """A grant to read one table."""


@strawberry.type(description="Credentials to write one table.")
class ParquetUploadGrant(Credentials):
    """A grant to write one table."""

    store: str
    max_bytes: ByteCount
    status: str
    record: strawberry.ID | None

    @classmethod
    def of(cls, grant: UploadGrant, *, status: str = BlobState.OPEN, record: str | None = None) -> Self:
        """Show a grant, secrets and all: this answer is their way to the client."""
        return cls(
            **credentials(grant),
            store=grant.store,
            max_bytes=ByteCount(grant.max_bytes),
            status=status,
            record=None if record is None else strawberry.ID(record),
        )


def _show_column(table: TableRow, order: int, column: ColumnMessage) -> Column:
    return Column(
        id=strawberry.ID(f"{table.id}:column:{order}"),
        order=order,
        name=column.name,
        dtype=column.dtype,
        role=column.role,
        axis_type=column.axis_type,
        unit=None if column.unit is None else Unit(column.unit),
        long_name=column.long_name,
        description=column.description,
    )


def _show_axis(table: TableRow, order: int, column: ColumnMessage) -> Axis:
    return Axis(
        id=strawberry.ID(f"{table.id}:axis:{order}"),
        order=order,
        name=column.name,
        type=column.axis_type or AxisType.INDEX,
        unit=None if column.unit is None else Unit(column.unit),
        long_name=column.long_name,
        description=column.description,
    )
