"""Uploads of blobs: a place for one object, from the request until it is finished or given up."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.errors import RecordRefusedError, StoreNotFoundError, UploadPendingError
from arkitekt_di.messages.images import UploadGrant
from arkitekt_di.server.blobs.store import BlobStore
from arkitekt_di.server.blobs.tables import Blob, BlobKind, BlobState
from arkitekt_di.server.caretaker import Caretaker
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import is_identifier, new_identifier
from arkitekt_di.server.naming import MAX_NAME, is_text
from arkitekt_di.server.principal import Principal

MAX_OPEN_UPLOADS = 1000
"""Uploads of blobs that one user may have open at the same time."""

PATIENCE_S = 20.0
"""How long a request to finish waits for parts to be joined, in seconds; less than any client waits for an answer."""


@dataclass(frozen=True)
class Wish:
    """What is asked for with a new upload.

    Attributes
    ----------
    kind : BlobKind
    original_name, content_type : str or None
        What the client says about it.
    key : str or None
        Names the upload, for its user: asking again with the same key gives the same upload, or the record that
        was made of it.
    """

    kind: BlobKind
    original_name: str | None = None
    content_type: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        for subject, text in (("the name", self.original_name), ("the type", self.content_type), ("the key", self.key)):
            if text is not None and (len(text) > MAX_NAME or not is_text(text)):
                raise RecordRefusedError(
                    f"{subject} of the upload is too long, or not text", f"Shorten it to {MAX_NAME} characters"
                )


@dataclass(frozen=True)
class Opened:
    """An upload, and a grant to write to it; one that is finished already cannot be written to."""

    blob: Blob
    grant: UploadGrant


class BlobUploads:
    """Uploads of the users of a hub; a user sees their own.

    Parameters
    ----------
    database : Database
    store : BlobStore
    collector : Caretaker
        Woken when something will be due.
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(
        self, database: Database, store: BlobStore, collector: Caretaker, *, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._store = store
        self._collector = collector
        self._clock = clock
        self._completing: dict[str, asyncio.Task[Blob]] = {}

    async def stop(self) -> None:
        """Give up the joining of parts that is under way; it begins anew when it is asked for again."""
        tasks = list(self._completing.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def open(self, principal: Principal, wish: Wish) -> Opened:
        """Open a fresh, empty place for one object, or go on with the upload that has the same key."""
        try:
            return await self._open(principal, wish)
        except IntegrityError:  # another request, maybe at another hub of this database, was first with the same key
            return await self._open(principal, wish)

    async def _open(self, principal: Principal, wish: Wish) -> Opened:
        now, identifier = self._clock(), new_identifier()
        blob = Blob(
            id=identifier,
            organization_id=principal.organization_id,
            user_id=principal.user_id,
            client_id=principal.client_id,
            kind=wish.kind,
            state=BlobState.OPEN,
            created_at=now,
            expires_at=now,
            max_bytes=self._store.max_bytes,
            original_name=wish.original_name,
            content_type=wish.content_type,
            upload_key=None if wish.key is None else _hashed_key(principal, wish.key),
        )
        async with self._database.transaction() as session:
            known = await self._known(session, blob)
            if known is not None:
                blob = known
            else:
                await _refuse_too_many(session, principal)
                session.add(blob)
            grant = self._store.write_grant(blob)
            blob.expires_at = now + grant.expires_in
        self._collector.wake()
        return Opened(blob, grant)

    async def _known(self, session: AsyncSession, blob: Blob) -> Blob | None:
        if blob.upload_key is None:
            return None
        # The write comes first: it takes the database's lock before anything is read.
        same = Blob.upload_key == blob.upload_key
        await session.execute(update(Blob).where(same).values(upload_key=Blob.upload_key))
        found = await session.scalar(select(Blob).where(same))
        if found is None or found.state != BlobState.DISCARDED:
            return found
        found.upload_key = None  # garbage: the key is free again
        await session.flush()
        return None

    async def renew(self, principal: Principal, blob_id: str, kind: BlobKind) -> UploadGrant:
        """Return a fresh grant for an upload that takes longer than the first one lasts."""
        blob = await self.find(principal, blob_id, kind)
        grant = self._store.write_grant(blob)
        async with self._database.transaction() as session:
            renewed = await session.scalar(
                update(Blob)
                .where(Blob.id == blob.id, Blob.state == BlobState.OPEN)
                .values(expires_at=self._clock() + grant.expires_in)
                .returning(Blob.id)
            )
            if renewed is None:
                raise settled(blob)
        return grant

    async def finish(self, principal: Principal, blob_id: str, kind: BlobKind, *, sha256: str | None) -> Blob:
        """Make one object of what was written, and let nobody change it any more; may be called twice.

        Raises
        ------
        UploadPendingError
            Parts are still being joined: ask again.
        UploadIncompleteError, RecordRefusedError
            It stays open, so that the client can send what is missing.
        """
        blob = await self.find(principal, blob_id, kind)
        if blob.state == BlobState.FINISHED:
            return blob
        if blob.state != BlobState.OPEN:
            raise settled(blob)
        task = self._completing.get(blob.id)
        if task is None:
            task = asyncio.create_task(self._complete(blob, sha256), name=f"finish upload {blob.id}")
            self._completing[blob.id] = task
            task.add_done_callback(lambda _: self._completing.pop(blob.id, None))
        done, _ = await asyncio.wait([task], timeout=PATIENCE_S)
        if not done:
            raise UploadPendingError(blob.id)
        return task.result()

    async def ensure_finished(self, principal: Principal, blob_id: str, kind: BlobKind) -> None:
        """Finish an upload that is open: unmodified clients create files and tables right after the last byte."""
        if (await self.find(principal, blob_id, kind)).state == BlobState.OPEN:
            await self.finish(principal, blob_id, kind, sha256=None)

    async def _complete(self, blob: Blob, sha256: str | None) -> Blob:
        size, digest = await self._store.complete(blob, sha256=sha256)
        async with self._database.transaction() as session:
            await session.execute(
                update(Blob)
                .where(Blob.id == blob.id, Blob.state == BlobState.OPEN)
                .values(state=BlobState.FINISHED, size_bytes=size, sha256=digest)
            )
            finished = await session.get(Blob, blob.id)
        if finished is None:
            raise StoreNotFoundError(blob.id)
        if finished.state != BlobState.FINISHED:
            raise settled(finished)  # discarded while it was checked
        return finished

    async def discard(self, principal: Principal, blob_id: str, kind: BlobKind) -> Blob:
        """Give an upload up and remove what was written; may be called twice."""
        blob = await self.find(principal, blob_id, kind)
        async with self._database.transaction() as session:
            await session.execute(
                update(Blob)
                .where(Blob.id == blob.id, Blob.state.in_((BlobState.OPEN, BlobState.FINISHED)))
                .values(state=BlobState.DISCARDED, upload_key=None)
            )
            discarded = await session.get(Blob, blob.id)
        if discarded is None:
            raise StoreNotFoundError(blob_id)
        if discarded.state != BlobState.DISCARDED:
            raise settled(discarded)
        await self._store.remove(discarded)
        return discarded

    async def find(self, principal: Principal, blob_id: str, kind: BlobKind) -> Blob:
        """Return an upload of this user; raises `StoreNotFoundError`."""
        async with self._database.transaction() as session:
            blob = await session.scalar(select(Blob).where(*upload_of(principal, blob_id, kind)))
        if blob is None:
            raise StoreNotFoundError(blob_id)
        return blob


async def attach(session: AsyncSession, principal: Principal, blob_id: str, kind: BlobKind) -> Blob:
    """Take a finished upload of this user for a record; of many callers one gets it.

    Raises
    ------
    StoreNotFoundError
        The user has no such upload.
    RecordRefusedError
        It is not finished, or belongs to another record already.
    """
    taken = await session.scalar(
        update(Blob)
        .where(*upload_of(principal, blob_id, kind), Blob.state == BlobState.FINISHED)
        .values(state=BlobState.ATTACHED)
        .returning(Blob.id)
    )
    blob = await session.scalar(select(Blob).where(*upload_of(principal, blob_id, kind)))
    if blob is None:
        raise StoreNotFoundError(blob_id)
    if taken is None:
        raise settled(blob)
    return blob


def upload_of(principal: Principal, blob_id: str, kind: BlobKind) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for one upload of a user."""
    return (
        Blob.id == (blob_id if is_identifier(blob_id) else ""),
        Blob.kind == kind,
        Blob.organization_id == principal.organization_id,
        Blob.user_id == principal.user_id,
    )


def settled(blob: Blob) -> RecordRefusedError:
    """Return why nothing more can be done with an upload."""
    states = {
        BlobState.OPEN: ("is not finished", "Finish it first"),
        BlobState.FINISHED: ("is finished and cannot be changed", "Request a new one"),
        BlobState.ATTACHED: ("belongs to a record already", "Upload the bytes anew for another one"),
        BlobState.DISCARDED: ("has been discarded", "Request a new one"),
    }
    reason, remedy = states[BlobState(blob.state)]
    return RecordRefusedError(f"the upload {blob.id} {reason}", remedy)


async def _refuse_too_many(session: AsyncSession, principal: Principal) -> None:
    owned = (Blob.organization_id == principal.organization_id, Blob.user_id == principal.user_id)
    count = await session.scalar(select(func.count()).where(*owned, Blob.state == BlobState.OPEN))
    if (count or 0) >= MAX_OPEN_UPLOADS:
        raise RecordRefusedError(
            f"you have {MAX_OPEN_UPLOADS} uploads open", "Finish or discard some before you request another"
        )


def _hashed_key(principal: Principal, key: str) -> str:
    return hashlib.sha256("\0".join((principal.organization_id, principal.user_id, key)).encode()).hexdigest()
