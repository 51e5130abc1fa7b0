"""One image on its way to the hub: places for its levels, their pixels, what makes arrays of them, and the record."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
import numpy as np

from arkitekt_di.errors import ArkitektError, ConnectionLostError
from arkitekt_di.koil.many import run_all
from arkitekt_di.messages.descriptions import ImageDescription
from arkitekt_di.messages.images import (
    ImageDraft,
    ImageRecord,
    LevelDraft,
    OpenUploads,
    ScaleMethod,
    StoredObject,
    UploadGrant,
    UploadKey,
)
from arkitekt_di.messages.pixels import HEADER, PixelAxis, PixelDocument
from arkitekt_di.mikro.pixels.frames import Frames
from arkitekt_di.mikro.pixels.grants import RenewedSink
from arkitekt_di.mikro.pixels.header import write_header
from arkitekt_di.mikro.pixels.layout import MIB, Cut
from arkitekt_di.mikro.pixels.picture import Picture
from arkitekt_di.mikro.pixels.progress import ProgressBar, ProgressListener, telling
from arkitekt_di.mikro.pixels.pyramid import Depth, Level, plan_levels
from arkitekt_di.mikro.pixels.reduction import Method, method_for
from arkitekt_di.mikro.pixels.resumption import derived_key
from arkitekt_di.mikro.pixels.sending import Lane, Shipment
from arkitekt_di.mikro.pixels.shard import ShardCodec, checksum
from arkitekt_di.mikro.pixels.statistics import Statistics
from arkitekt_di.protocols.mikro import ImageRecords, PixelStore
from arkitekt_di.settings.models import MikroSettings

log = logging.getLogger(__name__)

_CUBE_PX: Final = 64
"""Edge of a cube; 64 of 16 bit are as many bytes as a chunk of a plane."""

_DISCARD_TIMEOUT_S: Final = 5.0
"""Longest wait for the hub to hear that an upload is given up; it removes abandoned ones by itself later."""

_SCALE_METHODS: Final = {
    Method.MEAN: ScaleMethod.AREA,
    Method.MODE: ScaleMethod.MODE,
    Method.NEAREST: ScaleMethod.NEAREST,
}


@dataclass(frozen=True)
class Wishes:
    """How an array is to be stored.

    Attributes
    ----------
    settings : MikroSettings
    key : str or None
        Names the upload: a second one under the same key is the same image.
    listener : callable or None
        Told how far the transfer is.
    append : str or None
        Dimension along which the image will grow.
    said : ImageDescription
        What is said about the image.
    """

    settings: MikroSettings = field(default_factory=MikroSettings)
    key: str | None = None
    listener: ProgressListener | None = None
    append: str | None = None
    said: ImageDescription = field(default_factory=ImageDescription)


@dataclass(frozen=True)
class Stored:
    """An image that was stored.

    Attributes
    ----------
    record : ImageRecord
    document : PixelDocument or None
        What is beside the pixels; None where nothing was sent, because there was such an image.
    lanes : sequence of Lane
        How each level was sent.
    """

    record: ImageRecord
    document: PixelDocument | None = None
    lanes: Sequence[Lane] = ()


class Uploads:
    """Brings arrays to the hub.

    Parameters
    ----------
    records : ImageRecords
    pixels : PixelStore
    """

    def __init__(self, records: ImageRecords, pixels: PixelStore) -> None:
        self._records = records
        self._pixels = pixels

    async def store(self, picture: Picture, wishes: Wishes) -> Stored:
        """Store an array with its coarser levels."""
        settings = wishes.settings
        levels = _levels(picture, wishes)
        codecs = [ShardCodec(level.layout, picture.dtype, settings.codec) for level in levels]
        # Too large without its manifest: refused before any pixel moves.
        write_header(codecs[0], picture.dims, picture.document)
        async with self._key(picture, levels[0], wishes) as key:
            opened = await self._records.begin_uploads(len(levels), key=key)
            if opened.record is not None:
                return Stored(opened.record)
            try:
                lanes = self._lanes(levels, codecs, opened, settings)
                document = await self._send(picture, levels, lanes, wishes)
                return Stored(await self._publish(picture, opened, wishes), document, lanes)
            except BaseException as error:
                if key is None or not isinstance(error, ConnectionLostError):
                    await self._discard(opened)
                raise

    @asynccontextmanager
    async def _key(self, picture: Picture, level: Level, wishes: Wishes) -> AsyncIterator[UploadKey | None]:
        if wishes.key is not None:
            yield UploadKey(text=wishes.key, outlives_image=True)
            return
        is_large = any(size > shard for size, shard in zip(level.layout.shape, level.layout.shard, strict=True))
        async with derived_key(picture, is_wanted=is_large and wishes.settings.resume) as key:
            yield key

    def _lanes(
        self, levels: Sequence[Level], codecs: Sequence[ShardCodec], opened: OpenUploads, settings: MikroSettings
    ) -> list[Lane]:
        return [
            Lane(
                RenewedSink(self._records, self._pixels, _allowed(grant, settings), margin_s=settings.access_margin_s),
                codec,
                grant.max_bytes,
                level.halved,
                held,
            )
            for level, codec, grant, held in zip(levels, codecs, opened.grants, opened.held, strict=True)
        ]

    async def _send(
        self, picture: Picture, levels: Sequence[Level], lanes: Sequence[Lane], wishes: Wishes
    ) -> PixelDocument:
        """Send the pixels, and last what makes arrays of them."""
        statistics = Statistics(picture.dims, picture.data.shape, picture.dtype)
        with ProgressBar(wishes.settings.progress) as bar:
            shipment = Shipment(
                lanes,
                transfers=wishes.settings.transfers,
                method=method_for(picture.dtype, wishes.settings.scale_method),
                statistics=statistics,
                on_progress=_teller(picture, bar, wishes.listener),
            )
            await shipment.send(picture.data)
        found = () if wishes.append is not None else statistics.found()  # of one frame they would mean nothing
        finest = picture.document.model_copy(update={"statistics": found})
        documents = [_document(finest, lane, level) for lane, level in zip(lanes, levels, strict=True)]
        await run_all(
            [_finish_lane(lane, picture.dims, document) for lane, document in zip(lanes, documents, strict=True)]
        )
        return documents[0]

    async def _publish(self, picture: Picture, opened: OpenUploads, wishes: Wishes) -> ImageRecord:
        finest, *coarser = opened.grants
        method = _SCALE_METHODS[method_for(picture.dtype, wishes.settings.scale_method)]
        draft = ImageDraft(
            store_id=finest.store,
            name=picture.name,
            axes=picture.axes(),
            **dict(wishes.said),
            levels=tuple(
                LevelDraft(level=number, store_id=grant.store, method=method)
                for number, grant in enumerate(coarser, start=1)
            ),
        )
        return await self._records.publish(draft)

    async def _discard(self, opened: OpenUploads) -> None:
        """Tell the hub that the uploads are given up, if it can still be reached; what failed before is what counts."""
        with anyio.move_on_after(_DISCARD_TIMEOUT_S, shield=True):
            for grant in opened.grants:
                try:
                    await self._records.discard_upload(grant.store)
                except ArkitektError as error:
                    log.debug("the upload %s could not be discarded and is left to the hub: %s", grant.store, error)


def cut_of(dtype: np.dtype[Any], settings: MikroSettings, *, append: int | None = None) -> Cut:
    """Return how the settings want arrays to be cut."""
    cube = _CUBE_PX if settings.layout == "cubes" else None
    return Cut(dtype.itemsize, settings.chunk_px, int(settings.shard_mib * MIB), cube, append)


def _allowed(grant: UploadGrant, settings: MikroSettings) -> UploadGrant:
    """Return *grant* without the folder for drafts, where the settings do not want it."""
    return grant if settings.local_drafts else grant.model_copy(update={"drafts": None})


def _levels(picture: Picture, wishes: Wishes) -> tuple[Level, ...]:
    sizes = {axis.name: axis.pixel_size for axis in picture.document.axes if axis.pixel_size is not None}
    depth = Depth(wishes.settings.levels, wishes.settings.level_px)
    append = None if wishes.append is None else picture.dims.index(wishes.append)
    cut = cut_of(picture.dtype, wishes.settings, append=append)
    return plan_levels(picture.dims, picture.data.shape, cut, depth, pixel_size=sizes)


def _document(finest: PixelDocument, lane: Lane, level: Level) -> PixelDocument:
    """Return what stands beside the pixels of one level."""
    contents: dict[str, Any] = {
        "manifest": dict(sorted(lane.manifest.items())),
        "checksums": dict(sorted(lane.checksums.items())),
    }
    if not level.halved:
        return finest.model_copy(update=contents)
    axes = tuple(_scaled(axis, factor) for axis, factor in zip(finest.axes, level.scale, strict=True))
    return PixelDocument(axes=axes, scale=level.scale, appends=finest.appends, **contents)


def _scaled(axis: PixelAxis, factor: int) -> PixelAxis:
    size = None if axis.pixel_size is None else axis.pixel_size * factor
    return axis.model_copy(update={"pixel_size": size})


async def _finish_lane(lane: Lane, dims: tuple[str, ...], document: PixelDocument) -> None:
    header = write_header(lane.codec, dims, document)
    if lane.held.get(HEADER) != StoredObject(size=len(header), crc32=checksum(header)):
        await lane.sink.put(HEADER, header)


def _teller(picture: Picture, bar: ProgressBar, listener: ProgressListener | None) -> Callable[[int], None]:
    total = None if isinstance(picture.data, Frames) else picture.data.size * picture.dtype.itemsize
    return telling(picture.name, total, bar, listener)
