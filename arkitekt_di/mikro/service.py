"""The image service of an app: ``app.mikro``."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import xarray as xr

from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.descriptions import ImageEdit, ImageQuery
from arkitekt_di.messages.images import ImageEvent, ImageRecord
from arkitekt_di.messages.pixels import PixelDocument
from arkitekt_di.messages.provenance import Origin
from arkitekt_di.mikro.areas import Areas
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.new_images import NewImages
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.pixels.grants import RenewedSource
from arkitekt_di.mikro.pixels.opening import OpenedImage
from arkitekt_di.mikro.pixels.picture import check_name
from arkitekt_di.mikro.pixels.verification import Damage
from arkitekt_di.mikro.reader import PixelReader
from arkitekt_di.mikro.relations import Source, relations_from
from arkitekt_di.mikro.watches import Told, Watches
from arkitekt_di.mikro.watching import Watch
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.mikro import ImageRecords, PixelStore
from arkitekt_di.settings.models import MikroSettings


class Mikro(NewImages):
    """Stores images, and finds and reads them again.

    Parameters
    ----------
    records : ImageRecords
        What the hub knows about images.
    pixels : PixelStore
        Where the pixels are.
    bridge : Bridge
        Takes blocking calls, such as ``image.data``, to the app's loop.
    settings : MikroSettings
        Chunks, shards, compression.
    areas : Areas, optional
        What there is beside images; left out, this service has images alone.

    See Also
    --------
    arkitekt_di.mikro.from_xarray : The same as a function that finds the governing app, for sync and async code.
    """

    def __init__(
        self,
        records: ImageRecords,
        pixels: PixelStore,
        bridge: Bridge,
        settings: MikroSettings | None = None,
        *,
        areas: Areas | None = None,
    ) -> None:
        super().__init__(records, pixels, bridge, settings, areas=areas)
        if areas is not None:
            areas.rois.read_with(self._aread)
        self._reader = PixelReader(records, pixels, bridge, self._settings)
        self._watches = Watches(bridge)

    async def start(self) -> None:
        """Do nothing: places in the store are opened when they are used."""

    async def stop(self) -> None:
        """End what is watched."""
        if self._areas is not None:
            await self._areas.stop()
        await self._watches.stop()

    def _shown(self, record: ImageRecord, document: PixelDocument | None = None) -> Image:
        return Image(record, self, document)

    async def _aread(self, image_id: str) -> xr.DataArray:
        return await (await self.aget_image(image_id)).adata()

    async def aget_image(self, image_id: str) -> Image:
        """Return one image.

        Parameters
        ----------
        image_id : str
            Identifier given by the hub when the image was created.

        Raises
        ------
        ImageNotFoundError
            No image has this identifier, or this user may not read it.
        """
        return Image(await self._records.get(str(image_id)), self)

    async def asearch_images(self, text: str | None = None, *, limit: int = 50, offset: int = 0) -> list[Image]:
        """Find images by their names, newest first.

        Parameters
        ----------
        text : str, optional
            Part of the name; case does not count.  All images where it is left out.
        limit : int, default 50
            Most images that are returned.
        offset : int, default 0
            Images that are skipped, for the next page.
        """
        records = await self._records.search(text, limit=limit, offset=offset)
        return [Image(record, self) for record in records]

    async def arename_image(self, image_id: str, name: str) -> Image:
        """Change the name of an image; raises `ImageNotFoundError` and `ImageRefusedError`."""
        check_name(name)
        return Image(await self._records.rename(str(image_id), name), self)

    async def adelete_image(self, image_id: str) -> None:
        """Put an image into the trash; raises `ImageNotFoundError`."""
        await self._records.delete(str(image_id))

    def find_images(self, query: ImageQuery, *, folder: Folder | str | None = None) -> Pages[Image]:
        """Return all images that fit, oldest first, fetched page by page as they are iterated over."""

        async def fetch(limit: int, offset: int) -> list[Image]:
            folder_id = query.folder_id if folder is None else await self.folders.aexisting(folder)
            placed = query.model_copy(update={"folder_id": folder_id})
            return [Image(record, self) for record in await self._records.find(placed, limit=limit, offset=offset)]

        return Pages(self._bridge, fetch)

    async def aedit_image(self, image_id: str, edit: ImageEdit) -> Image:
        """Change what is said about an image; raises `ImageNotFoundError` and `HubRefusedError`."""
        return Image(await self._records.edit(str(image_id), edit), self)

    async def amove_image(self, image_id: str, folder: Folder | str | None) -> Image:
        """Put an image into a folder, or into none; raises `ImageNotFoundError` and `FolderNotFoundError`."""
        folder_id = None if folder is None else await self.folders.aplace(folder)
        return Image(await self._records.move(str(image_id), folder_id), self)

    async def arelate_image(
        self,
        image_id: str,
        *,
        derived_from: Source | Sequence[Source] = (),
        source_files: File | str | Sequence[File | str] = (),
        label_of: Image | str | None = None,
    ) -> Image:
        """Say what else an image comes from, or labels; see `arkitekt_di.mikro.relate_image`."""
        said = relations_from(derived_from, source_files, label_of, is_required=True)
        return await self.aedit_image(image_id, ImageEdit(added_relations=await self.relatives.require(said)))

    async def aunrelate_image(
        self,
        image_id: str,
        *,
        derived_from: Source | Sequence[Source] = (),
        source_files: File | str | Sequence[File | str] = (),
        label_of: Image | str | None = None,
    ) -> Image:
        """Take back what an image comes from, or labels; see `arkitekt_di.mikro.unrelate_image`."""
        said = relations_from(derived_from, source_files, label_of, is_required=True)
        return await self.aedit_image(image_id, ImageEdit(removed_relations=said))

    async def aprovenance(self, image_id: str) -> list[Origin]:
        """Return what was done to an image, oldest first; raises `ImageNotFoundError`."""
        return await self.provenance.aof_subject(Subject(kind=RecordKind.IMAGE, id=str(image_id)))

    async def arestore_image(self, image_id: str) -> Image:
        """Take an image out of the trash; raises `ImageNotFoundError`."""
        return Image(await self._records.restore(str(image_id)), self)

    async def angff_url(self, image_id: str, *, expires_in: int | None = None) -> str:
        """Return an address under which other tools open an image; see `Image.ngff_url`."""
        return await self._records.request_link(str(image_id), expires_in)

    def watch_images(self, *, folder: Folder | str | None = None, image_id: str | None = None) -> Watch[Image]:
        """Return what happens to all images, to those of one folder or to one; it is not open yet."""

        async def begin() -> Told[ImageRecord]:
            folder_id = None if folder is None else await self.folders.aexisting(folder)
            return _told(self._records.watch(folder_id=folder_id, image_id=image_id))

        return self._watches.watch(begin, self._shown)

    async def aopen_image(self, record: ImageRecord, level: int = 0) -> OpenedImage:
        """Read the metadata of one level of an image."""
        return await self._reader.open_image(record, level)

    async def averify(self, record: ImageRecord) -> tuple[Damage, ...]:
        """Read every stored object of an image, and return those that are damaged; see `Image.verify`."""
        return await self._reader.verify(record)

    async def areopen_source(self, store_id: str) -> RenewedSource:
        """Return the pixels of a store whose lazy array came from another process; raises `StoreNotFoundError`."""
        return await self._reader.reopen(store_id)


async def _told(events: AsyncGenerator[ImageEvent | None, None]) -> Told[ImageRecord]:
    async with aclosing(events):
        async for event in events:
            yield None if event is None else (event.kind, event.image_id, event.record)
