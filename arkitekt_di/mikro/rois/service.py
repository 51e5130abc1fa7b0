"""The regions of interest of an app: ``app.mikro.rois``."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

import xarray as xr

from arkitekt_di.messages.rois import RoiDraft, RoiEdit, RoiKind, RoiRecord
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.rois.roi import Roi
from arkitekt_di.mikro.watches import Told, Watches
from arkitekt_di.mikro.watching import Watch
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.rois import RoiRecords

BATCH: Final = 100
"""Regions in one request."""

BATCH_VERTICES: Final = 4000
"""Vertices in one request, which the hub bounds at 256 KiB."""


class Rois:
    """Draws regions on images, finds and watches them.

    Parameters
    ----------
    records : RoiRecords
        What the hub knows about regions.
    bridge : Bridge
        Takes blocking calls to the app's loop.
    read_pixels : callable
        Returns the pixels of an image, lazily.
    """

    def __init__(
        self, records: RoiRecords, bridge: Bridge, read_pixels: Callable[[str], Awaitable[xr.DataArray]] | None = None
    ) -> None:
        self._records = records
        self._bridge = bridge
        self._read_pixels = read_pixels
        self._watches = Watches(bridge)

    def read_with(self, read_pixels: Callable[[str], Awaitable[xr.DataArray]]) -> None:
        """Let *read_pixels* return the pixels of an image; the service of the images says so."""
        self._read_pixels = read_pixels

    async def stop(self) -> None:
        """End what is watched."""
        await self._watches.stop()

    @property
    def bridge(self) -> Bridge:
        """The way to the app's loop."""
        return self._bridge

    async def acreate(self, image_id: str, drafts: Sequence[RoiDraft]) -> list[Roi]:
        """Draw regions on an image, in as many requests as it takes; raises `ImageNotFoundError`."""
        made = []
        for batch in _batches(drafts):
            made += await self._records.create(image_id, batch)
        return [Roi(record, self) for record in made]

    async def aget(self, roi_id: str) -> Roi:
        """Return one region; raises `RoiNotFoundError`."""
        return Roi(await self._records.get(str(roi_id)), self)

    def iterate(self, image_id: str | None, *, kind: RoiKind | None = None, text: str | None = None) -> Pages[Roi]:
        """Return the regions of an image, or of all images, fetched page by page as they are iterated over."""

        async def fetch(limit: int, offset: int) -> list[Roi]:
            found = await self._records.find(image_id, kind=kind, text=text, limit=limit, offset=offset)
            return [Roi(record, self) for record in found]

        return Pages(self._bridge, fetch)

    async def aedit(self, roi_id: str, edit: RoiEdit) -> Roi:
        """Change a region; raises `RoiNotFoundError`."""
        return Roi(await self._records.edit(str(roi_id), edit), self)

    async def adelete(self, roi_id: str) -> None:
        """Remove a region; raises `RoiNotFoundError`."""
        await self._records.delete(str(roi_id))

    async def adata(self, image_id: str) -> xr.DataArray:
        """Return the pixels of an image, lazily."""
        if self._read_pixels is None:
            raise RuntimeError("these regions know no images")
        return await self._read_pixels(image_id)

    def watch(self, image_id: str) -> Watch[Roi]:
        """Return what happens to the regions of an image; it is not open yet."""

        async def begin() -> Told[RoiRecord]:
            return self._records.watch(image_id)

        return self._watches.watch(begin, lambda record: Roi(record, self))


def _batches(drafts: Sequence[RoiDraft]) -> Iterator[list[RoiDraft]]:
    batch: list[RoiDraft] = []
    for draft in drafts:
        full = len(batch) >= BATCH or sum(len(one.vectors) for one in [*batch, draft]) > BATCH_VERTICES
        if batch and full:
            yield batch
            batch = []
        batch.append(draft)
    if batch:
        yield batch
