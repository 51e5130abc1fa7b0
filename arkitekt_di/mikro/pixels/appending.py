"""Frames on their way to an image that grows."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from arkitekt_di.errors import ImageDamagedError, ImageRefusedError
from arkitekt_di.messages.descriptions import ImageDescription
from arkitekt_di.messages.images import Axis, FrameBatch, FrameObject, ImageRecord, UploadGrant
from arkitekt_di.messages.pixels import HEADER
from arkitekt_di.mikro.channels import check_channels
from arkitekt_di.mikro.pixels.grants import RenewedSink
from arkitekt_di.mikro.pixels.header import read_header
from arkitekt_di.mikro.pixels.picture import picture_of
from arkitekt_di.mikro.pixels.reduction import method_for
from arkitekt_di.mikro.pixels.sending import Lane, Part, Shipment
from arkitekt_di.mikro.pixels.shard import ShardCodec
from arkitekt_di.mikro.pixels.units import axis_type
from arkitekt_di.mikro.pixels.upload import Uploads, Wishes
from arkitekt_di.protocols.mikro import ImageRecords, PixelSink, PixelStore
from arkitekt_di.settings.models import MikroSettings


@dataclass(frozen=True)
class Series:
    """What a series of frames will be as an image.

    Attributes
    ----------
    name : str
    dims : tuple of str
    append : str
        Dimension along which it grows.
    shape : tuple of int or None
        Of a frame, without that dimension; None takes that of the first one.
    pixel_size, unit
        As for `from_xarray`.
    """

    name: str
    dims: tuple[str, ...]
    append: str
    shape: tuple[int, ...] | None = None
    pixel_size: Mapping[str, float] | None = None
    unit: str | Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        if self.append not in self.dims or self.append in ("y", "x"):
            raise ImageRefusedError(
                f"append={self.append!r} is no dimension that {self.dims!r} could grow along",
                "Name one of them that is neither y nor x, such as append='t'",
            )
        if self.shape is not None and len(self.shape) != len(self.dims) - 1:
            raise ImageRefusedError(
                f"shape={self.shape!r} is not that of a frame of {self.dims!r}",
                f"Give the sizes of all dimensions but {self.append!r}",
            )

    @property
    def axis(self) -> int:
        """Place of the dimension along which it grows."""
        return self.dims.index(self.append)

    def axes(self) -> tuple[Axis, ...]:
        """Return what the dimensions stand for."""
        return tuple(Axis(name=dim, type=axis_type(dim)) for dim in self.dims)

    def full_shape(self) -> tuple[int | None, ...]:
        """Return the pixels along each dimension; None where it is not known yet, or grows."""
        frame = self.shape or (None,) * (len(self.dims) - 1)
        return (*frame[: self.axis], None, *frame[self.axis :])


class Appender:
    """Appends frames to an image; the first one creates it.  Lives on the app's loop.

    Parameters
    ----------
    records, pixels : ImageRecords, PixelStore
    settings : MikroSettings
    series : Series
    said : ImageDescription, optional
        What is said about the image when it is created.
    """

    def __init__(
        self,
        records: ImageRecords,
        pixels: PixelStore,
        settings: MikroSettings,
        series: Series,
        said: ImageDescription | None = None,
    ) -> None:
        self._records = records
        self._pixels = pixels
        self._settings = settings
        self._series = series
        self._said = said or ImageDescription()
        self._lock = asyncio.Lock()
        self._sink: PixelSink | None = None
        self._grant: UploadGrant | None = None
        self._lanes: list[Lane] = []
        self._dtype: np.dtype[Any] | None = None
        self.record: ImageRecord | None = None

    @classmethod
    async def resume(
        cls, records: ImageRecords, pixels: PixelStore, settings: MikroSettings, record: ImageRecord
    ) -> "Appender":
        """Go on where *record* ends; another writer of it is told so with its next frames."""
        opened = await records.open_append(record.id)
        sources = [
            await pixels.open_source(await records.request_access(level.store.id)) for level in opened.record.levels
        ]
        headers = [read_header(await asyncio.to_thread(source.read, HEADER)) for source in sources]
        codecs = [header.codec() for header in headers]
        document = headers[0].document
        if document is None or document.appends is None or None in codecs:
            raise ImageDamagedError(record.id, HEADER, "it is not that of an image that grows")
        dims = tuple(axis.name for axis in opened.record.axes)
        appender = cls(records, pixels, settings, Series(opened.record.name, dims, document.appends))
        appender._take(opened.grant, opened.record, [codec for codec in codecs if codec is not None])
        return appender

    async def append(self, frames: object) -> ImageRecord:
        """Store one frame, or several along the growing dimension; return when every reader sees them."""
        async with self._lock:
            block = self._block(frames)
            if self.record is None:
                self.record = await self._create(block)
            else:
                self.record = await self._extend(block)
            return self.record

    async def close(self) -> ImageRecord | None:
        """End the growth; None where there was no frame."""
        async with self._lock:
            if self.record is not None:
                grant = await self._writer(self.record)
                self.record = await self._records.close_append(self.record.id, grant.store)
            return self.record

    async def leave(self) -> None:
        """Stop appending, so that another writer may go on."""
        async with self._lock:
            if self._grant is not None:
                await self._records.discard_upload(self._grant.store)
                self._grant = None

    def _block(self, frames: object) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = np.asarray(frames)
        series = self._series
        if values.ndim == len(series.dims) - 1:
            values = np.expand_dims(values, series.axis)
        frame = (*values.shape[: series.axis], *values.shape[series.axis + 1 :])
        shape, dtype = self._expected()
        if values.ndim != len(series.dims) or frame != (shape or frame) or not values.size:
            raise ImageRefusedError(
                f"a frame of shape {np.asarray(frames).shape} does not fit {series.dims!r} of {shape}",
                "Append frames of one shape, or several of them along the growing dimension",
            )
        if dtype is not None and values.dtype.newbyteorder("=") != dtype:
            raise ImageRefusedError(f"a frame of {values.dtype} does not fit an image of {dtype}", "Convert it first")
        return values

    def _expected(self) -> tuple[tuple[int, ...] | None, np.dtype[Any] | None]:
        if self.record is None:
            return self._series.shape, None
        axis = self._series.axis
        return (*self.record.shape[:axis], *self.record.shape[axis + 1 :]), np.dtype(self.record.dtype)

    async def _create(self, block: npt.NDArray[Any]) -> ImageRecord:
        series = self._series
        array = xr.DataArray(block, dims=series.dims)
        picture = await asyncio.to_thread(
            picture_of, array, name=series.name, pixel_size=series.pixel_size, unit=series.unit
        )
        document = picture.document.model_copy(update={"appends": series.append})
        frame = (*block.shape[: series.axis], *block.shape[series.axis + 1 :])
        check_channels(self._said.channels, series.axes(), replace(series, shape=frame).full_shape())
        quiet = self._settings.model_copy(update={"resume": False, "progress": "never"})
        wishes = Wishes(quiet, append=series.append, said=self._said)
        stored = await Uploads(self._records, self._pixels).store(replace(picture, document=document), wishes)
        self._lanes = [Lane(lane.sink, lane.codec, lane.max_bytes, lane.halved) for lane in stored.lanes]
        return stored.record

    async def _extend(self, block: npt.NDArray[Any]) -> ImageRecord:
        record = self._opened()
        grant = await self._writer(record)
        axis, count = self._series.axis, block.shape[self._series.axis]
        first = record.shape[axis]
        lanes = [self._lane(level, lane, first + count) for level, lane in enumerate(self._lanes)]
        region = tuple(
            slice(first, first + count) if place == axis else slice(0, size) for place, size in enumerate(block.shape)
        )
        method = method_for(block.dtype, self._settings.scale_method)
        await Shipment(lanes, transfers=self._settings.transfers, method=method).send(Part(block, region))
        objects = tuple(
            FrameObject(level=level, key=key, size=size, crc32=lane.checksums[key])
            for level, lane in enumerate(lanes)
            for key, size in lane.manifest.items()
        )
        batch = FrameBatch(store_id=grant.store, first=first, count=count, objects=objects)
        return await self._records.append(record.id, batch)

    def _lane(self, level: int, lane: Lane, length: int) -> Lane:
        axis, layout = self._series.axis, lane.codec.layout
        shape = (*layout.shape[:axis], length, *layout.shape[axis + 1 :])
        codec = ShardCodec(replace(layout, shape=shape), lane.codec.dtype, lane.codec.codec)
        if self._sink is None:
            raise AssertionError  # there is a writer
        return Lane(_Below(self._sink, f"{level}/"), codec, lane.max_bytes, lane.halved)

    async def _writer(self, record: ImageRecord) -> UploadGrant:
        if self._grant is None:
            opened = await self._records.open_append(record.id)
            self._take(opened.grant, opened.record, [lane.codec for lane in self._lanes])
        if self._grant is None:
            raise AssertionError  # just taken
        return self._grant

    def _take(self, grant: UploadGrant, record: ImageRecord, codecs: Sequence[ShardCodec]) -> None:
        """Become the writer: frames go to the place of *grant*."""
        self.record, self._grant = record, grant
        self._sink = RenewedSink(self._records, self._pixels, grant, margin_s=self._settings.access_margin_s)
        shapes = [codec.layout.shape for codec in codecs]
        halved = [(), *(_halved(finer, coarser) for finer, coarser in pairwise(shapes))]
        self._lanes = [
            Lane(self._sink, codec, grant.max_bytes, axes) for codec, axes in zip(codecs, halved, strict=True)
        ]

    def _opened(self) -> ImageRecord:
        if self.record is None:
            raise AssertionError  # asked before
        return self.record


@dataclass(frozen=True)
class _Below:
    """A part of an upload."""

    sink: PixelSink
    start: str

    async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
        """Store one whole object."""
        await self.sink.put(f"{self.start}{key}", body)


def _halved(finer: Sequence[int], coarser: Sequence[int]) -> tuple[int, ...]:
    return tuple(axis for axis, (above, below) in enumerate(zip(finer, coarser, strict=True)) if below != above)
