"""Tables on the wire."""

from enum import StrEnum

from arkitekt_di.messages.images import AxisType
from arkitekt_di.messages.model import CamelMessage

MAX_COLUMNS = 3000
"""Columns of one table; something wider is an array."""


class ColumnRole(StrEnum):
    """What the values of a column are: the vocabulary of the real mikro."""

    COORDINATE = "COORDINATE"
    ATTRIBUTE = "ATTRIBUTE"
    ID = "ID"
    TRACK_ID = "TRACK_ID"
    GROUP_ID = "GROUP_ID"
    LABEL = "LABEL"
    COLOR = "COLOR"


class Column(CamelMessage):
    """One column of a table, in its order.

    Attributes
    ----------
    name : str
    dtype : str
        DuckDB's name of the type, such as ``DOUBLE``: the words of the real mikro.
    role : ColumnRole
    axis_type : AxisType or None
        Set for a coordinate: positions, instants, or numbers of objects.
    unit : str or None
    long_name, description : str or None
    """

    name: str
    dtype: str
    role: ColumnRole = ColumnRole.ATTRIBUTE
    axis_type: AxisType | None = None
    unit: str | None = None
    long_name: str | None = None
    description: str | None = None


class TableStore(CamelMessage):
    """Where a table's Parquet file is."""

    id: str
    bucket: str
    key: str
    path: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None


class TableRecord(CamelMessage):
    """What the hub knows about a table; the rows are in its store.

    Attributes
    ----------
    id : str
    name : str
    description : str or None
    columns : tuple of Column
    row_count : int or None
        None where the hub was not told.
    store : TableStore
    folder_id, image_id : str or None
        The folder that it is in, and the image that it is about.
    created_at, deleted_at : str or None
        ISO 8601, UTC; a table with the latter is in the trash.
    """

    id: str
    name: str
    description: str | None = None
    columns: tuple[Column, ...]
    row_count: int | None = None
    store: TableStore
    folder_id: str | None = None
    image_id: str | None = None
    created_at: str | None = None
    deleted_at: str | None = None


class TableDraft(CamelMessage):
    """What is asked of the hub when a table is created from a finished upload."""

    store_id: str
    name: str
    columns: tuple[Column, ...]
    row_count: int | None = None
    description: str | None = None
    folder_id: str | None = None
    image_id: str | None = None


class TableQuery(CamelMessage):
    """Which tables are asked for.

    Attributes
    ----------
    text : str or None
        Part of the name; case does not count.
    folder_id, image_id : str or None
        Only those right inside this folder, or about this image.
    is_trashed : bool
        Those that were deleted, in place of those that were not.
    is_oldest_first : bool
        The newest come first where it is not set.
    limit, offset : int
        Size of the page, and tables before it.
    """

    text: str | None = None
    folder_id: str | None = None
    image_id: str | None = None
    is_trashed: bool = False
    is_oldest_first: bool = False
    limit: int = 50
    offset: int = 0
