"""Images that grow: frames are sent to an upload beside the image, and become part of it when all of them are there."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.errors import AppendConflictError, ImageNotFoundError, ImageRefusedError, UploadIncompleteError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.images import FrameBatch, FrameObject, UploadGrant
from arkitekt_di.messages.pixels import ATTRIBUTE, HEADER
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import is_identifier
from arkitekt_di.server.images.array_header import MAX_EXTENT, ArrayHeader
from arkitekt_di.server.images.pixels import MAX_NAMED_FAULTS, Pixels
from arkitekt_di.server.images.tables import Frames, Image, ImageAxis, Store
from arkitekt_di.server.images.uploads import Uploads
from arkitekt_di.server.journal import Change, Event, Journal
from arkitekt_di.server.principal import Principal

MAX_OBJECTS = 10_000
"""Objects that are appended at once."""


@dataclass(frozen=True)
class OpenedAppend:
    """A grant for frames, and the image as it is."""

    grant: UploadGrant
    image: Image


class Appends:
    """Lets one writer at a time append to an image.

    A writer is an upload: where another one is opened, the former is told so with its next frames, and cannot touch
    what is part of the image.  One that was forgotten is collected as any upload; the image stays as it is.

    Parameters
    ----------
    database : Database
    pixels : Pixels
    uploads : Uploads
    journal : Journal
        Told of every batch of frames.
    """

    def __init__(self, database: Database, pixels: Pixels, uploads: Uploads, journal: Journal) -> None:
        self._database = database
        self._pixels = pixels
        self._uploads = uploads
        self._journal = journal

    async def open(self, principal: Principal, image_id: str) -> OpenedAppend:
        """Become the writer of an image that grows.

        Raises
        ------
        ImageNotFoundError
            The user has no such image.
        ImageRefusedError
            It does not grow, or not any more.
        """
        async with self._database.transaction() as session:
            _growing(await _find(session, principal, image_id))
        grant = await self._uploads.open(principal)
        async with self._journal.transaction(principal) as entry:
            image = await _find(entry.session, principal, image_id)
            _growing(image)
            image.writer_id = grant.store
        return OpenedAppend(grant, image)

    async def append(self, principal: Principal, image_id: str, batch: FrameBatch) -> Image:
        """Make frames part of an image: durably, and for every reader at once.

        Raises
        ------
        AppendConflictError
            Another writer was opened, or the image does not end where the frames begin.
        UploadIncompleteError
            Objects are missing, or are not what the writer says; they may be sent again.
        ImageRefusedError
            The objects are not those of the frames.
        """
        async with self._database.transaction() as session:
            image = await _find(session, principal, image_id)
            _check_writer(image, batch)
            staging = await session.get_one(Store, batch.store_id)
        wanted = [_wanted_keys(store, batch) for store in image.stores()]
        _check_objects(batch.objects, wanted)
        await self._check_bytes(staging, batch.objects)
        # From here on the image is being changed: one writer at a time, and nobody else in between.
        async with self._journal.transaction(principal) as entry:
            image = await _find(entry.session, principal, image_id)
            _check_writer(image, batch)
            await self._move(staging, image, batch)
            for level, store in enumerate(image.stores()):
                await self._grow(staging, store, batch.first + batch.count)
                objects = {o.key: [o.size, o.crc32] for o in batch.objects if o.level == level}
                store.size_bytes = (store.size_bytes or 0) + sum(size for size, _ in objects.values())
                entry.session.add(Frames(store_id=store.id, first=batch.first, objects=objects))
            grown = ImageAxis.image_id == image.id, ImageAxis.position == _axis_of(image)
            await entry.session.execute(update(ImageAxis).where(*grown).values(size=batch.first + batch.count))
            await entry.session.flush()
            entry.tell(Change(Event.UPDATED, RecordKind.IMAGE, image.id, state=image))
        return image

    async def close(self, principal: Principal, image_id: str, store_id: str) -> Image:
        """End the growth of an image: from now on it is like any other, with a manifest of all of its objects."""
        async with self._journal.transaction(principal) as entry:
            session = entry.session
            image = await _find(session, principal, image_id)
            if image.writer_id != store_id:
                raise AppendConflictError(image.id, "another writer took over")
            staging = await session.get_one(Store, store_id)
            for store in image.stores():
                rows = await session.scalars(select(Frames).where(Frames.store_id == store.id))
                objects = {key: known for row in rows for key, known in row.objects.items()}
                await self._rewrite(staging, store, partial(_ended, objects))
                header = ArrayHeader.model_validate(store.header)
                store.header = header.model_copy(update={"appends": None}).model_dump(mode="json")
            image.writer_id = None
            await session.flush()
            entry.tell(Change(Event.UPDATED, RecordKind.IMAGE, image.id, state=image))
        await self._uploads.discard(principal, store_id)
        return image

    async def _check_bytes(self, staging: Store, objects: Sequence[FrameObject]) -> None:
        found = await self._pixels.checksums(staging, [_staged(o.level, o.key) for o in objects])
        faults = [_staged(o.level, o.key) for o, checksum in zip(objects, found, strict=True) if checksum != o.crc32]
        if faults:
            raise UploadIncompleteError(staging.id, faults[:MAX_NAMED_FAULTS], len(faults))

    async def _move(self, staging: Store, image: Image, batch: FrameBatch) -> None:
        """Bring the objects to where readers look for them: beyond the end of the arrays, so nobody sees them yet."""
        stores = image.stores()
        moves = [
            (f"{staging.key}/{_staged(o.level, o.key)}", f"{stores[o.level].place}/{o.key}") for o in batch.objects
        ]
        await self._pixels.move(staging.bucket, moves)

    async def _grow(self, staging: Store, store: Store, length: int) -> None:
        header = ArrayHeader.model_validate(store.header)
        axis = _axis(header)
        shape = (*header.shape[:axis], length, *header.shape[axis + 1 :])
        await self._rewrite(staging, store, lambda metadata: metadata | {"shape": list(shape)})
        store.header = header.model_copy(update={"shape": shape}).model_dump(mode="json")

    async def _rewrite(self, staging: Store, store: Store, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        metadata = change(json.loads(await self._pixels.read_header(store)))
        content = json.dumps(metadata, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()
        await self._pixels.replace(staging, store, HEADER, content)


def _ended(objects: Mapping[str, Sequence[int]], metadata: dict[str, Any]) -> dict[str, Any]:
    """Return ``zarr.json`` of an array that has grown, with a manifest of everything."""
    attributes = dict(metadata["attributes"])
    document = dict(attributes[ATTRIBUTE])
    document.pop("appends", None)
    manifest = {**document["manifest"], **{key: size for key, (size, _) in objects.items()}}
    document["manifest"] = dict(sorted(manifest.items()))
    checksums = {**document["checksums"], **{key: checksum for key, (_, checksum) in objects.items()}}
    document["checksums"] = dict(sorted(checksums.items()))
    return metadata | {"attributes": attributes | {ATTRIBUTE: document}}


async def _find(session: AsyncSession, principal: Principal, image_id: str) -> Image:
    if is_identifier(image_id):
        mine = (
            Image.organization_id == principal.organization_id,
            Image.user_id == principal.user_id,
            Image.deleted_at.is_(None),
        )
        image = await session.scalar(select(Image).where(Image.id == image_id, *mine))
        if image is not None:
            return image
    raise ImageNotFoundError(image_id)


def _growing(image: Image) -> None:
    if ArrayHeader.model_validate(image.store.header).appends is None:
        raise ImageRefusedError(f"the image {image.id} does not grow", "Store the frames as another image")


def _check_writer(image: Image, batch: FrameBatch) -> None:
    if image.writer_id != batch.store_id:
        raise AppendConflictError(image.id, "another writer took over")
    length = ArrayHeader.model_validate(image.store.header).shape[_axis_of(image)]
    if length != batch.first:
        raise AppendConflictError(image.id, f"it has {length} frames, and these begin at {batch.first}")
    if len(batch.objects) > MAX_OBJECTS or batch.first + batch.count > MAX_EXTENT:
        raise ImageRefusedError("too many frames were appended at once", f"Append at most {MAX_OBJECTS} objects")


def _axis_of(image: Image) -> int:
    return _axis(ArrayHeader.model_validate(image.store.header))


def _axis(header: ArrayHeader) -> int:
    return header.dimension_names.index(header.appends)


def _wanted_keys(store: Store, batch: FrameBatch) -> frozenset[str]:
    """Return the keys of everything that the frames are made of."""
    header = ArrayHeader.model_validate(store.header)
    axis, edges = _axis(header), header.shard_shape or header.chunk_shape
    counts = [-(-size // edge) for size, edge in zip(header.shape, edges, strict=True)]
    counts[axis] = batch.count
    if edges[axis] != 1 or math.prod(counts) > MAX_OBJECTS:
        raise ImageRefusedError("its objects span several frames, or are too many", "Append fewer frames at once")
    starts = [batch.first if place == axis else 0 for place in range(len(counts))]
    indexes = product(*(range(start, start + count) for start, count in zip(starts, counts, strict=True)))
    return frozenset("/".join(["c", *map(str, index)]) for index in indexes)


def _check_objects(objects: Sequence[FrameObject], wanted: Sequence[frozenset[str]]) -> None:
    sent = [(o.level, o.key) for o in objects]
    missing = {(level, key) for level, keys in enumerate(wanted) for key in keys} ^ set(sent)
    if missing or len(set(sent)) < len(sent):
        level, key = min(missing, default=sent[0])
        raise ImageRefusedError(
            f"{_staged(level, key)} is missing, or does not belong to the frames", "Send every object of every level"
        )


def _staged(level: int, key: str) -> str:
    return f"{level}/{key}"
