"""How people say something else about an image."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from arkitekt_di.errors import OwnLoopError
from arkitekt_di.messages.descriptions import Acquisition, Channel, ImageEdit, ImageQuery
from arkitekt_di.messages.images import ImageRecord
from arkitekt_di.messages.provenance import Origin
from arkitekt_di.mikro.channels import channels_from
from arkitekt_di.mikro.crossing import across
from arkitekt_di.mikro.description import Description
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.table import Table
from arkitekt_di.protocols.koil import Bridge

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
P = ParamSpec("P")
R = TypeVar("R")


class RelativesOf(Protocol[T_co]):
    """Finds what images are related to."""

    async def asources(self, image_id: str) -> Sequence[T_co]:
        """Return what an image was made from."""
        ...

    async def aderived(self, image_id: str) -> Sequence[T_co]:
        """Return what was made from an image."""
        ...

    async def asource_files(self, image_id: str) -> Sequence[File]:
        """Return the files that an image was read from."""
        ...

    async def alabel_of(self, image_id: str) -> T_co | None:
        """Return the image that an image labels."""
        ...


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

    @property
    def relatives(self) -> RelativesOf[T]:
        """What images come from, and what comes of them."""
        ...

    async def arelate_image(
        self,
        image_id: str,
        *,
        derived_from: T | Table | str | Sequence[T | Table | str] = (),
        source_files: File | str | Sequence[File | str] = (),
        label_of: T | str | None = None,
    ) -> T:
        """Say what else an image comes from."""
        ...

    async def aunrelate_image(
        self,
        image_id: str,
        *,
        derived_from: T | Table | str | Sequence[T | Table | str] = (),
        source_files: File | str | Sequence[File | str] = (),
        label_of: T | str | None = None,
    ) -> T:
        """Take back what an image comes from."""
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
        return await across(self._home.bridge, self._home.relatives.asources, self.id)

    def sources(self) -> Sequence[T]:
        """Return the images that it was derived from; see `asources`."""
        return self._blocking("sources")(self.asources)

    async def aderived(self) -> Sequence[T]:
        """Return the images that were derived from it, oldest first."""
        return await across(self._home.bridge, self._home.relatives.aderived, self.id)

    def derived(self) -> Sequence[T]:
        """Return the images that were derived from it; see `aderived`."""
        return self._blocking("derived")(self.aderived)

    async def asource_files(self) -> Sequence[File]:
        """Return the files that it was read from, as ``source_files`` of `from_xarray` said."""
        return await across(self._home.bridge, self._home.relatives.asource_files, self.id)

    def source_files(self) -> Sequence[File]:
        """Return the files that it was read from; see `asource_files`."""
        return self._blocking("source_files")(self.asource_files)

    async def alabel_of(self) -> T | None:
        """Return the image whose objects its pixels number; None where nobody said so, or that one is deleted."""
        return await across(self._home.bridge, self._home.relatives.alabel_of, self.id)

    def label_of(self) -> T | None:
        """Return the image that it labels; see `alabel_of`."""
        return self._blocking("label_of")(self.alabel_of)

    async def arelate(
        self,
        *,
        derived_from: T | Table | str | Sequence[T | Table | str] = (),
        source_files: File | str | Sequence[File | str] = (),
        label_of: T | str | None = None,
    ) -> T:
        """Say what else it comes from, and which image it labels; see `relate_image`."""
        return await across(
            self._home.bridge,
            self._home.arelate_image,
            self.id,
            derived_from=derived_from,
            source_files=source_files,
            label_of=label_of,
        )

    def relate(
        self,
        *,
        derived_from: T | Table | str | Sequence[T | Table | str] = (),
        source_files: File | str | Sequence[File | str] = (),
        label_of: T | str | None = None,
    ) -> T:
        """Say what else it comes from, and which image it labels; see `relate_image`."""
        blocking = self._blocking("relate")
        return blocking(self.arelate, derived_from=derived_from, source_files=source_files, label_of=label_of)

    async def aunrelate(
        self,
        *,
        derived_from: T | Table | str | Sequence[T | Table | str] = (),
        source_files: File | str | Sequence[File | str] = (),
        label_of: T | str | None = None,
    ) -> T:
        """Take back what it comes from, or that it labels an image; see `unrelate_image`."""
        return await across(
            self._home.bridge,
            self._home.aunrelate_image,
            self.id,
            derived_from=derived_from,
            source_files=source_files,
            label_of=label_of,
        )

    def unrelate(
        self,
        *,
        derived_from: T | Table | str | Sequence[T | Table | str] = (),
        source_files: File | str | Sequence[File | str] = (),
        label_of: T | str | None = None,
    ) -> T:
        """Take back what it comes from, or that it labels an image; see `unrelate_image`."""
        blocking = self._blocking("unrelate")
        return blocking(self.aunrelate, derived_from=derived_from, source_files=source_files, label_of=label_of)

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
