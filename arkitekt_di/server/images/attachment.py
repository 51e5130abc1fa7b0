"""How finished uploads become the levels of an image, and arrays that are the same are kept once."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.errors import ImageRefusedError, StoreNotFoundError
from arkitekt_di.messages.images import ImageDraft, UploadKey
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import is_identifier
from arkitekt_di.server.images.array_header import ArrayHeader
from arkitekt_di.server.images.pixels import Pixels
from arkitekt_di.server.images.tables import ImageLevel, Store, StoreState
from arkitekt_di.server.principal import Principal

MAX_LEVELS = 32
"""Levels of one image; halving as often leaves one pixel of four thousand million."""


async def attach(session: AsyncSession, principal: Principal, store_id: str) -> Store:
    """Take a finished upload for an image; of many callers one gets it.

    Raises
    ------
    StoreNotFoundError
        The user has no such upload.
    ImageRefusedError
        It is not finished, or is an image already.
    """
    taken = await session.scalar(
        update(Store)
        .where(*_upload(principal, store_id), Store.state == StoreState.FINISHED)
        .values(state=StoreState.ATTACHED)
        .returning(Store.id)
    )
    store = await session.scalar(select(Store).where(*_upload(principal, store_id)))
    if store is None:
        raise StoreNotFoundError(store_id)
    if taken is None:
        raise _not_free(store)
    if store.upload_key is not None and not outlives_image(store.upload_key):
        store.upload_key = store.upload_part = None
    return store


def stored_key(key: UploadKey) -> str:
    """Return what the hub keeps of a key."""
    return f"{'image' if key.outlives_image else 'upload'}:{key.text}"


def outlives_image(text: str) -> bool:
    """Tell whether a key, as it is kept, goes on naming the image."""
    return text.startswith("image:")


async def attach_levels(
    session: AsyncSession, principal: Principal, draft: ImageDraft, finest: Store
) -> list[ImageLevel]:
    """Take the coarser levels of a draft.

    Raises
    ------
    StoreNotFoundError, ImageRefusedError
        As `attach`; and where a level is no coarser array of the same axes and type.
    """
    if len(draft.levels) >= MAX_LEVELS:
        raise ImageRefusedError(f"{len(draft.levels) + 1} levels are too many", f"Make at most {MAX_LEVELS}")
    above = ArrayHeader.model_validate(finest.header)
    levels = []
    for number, level in enumerate(sorted(draft.levels, key=lambda level: level.level), start=1):
        store = await attach(session, principal, level.store_id)
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
    database: Database, pixels: Pixels, principal: Principal, store_ids: Sequence[str]
) -> Mapping[str, str]:
    """Return, for each upload whose objects an image of the organization has already, the store of that image."""
    twins: dict[str, str] = {}
    async with database.transaction() as session:
        uploads = (
            await session.scalars(
                select(Store).where(
                    Store.id.in_([store_id for store_id in store_ids if is_identifier(store_id)]),
                    Store.organization_id == principal.organization_id,
                    Store.content.is_not(None),
                )
            )
        ).all()
        candidates = {upload: await session.scalar(_twin(upload)) for upload in uploads}
    for upload, candidate in candidates.items():
        if candidate is not None and await pixels.are_alike(upload, candidate):
            twins[upload.id] = candidate.id
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


def _twin(upload: Store) -> Select[Store]:
    return (
        select(Store)
        .where(
            Store.organization_id == upload.organization_id,
            Store.content == upload.content,
            Store.state == StoreState.ATTACHED,
            Store.id != upload.id,
            Store.bucket == upload.bucket,
        )
        .order_by(Store.created_at)
        .limit(1)
    )


def _upload(principal: Principal, store_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Store.id == (store_id if is_identifier(store_id) else ""),
        Store.organization_id == principal.organization_id,
        Store.user_id == principal.user_id,
    )


def _not_free(store: Store) -> ImageRefusedError:
    if store.state == StoreState.ATTACHED:
        return ImageRefusedError(f"the upload {store.id} is an image already", "Upload the array anew for another one")
    if store.state == StoreState.OPEN:
        return ImageRefusedError(f"the upload {store.id} is not finished", "Finish it first, with finishZarrUpload")
    return ImageRefusedError(f"the upload {store.id} has been discarded", "Request a new one")
