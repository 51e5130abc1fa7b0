"""Removes the pixels of uploads that were forgotten, given up or deleted."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from arkitekt_di.errors import ArkitektError
from arkitekt_di.server.database import Database
from arkitekt_di.server.images.pixels import BUCKET, Pixels
from arkitekt_di.server.images.tables import Store, StoreState
from arkitekt_di.settings.models import ObjectSettings

log = logging.getLogger(__name__)

RETRY_S = 60.0
"""Seconds until a removal that failed is tried again."""

FAILURES = (ArkitektError, OSError, SQLAlchemyError)
"""What may go wrong for a while: a full disk, a store or a database that does not answer."""


class Collector:
    """Collects garbage when it is due, and sleeps until then.

    An upload is forgotten when it has not become an image ``abandoned_after_s`` seconds after its last grant has
    expired. The row of a removed array stays that long too: until then a grant, or a request that began under one,
    may still write there, and only a row says that the objects are garbage.

    Parameters
    ----------
    database : Database
    pixels : Pixels
    settings : ObjectSettings
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(
        self, database: Database, pixels: Pixels, settings: ObjectSettings, *, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._pixels = pixels
        self._grace_s = settings.abandoned_after_s
        self._clock = clock
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._next_at: float | None = None

    async def start(self) -> None:
        """Begin to collect; what an earlier run of the hub left over comes first."""
        self._is_stopping = False
        self._task = asyncio.create_task(self._run(), name="collector of images")

    async def stop(self) -> None:
        """Finish the removal that is under way and collect no more; what is left is found at the next start."""
        if self._task is not None:
            # Not cancelled: the database would lose a connection in the middle of a transaction.
            task, self._task = self._task, None
            self._is_stopping = True
            self._woken.set()
            await task

    def wake(self) -> None:
        """Look now what is due: something has changed."""
        self._woken.set()

    def expect(self, expires_at: float) -> None:
        """Look when an upload is due whose grant expires then; an earlier look will find it anyway."""
        if self._next_at is None or not self._clock() < self._next_at <= expires_at + self._grace_s:
            self.wake()

    async def collect(self) -> bool:
        """Remove everything that is due; tell whether all of it could be removed."""
        deadline = self._clock() - self._grace_s
        async with self._database.transaction() as session:
            await session.execute(
                update(Store)
                .where(Store.state.in_((StoreState.OPEN, StoreState.FINISHED)), Store.expires_at <= deadline)
                .values(state=StoreState.DISCARDED)
            )
            due = select(Store).where(Store.state == StoreState.DISCARDED, Store.expires_at <= deadline)
            stores = (await session.scalars(due)).all()
        removed = [store.id for store in stores if not self._is_stopping and await self.remove(store)]
        async with self._database.transaction() as session:
            for store_id in removed:
                await session.execute(delete(Store).where(Store.id == store_id))
        return len(removed) == len(stores)

    async def remove(self, store: Store) -> bool:
        """Remove the objects of a discarded store; a failure is logged, and tried again when the store is due."""
        try:
            for place in await self._unshared(store):
                await self._pixels.remove(store.bucket, place)
        except FAILURES:
            log.exception("could not remove the pixels of store %s; it is tried again later", store.id)
            return False
        return True

    async def free(self, places: Iterable[str]) -> None:
        """Remove objects that an image has elsewhere; what fails is removed with the image."""
        for place in places:
            try:
                await self._pixels.remove(BUCKET, place)
            except FAILURES:
                log.exception("could not remove %s, which is kept twice until its image is deleted", place)

    async def _unshared(self, store: Store) -> set[str]:
        """Return the places of a discarded store that hold no pixels of any other."""
        places = {store.key, store.place}
        async with self._database.transaction() as session:
            others = await session.scalars(
                select(Store).where(
                    Store.id != store.id,
                    Store.state.in_((StoreState.FINISHED, StoreState.ATTACHED)),
                    or_(Store.key.in_(places), Store.shared_key.in_(places)),
                )
            )
            return places - {place for other in others for place in (other.key, other.place)}

    async def _run(self) -> None:
        work = self._remove_leftovers
        try:
            while not self._is_stopping:
                self._woken.clear()
                self._next_at = None  # or a look that is over would count for what comes meanwhile
                delay = await self._attempt(work)
                work = self._collect_and_look_ahead
                self._next_at = None if delay is None else self._clock() + delay
                await self._sleep(delay)
        except Exception:
            log.exception("garbage is not collected any more until the hub starts again")
            raise

    async def _sleep(self, delay: float | None) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._woken.wait()

    async def _attempt(self, work: Callable[[], Awaitable[float | None]]) -> float | None:
        try:
            return await work()
        except FAILURES:
            log.exception("could not collect garbage; it is tried again in %.0f s", RETRY_S)
            return RETRY_S

    async def _collect_and_look_ahead(self) -> float | None:
        return await self._delay() if await self.collect() else RETRY_S

    async def _remove_leftovers(self) -> float | None:
        """Free the space of what was discarded just before the hub stopped, long before its row may go."""
        async with self._database.transaction() as session:
            stores = (await session.scalars(select(Store).where(Store.state == StoreState.DISCARDED))).all()
        for store in stores:
            if not self._is_stopping:
                await self.remove(store)
        return await self._collect_and_look_ahead()

    async def _delay(self) -> float | None:
        """Seconds until something is due; None where nothing ever will be."""
        async with self._database.transaction() as session:
            earliest = await session.scalar(
                select(func.min(Store.expires_at)).where(Store.state != StoreState.ATTACHED)
            )
        return None if earliest is None else max(0.0, earliest + self._grace_s - self._clock())
