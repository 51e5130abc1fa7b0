"""Uploads: a place for one array, from the request until it is finished or given up."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.errors import ImageRefusedError, StoreNotFoundError
from arkitekt_di.koil.many import run_all
from arkitekt_di.messages.images import DraftFolder, StoredObject, UploadGrant, UploadKey
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import new_identifier
from arkitekt_di.server.images.attachment import MAX_LEVELS, UPLOADS, CheckedUpload, named_by, stored_key
from arkitekt_di.server.images.collector import Collector
from arkitekt_di.server.images.pixels import BUCKET, Pixels
from arkitekt_di.server.images.tables import Image, Store, StoreState
from arkitekt_di.server.principal import Principal

MAX_OPEN_UPLOADS = 1000
"""Uploads that one user may have open at the same time."""

MAX_RACES = 8
"""How often the uploads of a key are looked at again, because another request opened others in between."""

# Composed once, as `UPLOADS` is.
_OWNED = (Store.organization_id == bindparam("organization"), Store.user_id == bindparam("user"))
_OPEN = select(func.count()).where(*_OWNED, Store.state == StoreState.OPEN)
_UNFINISHED = (
    select(Store)
    .where(*_OWNED, Store.upload_key == bindparam("key"), Store.state.in_((StoreState.OPEN, StoreState.FINISHED)))
    .order_by(Store.upload_part)
)
_MADE = (
    select(Image.id)
    .join(Store, Store.id == Image.store_id)
    .where(*_OWNED, Store.upload_key == bindparam("key"), Store.state == StoreState.ATTACHED)
    .where(Image.deleted_at.is_(None))
    .order_by(Image.created_at.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Resumed:
    """Uploads that are gone on with: a grant for each and what it holds, or the image that they have become."""

    grants: tuple[UploadGrant, ...]
    held: tuple[Mapping[str, StoredObject], ...]
    image_id: str | None


class Uploads:
    """Uploads of the users of a hub; a user sees their own.

    Parameters
    ----------
    database : Database
    pixels : Pixels
    collector : Collector
        Removes what is given up or forgotten.
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(self, database: Database, pixels: Pixels, collector: Collector, *, clock: Callable[[], float]) -> None:
        self._database = database
        self._pixels = pixels
        self._collector = collector
        self._clock = clock

    async def open(self, principal: Principal) -> UploadGrant:
        """Open a fresh, empty place for one array."""
        (store,) = await self._open(principal, [None])
        return self._pixels.write_grant(store)

    async def _open(self, principal: Principal, parts: Sequence[int | None], key: str | None = None) -> Sequence[Store]:
        """Open a place for each of *parts*, or none; raises `IntegrityError` where *key* has places already."""
        now = self._clock()
        stores = [self._fresh(principal, now, part, key) for part in parts]
        async with self._database.transaction() as session:
            await _refuse_too_many(session, principal, len(stores))
            session.add_all(stores)
        self._collector.expect(now + self._pixels.grant_s)
        return stores

    def _fresh(self, principal: Principal, now: float, part: int | None, key: str | None) -> Store:
        identifier = new_identifier()
        return Store(
            id=identifier,
            organization_id=principal.organization_id,
            user_id=principal.user_id,
            client_id=principal.client_id,
            bucket=BUCKET,
            key=identifier,
            state=StoreState.OPEN,
            created_at=now,
            expires_at=now + self._pixels.grant_s,
            max_bytes=self._pixels.max_bytes,
            upload_key=key,
            upload_part=part,
        )

    async def resume(self, principal: Principal, count: int, key: UploadKey | None) -> Resumed:
        """Go on with the *count* uploads of this user that were opened under *key*, or open them; without one, open.

        Where an image was made of them already, and the key outlives it, that image is named instead.
        """
        if not 1 <= count <= MAX_LEVELS:
            raise ImageRefusedError(f"{count} uploads were asked for at once", f"Ask for 1 to {MAX_LEVELS}")
        if key is None:
            stores = await self._open(principal, [None] * count)
            return Resumed(tuple(self._pixels.write_grant(store) for store in stores), ({},) * count, None)
        text = stored_key(key)
        for _ in range(MAX_RACES):
            try:
                return await self._resume(principal, count, text)
            except IntegrityError:  # another request, maybe at another hub of this database, was first: join it
                continue
        raise ImageRefusedError(
            "others open and give up uploads under this key all the time", "Use a key of its own for each image"
        )

    async def _resume(self, principal: Principal, count: int, text: str) -> Resumed:
        # The uploads before the image: what becomes an image in between is found there.
        stores = await self._database.find(_UNFINISHED, {**_owner(principal), "key": text})
        made = await self._database.look_up(_MADE, {**_owner(principal), "key": text})
        if made:
            return Resumed((), (), made[0].id)
        if [store.upload_part for store in stores] != list(range(count)):
            for store in stores:  # of another number of levels: cut otherwise, so nothing of it can be used
                await self.discard(principal, store.id)
            stores = await self._open(principal, range(count), text)
            return Resumed(tuple(self._pixels.write_grant(store) for store in stores), ({},) * count, None)
        grants = [await self._continued(store) for store in stores]
        return Resumed(tuple(grants), tuple([await self._pixels.held(store) for store in stores]), None)

    async def _continued(self, store: Store) -> UploadGrant:
        """Return a grant for an upload that is gone on with; of a finished one nothing can be written any more."""
        grant = self._pixels.write_grant(store)
        async with self._database.transaction() as session:
            await session.execute(
                update(Store)
                .where(Store.id == store.id, Store.state.in_((StoreState.OPEN, StoreState.FINISHED)))
                .values(expires_at=self._clock() + grant.expires_in)
            )
        return grant

    async def renew(self, principal: Principal, store_id: str) -> UploadGrant:
        """Return a fresh grant for an upload that takes longer than the first one lasts."""
        store = await self._find(principal, store_id)
        grant = self._pixels.write_grant(store)
        async with self._database.transaction() as session:
            renewed = await session.scalar(
                update(Store)
                .where(Store.id == store.id, Store.state == StoreState.OPEN)
                .values(expires_at=self._clock() + grant.expires_in)
                .returning(Store.id)
            )
            if renewed is None:
                raise _settled(store)
        return grant

    async def open_drafts(self, bucket: str, key: str) -> DraftFolder | None:
        """Return a folder into which a client of the hub's own user may write the objects of an upload as files."""
        return await self._pixels.open_drafts(bucket, key)

    async def finish(self, principal: Principal, store_id: str) -> Store:
        """Check that the whole array is there and let nobody change it any more; may be called twice.

        Raises
        ------
        UploadIncompleteError, ImageRefusedError
            It stays open, so that the client can send what is missing.
        """
        (upload,) = await self.check_all(principal, [store_id])
        if upload.store.state == StoreState.FINISHED:
            return upload.store
        async with self._database.transaction() as session:
            await session.execute(
                update(Store)
                .where(Store.id == upload.store.id, Store.state == StoreState.OPEN)
                .values(
                    state=StoreState.FINISHED,
                    header=upload.array.header.model_dump(mode="json"),
                    size_bytes=upload.array.size_bytes,
                    content=upload.array.content,
                )
            )
            (finished,) = await _select(session, principal, [store_id])
        if finished.state != StoreState.FINISHED:
            raise _settled(finished)  # discarded while it was checked
        return finished

    async def check_all(self, principal: Principal, store_ids: Sequence[str]) -> Sequence[CheckedUpload]:
        """Check that the whole arrays of one image are there, and let nobody change them any more.

        All are checked before any is sealed.  Nothing is written down: a hub that dies here checks anew.

        Raises
        ------
        StoreNotFoundError, UploadIncompleteError, ImageRefusedError
            As `finish`.
        """
        stores = await self._find_all(principal, store_ids)
        for store in stores:
            if store.state not in (StoreState.OPEN, StoreState.FINISHED):
                raise _settled(store)
        opened = [store for store in stores if store.state == StoreState.OPEN]
        verified = await run_all([self._pixels.verify(store) for store in opened])
        await run_all([self._pixels.seal(store) for store in opened])
        arrays = dict(zip((store.id for store in opened), verified, strict=True))
        return [
            CheckedUpload(store, arrays[store.id]) if store.id in arrays else CheckedUpload.finished(store)
            for store in stores
        ]

    async def discard(self, principal: Principal, store_id: str) -> Store:
        """Give an upload up and remove what was written; may be called twice."""
        store = await self._find(principal, store_id)
        async with self._database.transaction() as session:
            await session.execute(
                update(Store)
                .where(Store.id == store.id, Store.state.in_((StoreState.OPEN, StoreState.FINISHED)))
                .values(state=StoreState.DISCARDED)
            )
            discarded = await session.get(Store, store.id)
        if discarded is None:
            raise StoreNotFoundError(store_id)
        if discarded.state != StoreState.DISCARDED:
            raise _settled(discarded)
        await self._collector.remove(discarded)
        return discarded

    async def _find(self, principal: Principal, store_id: str) -> Store:
        (store,) = await self._find_all(principal, [store_id])
        return store

    async def _find_all(self, principal: Principal, store_ids: Sequence[str]) -> Sequence[Store]:
        return _in_order(await self._database.find(UPLOADS, named_by(principal, store_ids)), store_ids)


async def _select(session: AsyncSession, principal: Principal, store_ids: Sequence[str]) -> list[Store]:
    """Return the uploads in their order; raises `StoreNotFoundError` where the user has not one of them."""
    return _in_order((await session.scalars(UPLOADS, named_by(principal, store_ids))).all(), store_ids)


def _in_order(found: Iterable[Store], store_ids: Sequence[str]) -> list[Store]:
    by_id = {store.id: store for store in found}
    for store_id in store_ids:
        if store_id not in by_id:
            raise StoreNotFoundError(store_id)
    return [by_id[store_id] for store_id in store_ids]


def _owner(principal: Principal) -> dict[str, object]:
    return {"organization": principal.organization_id, "user": principal.user_id}


async def _refuse_too_many(session: AsyncSession, principal: Principal, count: int) -> None:
    open_already = await session.scalar(_OPEN, _owner(principal))
    if (open_already or 0) + count > MAX_OPEN_UPLOADS:
        raise ImageRefusedError(
            f"you have {MAX_OPEN_UPLOADS} uploads open", "Finish or discard some before you request another"
        )


def _settled(store: Store) -> ImageRefusedError:
    state = "has been discarded" if store.state == StoreState.DISCARDED else "is finished and cannot be changed"
    return ImageRefusedError(f"the upload {store.id} {state}", "Request a new one")
