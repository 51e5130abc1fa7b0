"""Opens the stored pixels of images, under grants that are renewed while they are read."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from arkitekt_di.messages.images import ImageRecord
from arkitekt_di.mikro.pixels.grants import RenewedSource
from arkitekt_di.mikro.pixels.opening import OpenedImage, open_image
from arkitekt_di.mikro.pixels.verification import Damage, find_damage
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.mikro import ImageRecords, PixelStore
from arkitekt_di.settings.models import MikroSettings

_READERS: Final = 64
"""Requests to the object store at the same time; Dask alone makes as many as there are cores."""

_REOPENED: Final = 64
"""Arrays from other processes that are kept open: each task of a pool brings its array anew."""


class PixelReader:
    """Reads images.

    Parameters
    ----------
    records : ImageRecords
        Gives grants.
    pixels : PixelStore
        Where the pixels are.
    bridge : Bridge
        Takes blocking calls to the app's loop.
    settings : MikroSettings
    """

    def __init__(self, records: ImageRecords, pixels: PixelStore, bridge: Bridge, settings: MikroSettings) -> None:
        self._records = records
        self._pixels = pixels
        self._bridge = bridge
        self._settings = settings
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="arkitekt-reader")  # starts threads when used
        self._reopened: dict[str, RenewedSource] = {}

    async def open_image(self, record: ImageRecord, level: int = 0) -> OpenedImage:
        """Read the metadata of one level of an image."""
        store = record.levels[level].store if level else record.store
        source = await self._open(store.id)
        shape = record.levels[level].shape if level else record.shape
        return await open_image(record, source, shape)

    async def verify(self, record: ImageRecord) -> tuple[Damage, ...]:
        """Read every stored object of an image, and return those that are damaged; see `Image.verify`."""
        found: list[Damage] = []
        stores = [(record.store.id, record.shape), *((level.store.id, level.shape) for level in record.levels[1:])]
        for level, (store_id, shape) in enumerate(stores):
            source = await self._open(store_id)
            found += await find_damage(
                source, image_id=record.id, level=level, shape=shape, at_once=self._settings.transfers
            )
        return tuple(found)

    async def reopen(self, store_id: str) -> RenewedSource:
        """Return the pixels of a store whose lazy array came from another process, under one grant for all its parts.

        Raises
        ------
        StoreNotFoundError
            The hub of this app has no such store, or this user may not read it.
        """
        if (source := self._reopened.get(store_id)) is None:
            source = await self._open(store_id)
            while len(self._reopened) >= _REOPENED:
                del self._reopened[next(iter(self._reopened))]
            self._reopened[store_id] = source
        return source

    async def _open(self, store_id: str) -> RenewedSource:
        source = RenewedSource(
            self._records,
            self._pixels,
            self._bridge,
            self._readers,
            store_id=store_id,
            margin_s=self._settings.access_margin_s,
        )
        await source.open()
        return source
