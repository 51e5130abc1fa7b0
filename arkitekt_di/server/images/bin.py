"""Images in the trash."""

from sqlalchemy import delete, select, update

from arkitekt_di.server.database import Database
from arkitekt_di.server.images.collector import Collector
from arkitekt_di.server.images.tables import Image, Store, StoreState
from arkitekt_di.server.trash import oldest_deleted


class ImageBin:
    """The `Bin` of images; their pixels become garbage with them.

    A hub that dies in between leaves pixels without an image, which the collector removes.

    Parameters
    ----------
    database : Database
    collector : Collector
        Removes the pixels.
    """

    def __init__(self, database: Database, collector: Collector) -> None:
        self._database = database
        self._collector = collector

    async def oldest(self) -> float | None:
        """Return when the image was deleted that has been here longest."""
        return await oldest_deleted(self._database, Image)

    async def empty(self, deadline: float) -> None:
        """Remove images for good, then their pixels."""
        async with self._database.transaction() as session:
            images = (await session.scalars(select(Image).where(Image.deleted_at <= deadline))).all()
            stores = [store for image in images for store in image.stores()]
            await session.execute(delete(Image).where(Image.id.in_([image.id for image in images])))
            gone = Store.id.in_([store.id for store in stores])
            await session.execute(update(Store).where(gone).values(state=StoreState.DISCARDED))
        for store in stores:
            await self._collector.remove(store)
        self._collector.wake()
