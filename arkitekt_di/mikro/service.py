"""The image service of an app: ``app.mikro``."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import xarray as xr

from arkitekt_di.errors import CompositionError, ImageRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.descriptions import Acquisition, Channel, ImageDescription, ImageEdit, ImageQuery
from arkitekt_di.messages.images import ImageRecord
from arkitekt_di.messages.provenance import Origin
from arkitekt_di.messages.relations import RelationKind
from arkitekt_di.mikro.areas import Areas
from arkitekt_di.mikro.comments.service import Comments
from arkitekt_di.mikro.described import channels_from, named_channels
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.files.service import Files
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.metrics.service import Metrics
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.pixels.appending import Appender, Series
from arkitekt_di.mikro.pixels.axes import check_dims
from arkitekt_di.mikro.pixels.grants import RenewedSource
from arkitekt_di.mikro.pixels.opening import OpenedImage
from arkitekt_di.mikro.pixels.picture import Picture, check_name, picture_of, picture_of_frames
from arkitekt_di.mikro.pixels.progress import ProgressListener
from arkitekt_di.mikro.pixels.upload import Uploads, Wishes
from arkitekt_di.mikro.pixels.verification import Damage
from arkitekt_di.mikro.provenance.service import Provenances
from arkitekt_di.mikro.reader import PixelReader
from arkitekt_di.mikro.relations import Source, relations_from
from arkitekt_di.mikro.rois.service import Rois
from arkitekt_di.mikro.tables.service import Tables
from arkitekt_di.mikro.tables.table import Table
from arkitekt_di.mikro.watching import Change, Stream, Watch
from arkitekt_di.mikro.writer import ImageWriter
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.mikro import ImageRecords, PixelStore
from arkitekt_di.settings.models import MikroSettings
from arkitekt_di.settings.overrides import changed


class Mikro:
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
        self._records = records
        self._pixels = pixels
        self._uploads = Uploads(records, pixels)
        self._bridge = bridge
        self._settings = settings or MikroSettings()
        self._areas = areas
        if areas is not None:
            areas.rois.read_with(self._aread)
        self._reader = PixelReader(records, pixels, bridge, self._settings)
        self._streams: set[Stream[Any]] = set()

    async def start(self) -> None:
        """Do nothing: places in the store are opened when they are used."""

    async def stop(self) -> None:
        """End what is watched."""
        if self._areas is not None:
            await self._areas.stop()
        for stream in list(self._streams):
            await stream.close()

    @property
    def bridge(self) -> Bridge:
        """The way to the app's loop."""
        return self._bridge

    @property
    def areas(self) -> Areas:
        """What there is beside images; raises `CompositionError` where the service was made for images alone."""
        if self._areas is None:
            raise CompositionError("this mikro was made without areas, so it has images alone")
        return self._areas

    @property
    def folders(self) -> Folders:
        """Where images, files and tables are filed."""
        return self.areas.folders

    @property
    def rois(self) -> Rois:
        """Regions of interest of the images."""
        return self.areas.rois

    async def _aread(self, image_id: str) -> xr.DataArray:
        return await (await self.aget_image(image_id)).adata()

    @property
    def files(self) -> Files:
        """Files of any kind."""
        return self.areas.files

    @property
    def tables(self) -> Tables:
        """Tables: rows of typed columns."""
        return self.areas.tables

    @property
    def metrics(self) -> Metrics:
        """Measured values of images, files and tables."""
        return self.areas.metrics

    @property
    def comments(self) -> Comments:
        """What people say about images, files, tables, folders and regions."""
        return self.areas.comments

    @property
    def provenance(self) -> Provenances:
        """Which app, user and task made and changed images, files and tables."""
        return self.areas.provenance

    async def afrom_xarray(  # noqa: PLR0913  # each is a word of the user's; see from_xarray
        self,
        array: object,
        *,
        name: str,
        dims: Sequence[str] | None = None,
        pixel_size: Mapping[str, float] | None = None,
        unit: str | Mapping[str, str] | None = None,
        folder: Folder | str | None = None,
        tags: Sequence[str] = (),
        channels: Sequence[Channel | str] = (),
        acquisition: Acquisition | None = None,
        derived_from: Source | Sequence[Source] = (),
        source_files: File | str | Sequence[File | str] = (),
        label_of: Image | str | None = None,
        key: str | None = None,
        progress: ProgressListener | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Image:
        """Store an array as a new image; see `arkitekt_di.mikro.from_xarray`.

        Raises
        ------
        ImageRefusedError
            The array would not come back as it is, or does not say what its axes are; nothing was sent.
        TransferError
            The object store does not answer; nothing is visible.
        StorageFullError
            The hub has no space; nothing is visible.
        """
        picture = await asyncio.to_thread(picture_of, array, name=name, dims=dims, pixel_size=pixel_size, unit=unit)
        relations = relations_from(derived_from, source_files, label_of)
        for relation in relations:
            await self._require(relation.subject)
        said = ImageDescription(
            folder_id=None if folder is None else await self.folders.aplace(folder),
            tags=tuple(tags),
            acquisition=acquisition,
            channels=channels_from(channels) or named_channels(array, picture.axes()),
            relations=relations,
        )
        wishes = Wishes(changed(self._settings, settings or {}), key, progress, said=said)
        return await self._astore(picture, wishes)

    async def afrom_frames(  # noqa: PLR0913  # each is a word of the user's; see from_frames
        self,
        frames: Iterable[Any],
        *,
        name: str,
        dims: Sequence[str],
        pixel_size: Mapping[str, float] | None = None,
        unit: str | Mapping[str, str] | None = None,
        key: str | None = None,
        progress: ProgressListener | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Image:
        """Store frames that come one after the other as one image; see `arkitekt_di.mikro.from_frames`."""
        picture = await asyncio.to_thread(
            picture_of_frames, frames, name=name, dims=dims, pixel_size=pixel_size, unit=unit
        )
        return await self._astore(picture, Wishes(changed(self._settings, settings or {}), key, progress))

    def image_writer(  # noqa: PLR0913  # each is a word of the user's; see image_writer
        self,
        dims: Sequence[str] | None = None,
        *,
        name: str | None = None,
        append: str = "t",
        shape: Sequence[int] | None = None,
        image: Image | str | None = None,
        pixel_size: Mapping[str, float] | None = None,
        unit: str | Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> ImageWriter:
        """Return a writer of an image that grows; see `arkitekt_di.mikro.image_writer`."""
        chosen = changed(self._settings, settings or {})
        if image is not None:
            image_id = identifier_of(image, Image)

            async def resume() -> Appender:
                record = await self._records.get(image_id)
                return await Appender.resume(self._records, self._pixels, chosen, record)

            return ImageWriter(self._bridge, resume, self._shown)
        if dims is None:
            raise ImageRefusedError(
                "the dimensions of the frames were not named", "Name them, such as dims=('t', 'y', 'x')"
            )
        check_name(name)
        size = None if shape is None else tuple(shape)
        series = Series(str(name), check_dims(dims), append, size, pixel_size, unit)

        async def begin() -> Appender:
            return Appender(self._records, self._pixels, chosen, series)

        return ImageWriter(self._bridge, begin, self._shown)

    def _shown(self, record: ImageRecord) -> Image:
        return Image(record, self)

    async def _astore(self, picture: Picture, wishes: Wishes) -> Image:
        stored = await self._uploads.store(picture, wishes)
        return Image(stored.record, self, stored.document)

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

    async def asources(self, image_id: str) -> list[Image]:
        """Return the images that one was made from; raises `ImageNotFoundError`."""
        return [Image(record, self) for record in await self._records.sources(str(image_id))]

    async def aderived(self, image_id: str) -> list[Image]:
        """Return the images that were made from one, oldest first; raises `ImageNotFoundError`."""
        return [Image(record, self) for record in await self._records.derived(str(image_id))]

    async def asource_files(self, image_id: str) -> list[File]:
        """Return the files that an image was read from; raises `ImageNotFoundError`."""
        return [await self.files.aget(file_id) for file_id in await self._related(image_id, RecordKind.FILE)]

    async def aget_sources(self, image_id: str) -> list[Image | Table | File]:
        """Return what an image comes from; raises `ImageNotFoundError`."""
        tables = [await self.tables.aget(table_id) for table_id in await self._related(image_id, RecordKind.TABLE)]
        return [*await self.asources(image_id), *tables, *await self.asource_files(image_id)]

    async def alabel_of(self, image_id: str) -> Image | None:
        """Return the image that an image labels; raises `ImageNotFoundError`."""
        labelled = await self._related(image_id, RecordKind.IMAGE, RelationKind.LABEL_OF)
        return await self.aget_image(labelled[0]) if labelled else None

    async def _require(self, subject: Subject) -> None:
        """Return where a source is there, so that nothing is sent for one that is not."""
        match subject.kind:
            case RecordKind.FILE:
                await self.files.aget(subject.id)
            case RecordKind.TABLE:
                await self.tables.aget(subject.id)
            case _:
                await self._records.get(subject.id)

    async def _related(
        self, image_id: str, kind: RecordKind, relation: RelationKind = RelationKind.DERIVED_FROM
    ) -> list[str]:
        there = await self._records.relations(str(image_id))
        return [one.subject.id for one in there if (one.kind, one.subject.kind) == (relation, kind)]

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

        async def changes() -> AsyncGenerator[Change[Image] | None, None]:
            folder_id = None if folder is None else await self.folders.aexisting(folder)
            async with aclosing(self._records.watch(folder_id=folder_id, image_id=image_id)) as events:
                async for event in events:
                    if event is None:
                        yield None
                    else:
                        image = None if event.record is None else Image(event.record, self)
                        yield Change(event.kind, event.image_id, image)

        return Watch(self._bridge, changes, self._streams)

    async def aopen_image(self, record: ImageRecord, level: int = 0) -> OpenedImage:
        """Read the metadata of one level of an image."""
        return await self._reader.open_image(record, level)

    async def averify(self, record: ImageRecord) -> tuple[Damage, ...]:
        """Read every stored object of an image, and return those that are damaged; see `Image.verify`."""
        return await self._reader.verify(record)

    async def areopen_source(self, store_id: str) -> RenewedSource:
        """Return the pixels of a store whose lazy array came from another process; raises `StoreNotFoundError`."""
        return await self._reader.reopen(store_id)
