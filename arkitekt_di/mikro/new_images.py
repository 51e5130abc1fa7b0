"""Arrays on their way to become images: all at once, frame by frame, or while they are acquired."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Unpack

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.descriptions import Acquisition, Channel, ImageDescription
from arkitekt_di.messages.images import Axis, ImageRecord
from arkitekt_di.messages.pixels import PixelDocument
from arkitekt_di.mikro.areas import Areas
from arkitekt_di.mikro.channels import channels_from, check_channels, named_channels
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.home import Home
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.pixels.appending import Appender, Series
from arkitekt_di.mikro.pixels.axes import check_dims
from arkitekt_di.mikro.pixels.picture import Picture, check_name, picture_of, picture_of_frames
from arkitekt_di.mikro.pixels.progress import ProgressListener
from arkitekt_di.mikro.pixels.upload import Uploads, Wishes
from arkitekt_di.mikro.relations import Source, relations_from
from arkitekt_di.mikro.relatives import Relatives
from arkitekt_di.mikro.said import Said, checked_tags
from arkitekt_di.mikro.writer import ImageWriter
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.mikro import ImageRecords, PixelStore
from arkitekt_di.settings.models import MikroSettings
from arkitekt_di.settings.overrides import changed


class NewImages(Home, ABC):
    """Stores arrays as images; the base of `Mikro`, which has the parameters.

    Attributes
    ----------
    relatives : Relatives
        What images come from, and what comes of them.
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
        self._uploads = Uploads(records, pixels)
        self.relatives = Relatives(records, lambda: self.areas, self._shown)

    @abstractmethod
    def _shown(self, record: ImageRecord, document: PixelDocument | None = None) -> Image:
        """Return the image of a record."""

    async def afrom_xarray(  # noqa: PLR0913  # each is a word of the user's; see from_xarray
        self,
        array: object,
        *,
        name: str,
        dims: Sequence[str] | None = None,
        pixel_size: Mapping[str, float] | None = None,
        unit: str | Mapping[str, str] | None = None,
        key: str | None = None,
        progress: ProgressListener | None = None,
        settings: Mapping[str, Any] | None = None,
        **said: Unpack[Said],
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
        axes = picture.axes()
        said["channels"] = said.get("channels") or named_channels(array, axes)
        described = await self._described(axes, picture.data.shape, **said)
        return await self._stored(picture, Wishes(self._changed(settings), key, progress, said=described))

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
        **said: Unpack[Said],
    ) -> Image:
        """Store frames that come one after the other as one image; see `arkitekt_di.mikro.from_frames`."""
        picture = await asyncio.to_thread(
            picture_of_frames, frames, name=name, dims=dims, pixel_size=pixel_size, unit=unit
        )
        described = await self._described(picture.axes(), (None, *picture.data.frame_shape), **said)
        return await self._stored(picture, Wishes(self._changed(settings), key, progress, said=described))

    def image_writer(  # noqa: PLR0913  # each is a word of the user's; see image_writer
        self,
        dims: Sequence[str] | None = None,
        *,
        name: str | None = None,
        append: str | None = None,
        shape: Sequence[int] | None = None,
        image: Image | str | None = None,
        pixel_size: Mapping[str, float] | None = None,
        unit: str | Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None,
        **said: Unpack[Said],
    ) -> ImageWriter:
        """Return a writer of an image that grows; see `arkitekt_di.mikro.image_writer`."""
        chosen = self._changed(settings)
        if image is not None:
            new = {"dims": dims, "name": name, "append": append, "shape": shape, "pixel_size": pixel_size, "unit": unit}
            _refuse_both(image, {**new, **said})
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
        series = Series(str(name), check_dims(dims), append or "t", size, pixel_size, unit)

        async def begin() -> Appender:
            described = await self._described(series.axes(), series.full_shape(), **said)
            return Appender(self._records, self._pixels, chosen, series, described)

        return ImageWriter(self._bridge, begin, self._shown)

    async def _described(  # noqa: PLR0913  # the words of Said
        self,
        axes: Sequence[Axis],
        shape: Sequence[int | None],
        *,
        folder: Folder | str | None = None,
        tags: Sequence[str] = (),
        channels: Sequence[Channel | str] = (),
        acquisition: Acquisition | None = None,
        derived_from: Source | Sequence[Source] = (),
        source_files: File | str | Sequence[File | str] = (),
        label_of: Image | str | None = None,
    ) -> ImageDescription:
        """Return what is said, checked, in the words of the hub; last a folder that is not there is made."""
        tags, described = checked_tags(tags), channels_from(channels)
        check_channels(described, axes, shape)
        relations = await self.relatives.require(relations_from(derived_from, source_files, label_of))
        return ImageDescription(
            folder_id=None if folder is None else await self.folders.aplace(folder),
            tags=tags,
            acquisition=acquisition,
            channels=described,
            relations=relations,
        )

    def _changed(self, settings: Mapping[str, Any] | None) -> MikroSettings:
        return changed(self._settings, settings or {})

    async def _stored(self, picture: Picture, wishes: Wishes) -> Image:
        stored = await self._uploads.store(picture, wishes)
        return self._shown(stored.record, stored.document)


def _refuse_both(image: Image | str, new: Mapping[str, object]) -> None:
    """Raise `ImageRefusedError` where what only a new image can be given is said about one that is there."""
    given = [name for name, value in new.items() if value is not None and value != ()]
    if given:
        raise ImageRefusedError(
            f"image={image!r} is there already, and so are its {', '.join(given)}",
            f"Leave out {', '.join(f'{name}=' for name in given)}, or image=",
        )
