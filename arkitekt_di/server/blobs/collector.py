"""Removes the bytes of blobs that were forgotten, given up or deleted."""

import logging
from collections.abc import Callable

from sqlalchemy import delete, func, select, update

from arkitekt_di.server.blobs.store import BlobStore
from arkitekt_di.server.blobs.tables import Blob, BlobState
from arkitekt_di.server.caretaker import FAILURES, RETRY_S
from arkitekt_di.server.database import Database
from arkitekt_di.settings.models import ObjectSettings

log = logging.getLogger(__name__)


class BlobCollector:
    """A `Chore` that collects garbage.

    An upload is forgotten when it has not become a record ``abandoned_after_s`` seconds after its last grant has
    expired.  The row of a removed blob stays that long, too: until then a grant, or a request that began under one,
    may still write there, and only a row says that the object is garbage.

    Parameters
    ----------
    database : Database
    store : BlobStore
    settings : ObjectSettings
    clock : callable
        Returns seconds since 1970, UTC.
    """

    purpose = "collecting forgotten files and tables"

    def __init__(
        self, database: Database, store: BlobStore, settings: ObjectSettings, *, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._store = store
        self._grace_s = settings.abandoned_after_s
        self._clock = clock

    async def attend(self) -> float | None:
        """Remove what is due, rows included; bytes of what was discarded go at once."""
        deadline = self._clock() - self._grace_s
        async with self._database.transaction() as session:
            await session.execute(
                update(Blob)
                .where(Blob.state.in_((BlobState.OPEN, BlobState.FINISHED)), Blob.expires_at <= deadline)
                .values(state=BlobState.DISCARDED, upload_key=None)
            )
            blobs = (await session.scalars(select(Blob).where(Blob.state == BlobState.DISCARDED))).all()
        removed = [blob for blob in blobs if await self._remove(blob)]
        async with self._database.transaction() as session:
            for blob in removed:
                if blob.expires_at <= deadline:
                    await session.execute(delete(Blob).where(Blob.id == blob.id))
        return await self._delay() if len(removed) == len(blobs) else RETRY_S

    async def _remove(self, blob: Blob) -> bool:
        try:
            await self._store.remove(blob)
        except FAILURES:
            log.exception("could not remove the bytes of blob %s; it is tried again later", blob.id)
            return False
        return True

    async def _delay(self) -> float | None:
        """Return the seconds until something is due; None where nothing ever will be."""
        async with self._database.transaction() as session:
            earliest = await session.scalar(select(func.min(Blob.expires_at)).where(Blob.state != BlobState.ATTACHED))
        return None if earliest is None else max(0.0, earliest + self._grace_s - self._clock())
