"""From data frames to Arrow and Parquet: what cannot come back as it is, is refused before anything is sent."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any, BinaryIO, Final

from arkitekt_di.errors import MissingExtraError, TableRefusedError
from arkitekt_di.messages.images import AxisType
from arkitekt_di.messages.tables import MAX_COLUMNS, Column, ColumnRole

ROW_GROUP_ROWS: Final = 128 * 1024
"""Rows that are read at least where a filter fits one: a column of numbers is 1 MiB of them."""

_PLAIN = (str, bytes, Decimal, date, time)
"""What an object column of pandas may hold to come back as it is."""

_DUCKDB: Final = {
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "halffloat": "FLOAT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "large_string": "VARCHAR",
    "string_view": "VARCHAR",
    "binary": "BLOB",
    "large_binary": "BLOB",
    "date32[day]": "DATE",
    "timestamp[s]": "TIMESTAMP_S",
    "timestamp[ms]": "TIMESTAMP_MS",
    "timestamp[us]": "TIMESTAMP",
    "timestamp[ns]": "TIMESTAMP_NS",
}
"""Names of types: https://duckdb.org/docs/stable/sql/data_types/overview"""


def pyarrow() -> Any:
    """Return pyarrow with its Parquet and dataset modules; raises `MissingExtraError`."""
    try:
        import pyarrow as pa
        import pyarrow.dataset
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("tables", "storing and reading tables") from error
    return pa


def arrow_of(frame: object) -> Any:
    """Return *frame* as an Arrow table.

    Raises
    ------
    TableRefusedError
        It is no frame, or would not come back as it is; names the column.
    """
    pa = pyarrow()
    table: Any
    if isinstance(frame, pa.Table):
        table = frame
    elif hasattr(frame, "index") and hasattr(frame, "dtypes"):
        table = _from_pandas(pa, frame)
    elif hasattr(frame, "__arrow_c_stream__") or isinstance(frame, Mapping):
        table = _converted(pa, lambda: _without_views(pa, pa.table(frame)))
    else:
        raise TableRefusedError(
            f"a {type(frame).__name__} is no table", "Give a data frame of pandas or polars, or a table of pyarrow"
        )
    if len(table.column_names) > MAX_COLUMNS:
        raise TableRefusedError(f"{len(table.column_names)} columns are more than {MAX_COLUMNS}", "Store an image")
    names = table.column_names
    if twice := {name for name in names if names.count(name) > 1}:
        raise TableRefusedError(f"there are two columns {min(twice)!r}", "Give each column a name of its own")
    return table


def _converted(pa: Any, convert: Any) -> Any:
    try:
        return convert()
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise TableRefusedError(f"the frame cannot be a table: {error}", "Change the type of that column") from error


def _without_views(pa: Any, table: Any) -> Any:
    """Return *table* with ordinary texts in place of the views that polars gives: pyarrow does not filter by those."""
    plain = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    return table.cast(pa.schema([field.with_type(plain.get(field.type, field.type)) for field in table.schema]))


def _from_pandas(pa: Any, frame: Any) -> Any:
    if twice := list(frame.columns[frame.columns.duplicated()]):
        raise TableRefusedError(f"there are two columns {twice[0]!r}", "Give each column a name of its own")
    for name in frame.columns:
        _require_plain(name, frame[name])
    table = _converted(pa, lambda: pa.Table.from_pandas(frame))
    back = table.schema.empty_table().to_pandas()
    for name, dtype in frame.dtypes.items():
        if name not in back.columns:
            raise TableRefusedError(f"the column {name!r} would not come back by its name", "Name it with a text")
        if back[name].dtype != dtype and not _is_category(dtype):
            raise TableRefusedError(
                f"the column {name!r} of {dtype} would come back as {back[name].dtype}", "Change its type before"
            )
    return table


def _is_category(dtype: Any) -> bool:
    return hasattr(dtype, "categories")  # an empty frame has none of them, so the types differ


def _require_plain(name: object, column: Any) -> None:
    if str(column.dtype) != "object":
        return
    for value in column[column.notna()]:
        if not isinstance(value, _PLAIN):
            raise TableRefusedError(
                f"the column {name!r} holds a {type(value).__name__}", "Make columns of numbers, texts or dates of it"
            )


def write_parquet(table: Any, file: BinaryIO) -> None:
    """Write *table* as Parquet; raises `TableRefusedError` where Parquet would change a type."""
    pa = pyarrow()
    try:
        pa.parquet.write_table(table, file, compression="zstd", row_group_size=ROW_GROUP_ROWS)
    except (pa.ArrowException, ValueError) as error:
        raise TableRefusedError(f"the frame cannot be a table: {error}", "Change the type of that column") from error
    file.seek(0)
    written = pa.parquet.read_schema(file)
    for field, back in zip(table.schema, written, strict=True):
        if _values(field.type) != _values(back.type):
            raise TableRefusedError(
                f"the column {field.name!r} of {field.type} would come back as {back.type}", "Change its type before"
            )
    file.seek(0)


def _values(kind: Any) -> str:
    """Return an Arrow type without how long its texts may be in all: the values are the same."""
    return str(kind).replace("large_", "")


def columns_of(table: Any, units: Mapping[str, str], coordinates: Mapping[str, str]) -> tuple[Column, ...]:
    """Return what the hub is told about the columns."""
    for word, said in (("unit", units), ("coordinate", coordinates)):
        if unknown := sorted(set(said) - set(table.column_names)):
            raise TableRefusedError(f"there is no column {unknown[0]!r} to give a {word}", "Name one of the table")
    return tuple(
        Column(
            name=field.name,
            dtype=duckdb_type(field.type),
            role=ColumnRole.COORDINATE if field.name in coordinates else ColumnRole.ATTRIBUTE,
            axis_type=_axis_type(field.name, coordinates),
            unit=units.get(field.name),
        )
        for field in table.schema
    )


def _axis_type(name: str, coordinates: Mapping[str, str]) -> AxisType | None:
    if name not in coordinates:
        return None
    try:
        return AxisType(coordinates[name].upper())
    except ValueError:
        raise TableRefusedError(
            f"{coordinates[name]!r} is no kind of coordinate", "Choose space, time or index"
        ) from None


def duckdb_type(kind: Any) -> str:
    """Return DuckDB's name of an Arrow type."""
    pa = pyarrow()
    if pa.types.is_dictionary(kind):
        return duckdb_type(kind.value_type)
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return "TIMESTAMP WITH TIME ZONE"
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"{duckdb_type(kind.value_type)}[]"
    if pa.types.is_time(kind):
        return "TIME"
    return _DUCKDB.get(str(kind), str(kind).upper())
