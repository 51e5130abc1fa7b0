"""What the header of a stored array says, and whether we take it."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.pixels import HEADER, ChannelStatistics

MAX_RANK = 64
"""NumPy 2 has arrays of up to 64 dimensions (``NPY_MAXDIMS``)."""

MAX_EXTENT = 2**63 - 1
"""Longest axis: NumPy counts in signed 64-bit integers."""

DATA_TYPES = frozenset(
    {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
    | {"float16", "float32", "float64", "complex64", "complex128", "numpy.datetime64", "numpy.timedelta64"}
)
"""The core data types of zarr v3, and NumPy's two times; none of them can hold an object."""

CODECS = frozenset({"blosc", "bytes", "crc32c", "gzip", "sharding_indexed", "transpose", "zstd"})
"""The core codecs of zarr v3: every reader has them, and none of them runs code from the data."""


class ArrayHeader(BaseModel):
    """The part of an array's metadata that the hub keeps.

    Attributes
    ----------
    shape : tuple of int
        Pixels along each axis.
    data_type : str
        zarr v3 name, such as ``uint16``.
    chunk_shape : tuple of int
        Smallest block that can be decoded; inside a shard where there are shards.
    shard_shape : tuple of int or None
        Block that is one object, where it holds several chunks.
    dimension_names : tuple of (str or None)
    units : dict of str to str
        Unit of each axis that has one, as our own client writes it.
    scale : tuple of int
        Pixels of the finest level along each axis that one pixel stands for; empty where that is one, or not known.
    appends : str or None
        Dimension along which the array grows.
    statistics : tuple of ChannelStatistics
        Of each channel, where our own client wrote the array.
    """

    model_config = ConfigDict(frozen=True)

    shape: tuple[int, ...]
    data_type: str
    chunk_shape: tuple[int, ...]
    shard_shape: tuple[int, ...] | None = None
    dimension_names: tuple[str | None, ...]
    units: dict[str, str] = {}
    scale: tuple[int, ...] = ()
    appends: str | None = None
    statistics: tuple[ChannelStatistics, ...] = ()


class _Named(BaseModel):
    """One extension point: a codec, a chunk grid, a data type."""

    model_config = ConfigDict(strict=True)

    name: str
    configuration: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _read_short_form(cls, value: object) -> object:
        # zarr 3.1 writes an extension that has no configuration as its bare name.
        return {"name": value} if isinstance(value, str) else value


class ArrayDocument(BaseModel):
    """The members that a zarr v3 array has; zarr specification 3.1, "Array metadata"."""

    model_config = ConfigDict(strict=True)

    zarr_format: int
    node_type: str
    shape: tuple[int, ...]
    data_type: _Named
    chunk_grid: _Named
    codecs: tuple[_Named, ...]
    dimension_names: tuple[str | None, ...] | None = None
    storage_transformers: tuple[Any, ...] = ()
    attributes: dict[str, Any] = {}

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read a metadata document; raises `ImageRefusedError` where it is not one of an array."""
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the document"
            raise _refused(f"{place} is wrong: {first['msg']}") from error

    def header(self, units: Mapping[str, str]) -> ArrayHeader:
        """Return what the hub keeps; raises `ImageRefusedError` where it is not an array that we take."""
        _check_kind(self)
        if self.data_type.name not in DATA_TYPES:
            raise _refused(f"its data type {self.data_type.name!r} is not one of {', '.join(sorted(DATA_TYPES))}")
        grid = _blocks(self.chunk_grid.configuration.get("chunk_shape"), self.shape)
        chunks, is_sharded = _check_codecs(self.codecs, grid)
        names = self.dimension_names
        return ArrayHeader(
            shape=self.shape,
            data_type=self.data_type.name,
            chunk_shape=chunks,
            shard_shape=grid if is_sharded else None,
            dimension_names=(None,) * len(self.shape) if names is None else names,
            units=dict(units),
        )


def _check_kind(document: ArrayDocument) -> None:
    if document.zarr_format != 3 or document.node_type != "array":
        raise _refused(f"it is a {document.node_type} of zarr {document.zarr_format}, not an array of zarr 3")
    if len(document.shape) > MAX_RANK or not all(1 <= extent <= MAX_EXTENT for extent in document.shape):
        raise _refused("its shape has an axis without pixels, an endless one, or too many axes")
    if document.dimension_names is not None and len(document.dimension_names) != len(document.shape):
        raise _refused(f"it names {len(document.dimension_names)} of {len(document.shape)} dimensions")
    if document.chunk_grid.name != "regular":
        raise _refused(f"its chunk grid {document.chunk_grid.name!r} is not regular")
    if document.storage_transformers:
        raise _refused("it uses storage transformers")


def _blocks(declared: object, around: tuple[int, ...]) -> tuple[int, ...]:
    """Return a block shape that has as many axes as *around*."""
    if not isinstance(declared, list) or len(declared) != len(around):
        raise _refused("its chunks do not have the axes of the array")
    if not all(type(edge) is int and 1 <= edge <= MAX_EXTENT for edge in declared):
        raise _refused("its chunks have an edge that is not a positive number")
    return tuple(declared)


def _check_codecs(codecs: tuple[_Named, ...], block: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
    """Return the shape of the smallest block that can be decoded, and whether shards are around it."""
    unknown = sorted({codec.name for codec in codecs} - CODECS)
    if unknown:
        raise _refused(f"its codec {unknown[0]!r} is not one of {', '.join(sorted(CODECS))}")
    sharding = [codec for codec in codecs if codec.name == "sharding_indexed"]
    if not sharding:
        return block, False
    if len(codecs) > 1:
        raise _refused("its shards are not the only codec")
    inner = _blocks(sharding[0].configuration.get("chunk_shape"), block)
    if any(outer % edge for outer, edge in zip(block, inner, strict=True)):
        raise _refused("its chunks do not fill its shards")
    for part in ("codecs", "index_codecs"):
        nested = _nested(sharding[0].configuration.get(part))
        if _check_codecs(nested, inner)[1]:
            raise _refused("its shards hold shards")
    return inner, True


def _nested(declared: object) -> tuple[_Named, ...]:
    try:
        return tuple(_Named.model_validate(codec) for codec in declared) if isinstance(declared, list) else ()
    except ValidationError as error:
        raise _refused("a codec inside its shards is not well formed") from error


def _refused(reason: str) -> ImageRefusedError:
    return ImageRefusedError(f"{HEADER} was not accepted: {reason}", "Write a plain zarr v3 array and finish again")
