"""How finished uploads become the levels of an image, and arrays that are the same are kept once."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.errors import ImageRefusedError, StoreNotFoundError
from arkitekt_di.messages.images import ImageDraft, UploadKey
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import is_identifier
from arkitekt_di.server.images.array_header import ArrayHeader
from arkitekt_di.server.images.pixels import BUCKET, Pixels, VerifiedArray
from arkitekt_di.server.images.tables import ImageLevel, Store, StoreState
from arkitekt_di.server.principal import Principal

MAX_LEVELS = 32
"""Levels of one image; halving as often leaves one pixel of four thousand million."""

# Composed once: to compose a statement takes longer than SQLite does to find a few rows by a key.
UPLOADS = select(Store).where(
    Store.id.in_(bindparam("named", expanding=True)),
    Store.organization_id == bindparam("organization"),
    Store.user_id == bindparam("user"),
)
"""Uploads of a user; see `named_by`."""

_UPLOADS_TO_CHANGE = UPLOADS.with_for_update()


@dataclass(frozen=True)
class CheckedUpload:
    """An upload of which every byte is there and final.

    Attributes
    ----------
    store : Store
        As it was when it was checked.
    array : VerifiedArray
    """

    store: Store
    array: VerifiedArray

    @classmethod
    def finished(cls, store: Store) -> Self:
        """Return an upload that was checked when it was finished."""
        header = ArrayHeader.model_validate(store.header)
        return cls(store, VerifiedArray(header, store.size_bytes or 0, store.content))


def named_by(principal: Principal, store_ids: Sequence[str]) -> dict[str, object]:
    """Return the parameters with which `UPLOADS` finds those of this user's uploads that are named."""
    return {
        "named": [store_id for store_id in store_ids if is_identifier(store_id)],
        "organization": principal.organization_id,
        "user": principal.user_id,
    }


async def finished_uploads(
    database: Database, principal: Principal, store_ids: Sequence[str]
) -> Sequence[CheckedUpload]:
    """Return those of the uploads that are finished; of the others `attach` tells what is wrong."""
    async with database.transaction() as session:
        found = await session.scalars(UPLOADS.where(Store.state == StoreState.FINISHED), named_by(principal, store_ids))
        return [CheckedUpload.finished(store) for store in found]


async def attach(
    session: AsyncSession, principal: Principal, store_ids: Sequence[str], checked: Sequence[CheckedUpload]
) -> list[Store]:
    """Take uploads for an image, in their order; of many callers one gets them.

    The transaction has to have written before: databases that lock no rows lock all of them then.

    Raises
    ------
    StoreNotFoundError
        The user has not one of them.
    ImageRefusedError
        One of them was neither finished nor checked, is named twice, or is an image already.
    """
    found = await session.scalars(_UPLOADS_TO_CHANGE, named_by(principal, store_ids))
    free = {store.id: store for store in found}
    arrays = {upload.store.id: upload.array for upload in checked}
    taken = []
    for store_id in store_ids:
        if store_id not in free:
            raise StoreNotFoundError(store_id)
        store = free[store_id]
        if store.state == StoreState.OPEN and store_id in arrays:
            _finish(store, arrays[store_id])
        if store.state != StoreState.FINISHED:
            raise _not_free(store)
        store.state = StoreState.ATTACHED
        if store.upload_key is not None and not outlives_image(store.upload_key):
            store.upload_key = store.upload_part = None
        taken.append(store)
    return taken


def _finish(store: Store, array: VerifiedArray) -> None:
    store.state = StoreState.FINISHED
    store.header = array.header.model_dump(mode="json")
    store.size_bytes, store.content = array.size_bytes, array.content


def stored_key(key: UploadKey) -> str:
    """Return what the hub keeps of a key."""
    return f"{'image' if key.outlives_image else 'upload'}:{key.text}"


def outlives_image(text: str) -> bool:
    """Tell whether a key, as it is kept, goes on naming the image."""
    return text.startswith("image:")


def levels_of(draft: ImageDraft, finest: Store, coarser: Mapping[str, Store]) -> list[ImageLevel]:
    """Return the coarser levels of a draft, whose stores were taken.

    Raises
    ------
    ImageRefusedError
        They are not counted from 1 on, or a level is no coarser array of the same axes and type.
    """
    above = ArrayHeader.model_validate(finest.header)
    levels = []
    for number, level in enumerate(sorted(draft.levels, key=lambda level: level.level), start=1):
        store = coarser[level.store_id]
        header = ArrayHeader.model_validate(store.header)
        if level.level != number:
            raise ImageRefusedError(f"level {level.level} comes where {number} belongs", "Count levels from 1 on")
        if reason := _unfit(above, header):
            raise ImageRefusedError(f"level {number} {reason}", "Make each level from the finer one")
        levels.append(ImageLevel(level=number, store=store, method=level.method))
        above = header
    return levels


def _unfit(finer: ArrayHeader, coarser: ArrayHeader) -> str | None:
    """Return what is wrong with two levels that follow one another."""
    if coarser.data_type != finer.data_type:
        return f"has pixels of {coarser.data_type}, and the finer one of {finer.data_type}"
    if coarser.dimension_names != finer.dimension_names or len(coarser.shape) != len(finer.shape):
        return "does not have the axes of the finer one, in their order"
    if any(size > above for size, above in zip(coarser.shape, finer.shape, strict=True)):
        return f"of {coarser.shape} pixels is larger than the finer one of {finer.shape}"
    return None


async def find_twins(
    database: Database, pixels: Pixels, principal: Principal, uploads: Sequence[CheckedUpload]
) -> Mapping[str, str]:
    """Return, for each upload whose objects an image of the organization has already, the store of that image."""
    contents = {upload.array.content for upload in uploads if upload.array.content is not None}
    if not contents:
        return {}
    alike = {"organization": principal.organization_id, "bucket": BUCKET}
    named = {f"content_{number}": content for number, content in enumerate(sorted(contents))}
    found = {store.content: store for store in await database.find(_oldest(len(named)), {**alike, **named})}
    twins: dict[str, str] = {}
    for upload in uploads:
        candidate = found.get(upload.array.content)
        if candidate is not None and await pixels.are_alike(upload.store, candidate):
            twins[upload.store.id] = candidate.id
    return twins


async def share(session: AsyncSession, store: Store, twins: Mapping[str, str]) -> str | None:
    """Let *store* use the objects of its twin, where that is an image still; return the place that becomes free."""
    if store.id not in twins:
        return None
    # Locked, so that it cannot be discarded in between; where there are no such locks there is one writer.
    twin = await session.scalar(
        select(Store).where(Store.id == twins[store.id], Store.state == StoreState.ATTACHED).with_for_update()
    )
    if twin is None:
        return None
    store.shared_key = twin.place
    return store.key


@functools.lru_cache(maxsize=MAX_LEVELS)
def _oldest(count: int) -> Select[Store]:
    """Return the query for the arrays that have been part of an image for longest, each of those with its content."""
    alike = Store.organization_id == bindparam("organization"), Store.bucket == bindparam("bucket")
    found = select(Store.id).where(*alike, Store.state == StoreState.ATTACHED).order_by(Store.created_at).limit(1)
    of_each = [found.where(Store.content == bindparam(f"content_{number}")) for number in range(count)]
    return select(Store).where(Store.id.in_([one.scalar_subquery() for one in of_each]))


def _not_free(store: Store) -> ImageRefusedError:
    if store.state == StoreState.ATTACHED:
        return ImageRefusedError(f"the upload {store.id} is an image already", "Upload the array anew for another one")
    if store.state == StoreState.OPEN:
        return ImageRefusedError(f"the upload {store.id} is not finished", "Finish it first, with finishZarrUpload")
    return ImageRefusedError(f"the upload {store.id} has been discarded", "Request a new one")
