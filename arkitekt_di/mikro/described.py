"""What people say about an image, and how they say something else."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from arkitekt_di.errors import OwnLoopError
from arkitekt_di.messages.descriptions import (
    MAX_CHANNELS,
    MAX_TEXT,
    Acquisition,
    Channel,
    Creator,
    ImageEdit,
    ImageQuery,
)
from arkitekt_di.messages.images import Axis, AxisType, ImageRecord
from arkitekt_di.messages.provenance import Origin
from arkitekt_di.mikro.crossing import across
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.protocols.koil import Bridge

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")


class DescribedHome(Protocol[T]):
    """What an image asks of the service that it comes from, to be described otherwise."""

    @property
    def bridge(self) -> Bridge:
        """The way to the app's loop."""
        ...

    async def aedit_image(self, image_id: str, edit: ImageEdit) -> T:
        """Change what is said about an image."""
        ...

    async def amove_image(self, image_id: str, folder: Folder | str | None) -> T:
        """Put an image into a folder."""
        ...

    async def asources(self, image_id: str) -> Sequence[T]:
        """Return what an image was made from."""
        ...

    async def aderived(self, image_id: str) -> Sequence[T]:
        """Return what was made from an image."""
        ...

    async def asource_files(self, image_id: str) -> Sequence[File]:
        """Return the files that an image was read from."""
        ...

    async def alabel_of(self, image_id: str) -> T | None:
        """Return the image that an image labels."""
        ...

    def find_images(self, query: ImageQuery) -> Pages[T]:
        """Return all images that fit."""
        ...

    async def aprovenance(self, image_id: str) -> list[Origin]:
        """Return what was done to an image."""
        ...

    async def arestore_image(self, image_id: str) -> T:
        """Take an image out of the trash."""
        ...


class Blocking(Protocol):
    """Runs a coroutine function on the app's loop, and waits."""

    def __call__(self, fn: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what *fn* returns."""
        ...


def channels_from(given: Sequence[Channel | str]) -> tuple[Channel, ...]:
    """Return channels of which some may be given by their names alone."""
    return tuple(Channel(name=one) if isinstance(one, str) else one for one in given)


def named_channels(array: object, axes: Sequence[Axis]) -> tuple[Channel, ...]:
    """Return the channels that the texts on the channel axis of *array* name; none where there are no texts."""
    axis = next((axis.name for axis in axes if axis.type is AxisType.CHANNEL), None)
    coordinate = getattr(array, "coords", {}).get(axis)
    if coordinate is None or coordinate.dtype.kind not in "UO" or len(coordinate) > MAX_CHANNELS:
        return ()
    names = coordinate.values.tolist()
    fit = all(isinstance(name, str) and 0 < len(name) <= MAX_TEXT for name in names)
    return channels_from(names) if fit else ()


class Description:
    """What the hub's record of an image says, as properties; the base of `Image`.

    Attributes
    ----------
    description : str
    tags : tuple of str
    folder_id : str or None
        Identifier of the folder that it lies in.
    creator : Creator or None
        Who made it; None where the hub does not say.
    updated_at : datetime.datetime or None
    page_url : str or None
        Address of the hub's page that shows it.
    acquisition : Acquisition
        How it came to be at the microscope.
    channels : tuple of Channel
        One for each position on its channel axis; none where nothing was said.
    """

    __slots__ = ("_record",)

    def __init__(self, record: ImageRecord) -> None:
        self._record = record

    @property
    def id(self) -> str:
        """Identifier given by the hub."""
        return self._record.id

    @property
    def name(self) -> str:
        """Name, as it was when this object was made."""
        return self._record.name

    @property
    def description(self) -> str:
        """Free text about the image; empty where there is none."""
        return self._record.description or ""

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags, in alphabetical order."""
        return self._record.tags

    @property
    def folder_id(self) -> str | None:
        """Identifier of the folder that it lies in; None where it is in none."""
        return self._record.folder_id

    @property
    def creator(self) -> Creator | None:
        """Who made it; None where the hub does not say."""
        return self._record.creator

    @property
    def created_at(self) -> datetime | None:
        """When the image was created; None where the hub does not say."""
        return None if self._record.created_at is None else datetime.fromisoformat(self._record.created_at)

    @property
    def updated_at(self) -> datetime | None:
        """When something else was last said about it; None where the hub does not say."""
        return None if self._record.updated_at is None else datetime.fromisoformat(self._record.updated_at)

    @property
    def page_url(self) -> str | None:
        """Address of the hub's page where people who are logged in look at it; None where there is none."""
        return self._record.page_url

    @property
    def acquisition(self) -> Acquisition:
        """How it came to be at the microscope; empty where nobody said."""
        return self._record.acquisition

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What its channels are, in the order of its channel axis; none where nobody said."""
        return self._record.channels


class Describable(Description, Generic[T]):
    """Changes what is said about an image; each change returns the image anew, as it is then.

    Raises
    ------
    ImageNotFoundError
        The image is gone.
    HubRefusedError
        The hub does not keep it in this way.
    OwnLoopError
        This is the app's own loop, which must not block: await the twin that begins with an ``a``.
    """

    __slots__ = ("_home",)

    def __init__(self, record: ImageRecord, home: DescribedHome[T]) -> None:
        super().__init__(record)
        self._home = home

    async def atag(self, *tags: str) -> T:
        """Add tags; those that it has already, whatever their case, count once."""
        return await across(self._home.bridge, self._home.aedit_image, self.id, ImageEdit(added_tags=tags))

    def tag(self, *tags: str) -> T:
        """Add tags; see `atag`."""
        return self._blocking("tag")(self.atag, *tags)

    async def auntag(self, *tags: str) -> T:
        """Take tags away; one that it does not have is no error."""
        return await across(self._home.bridge, self._home.aedit_image, self.id, ImageEdit(removed_tags=tags))

    def untag(self, *tags: str) -> T:
        """Take tags away; see `auntag`."""
        return self._blocking("untag")(self.auntag, *tags)

    async def amove(self, folder: Folder | str | None) -> T:
        """Put it into a folder, by the folder or by a path that is made where it is not there; None for no folder."""
        return await across(self._home.bridge, self._home.amove_image, self.id, folder)

    def move(self, folder: Folder | str | None) -> T:
        """Put it into a folder; see `amove`."""
        return self._blocking("move")(self.amove, folder)

    async def adescribe(
        self,
        description: str | None = None,
        *,
        channels: Sequence[Channel | str] | None = None,
        acquisition: Acquisition | None = None,
    ) -> T:
        """Say something else about it; what is left out stays as it is.

        Parameters
        ----------
        description : str, optional
            Free text, up to 4,096 characters.
        channels : sequence of Channel or str, optional
            One for each position on the channel axis, in its order; by name, or in full.
        acquisition : Acquisition, optional
            How it came to be at the microscope.
        """
        edit = ImageEdit(
            description=description,
            channels=None if channels is None else channels_from(channels),
            acquisition=acquisition,
        )
        return await across(self._home.bridge, self._home.aedit_image, self.id, edit)

    def describe(
        self,
        description: str | None = None,
        *,
        channels: Sequence[Channel | str] | None = None,
        acquisition: Acquisition | None = None,
    ) -> T:
        """Say something else about it; see `adescribe`."""
        return self._blocking("describe")(self.adescribe, description, channels=channels, acquisition=acquisition)

    async def asources(self) -> Sequence[T]:
        """Return the images that it was derived from, as ``derived_from`` of `from_xarray` said."""
        return await across(self._home.bridge, self._home.asources, self.id)

    def sources(self) -> Sequence[T]:
        """Return the images that it was derived from; see `asources`."""
        return self._blocking("sources")(self.asources)

    async def aderived(self) -> Sequence[T]:
        """Return the images that were derived from it, oldest first."""
        return await across(self._home.bridge, self._home.aderived, self.id)

    def derived(self) -> Sequence[T]:
        """Return the images that were derived from it; see `aderived`."""
        return self._blocking("derived")(self.aderived)

    async def asource_files(self) -> Sequence[File]:
        """Return the files that it was read from, as ``source_files`` of `from_xarray` said."""
        return await across(self._home.bridge, self._home.asource_files, self.id)

    def source_files(self) -> Sequence[File]:
        """Return the files that it was read from; see `asource_files`."""
        return self._blocking("source_files")(self.asource_files)

    async def alabel_of(self) -> T | None:
        """Return the image whose objects its pixels number; None where nobody said so, or that one is deleted."""
        return await across(self._home.bridge, self._home.alabel_of, self.id)

    def label_of(self) -> T | None:
        """Return the image that it labels; see `alabel_of`."""
        return self._blocking("label_of")(self.alabel_of)

    def labels(self) -> Pages[T]:
        """Return the images that label this one, oldest first, to iterate over in sync and async code."""
        return self._home.find_images(ImageQuery(label_of=self.id))

    async def aprovenance(self) -> list[Origin]:
        """Return which app, user and task made and changed it, oldest first; see `get_provenance`."""
        return await across(self._home.bridge, self._home.aprovenance, self.id)

    def provenance(self) -> list[Origin]:
        """Return which app, user and task made and changed it; see `aprovenance`."""
        return self._blocking("provenance")(self.aprovenance)

    async def arestore(self) -> T:
        """Take it out of the trash, where it was put when it was deleted."""
        return await across(self._home.bridge, self._home.arestore_image, self.id)

    def restore(self) -> T:
        """Take it out of the trash; see `arestore`."""
        return self._blocking("restore")(self.arestore)

    def _blocking(self, name: str) -> Blocking:
        bridge = self._home.bridge
        if bridge.is_own_loop():
            raise OwnLoopError(f"image.{name}(...)", f"image.a{name}(...)")
        return bridge.call
