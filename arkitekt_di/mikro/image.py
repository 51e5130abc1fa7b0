"""An image: what the hub knows about it, and its pixels when they are asked for."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
import xarray as xr

from arkitekt_di.errors import OwnLoopError
from arkitekt_di.messages.images import ImageRecord
from arkitekt_di.messages.pixels import ChannelStatistics, PixelDocument
from arkitekt_di.mikro.crossing import across
from arkitekt_di.mikro.described import Describable, DescribedHome
from arkitekt_di.mikro.pixels.coarse import coarse_xarray
from arkitekt_di.mikro.pixels.opening import OpenedImage
from arkitekt_di.mikro.pixels.verification import Damage


class ImageHome(DescribedHome["Image"], Protocol):
    """What an image asks of the service that it comes from."""

    async def aopen_image(self, record: ImageRecord, level: int = 0) -> OpenedImage:
        """Read the metadata of one level of an image."""
        ...

    async def averify(self, record: ImageRecord) -> tuple[Damage, ...]:
        """Read every stored object of an image, and return those that are damaged."""
        ...

    async def arename_image(self, image_id: str, name: str) -> "Image":
        """Rename an image."""
        ...

    async def angff_url(self, image_id: str, *, expires_in: int | None = None) -> str:
        """Return an address under which other tools open an image."""
        ...

    async def adelete_image(self, image_id: str) -> None:
        """Delete an image."""
        ...


class Image(Describable["Image"]):
    """A stored image.

    It is a view of the moment it was asked for: renaming it gives another `Image`.  Its pixels never change.  Two
    images are equal when they are the same image of the same hub.

    Attributes
    ----------
    id : str
        Identifier given by the hub.
    name : str
    dims : tuple of str
        Names of the dimensions, in storage order.
    shape : tuple of int
        Pixels along each of them.
    sizes : dict of str to int
        The two together.
    dtype : numpy.dtype
    created_at : datetime.datetime or None
        With its time zone; None where the hub does not say.
    pixel_size : dict of str to float
        Distance between neighbouring pixels along each dimension that has one, in its unit.
    unit : dict of str to str
        UDUNITS-2 name of the unit of each dimension that has one, such as ``micrometer``.
    data : xarray.DataArray
        The pixels, lazily.
    levels : tuple of dict of str to int
        Sizes of every level of resolution, the finest first.
    statistics : tuple of ChannelStatistics
        Minimum, maximum and histogram of each channel.
    contrast_limits : tuple of tuple of float or None
        The values of each channel that are shown black and fully coloured.
    """

    __slots__ = ("__weakref__", "_coarser", "_document", "_opened")

    structure_identifier: ClassVar[str] = "@mikro/arraydataset"
    """Under which images travel by reference, as arguments and results of functions."""

    def __init__(self, record: ImageRecord, home: ImageHome, document: PixelDocument | None = None) -> None:
        super().__init__(record, home)
        self._home: ImageHome
        self._document = document
        self._opened: OpenedImage | None = None
        self._coarser: dict[int, OpenedImage] = {}

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the dimensions, in storage order."""
        return tuple(axis.name for axis in self._record.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels along each dimension."""
        return self._record.shape

    @property
    def sizes(self) -> Mapping[str, int]:
        """Pixels along each dimension, by its name."""
        return dict(zip(self.dims, self.shape, strict=True))

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of a pixel, in the byte order of this machine."""
        return np.dtype(self._record.dtype)

    @property
    def pixel_size(self) -> dict[str, float]:
        """Distance between neighbouring pixels along each dimension that has one, in its `unit`.

        Raises
        ------
        OwnLoopError
            The metadata has not been read yet, and this is the app's own loop: ``await image.adata()`` first.
        """
        axes = self._described("image.pixel_size").axes
        return {axis.name: axis.pixel_size for axis in axes if axis.pixel_size is not None}

    @property
    def unit(self) -> dict[str, str]:
        """Unit of each dimension that has one; raises as `pixel_size` does."""
        return self._described("image.unit").units()

    @property
    def data(self) -> xr.DataArray:
        """The pixels as a labelled array backed by Dask; only the chunks that are computed are read.

        Dimensions, coordinates, attributes and name are those that were stored; dtype and values are exact.  Each use
        gives a fresh array, so that changes to it stay with whoever made them.

        Raises
        ------
        ImageDamagedError
            The image's metadata is missing or damaged; when computed, also for missing or damaged pixels.
        TransferError
            The object store does not answer.
        OwnLoopError
            This is the app's own loop, which must not block: ``await image.adata()``.
        """
        return self._open("image.data").to_xarray()

    async def adata(self) -> xr.DataArray:
        """Return `data`, read on the app's loop."""
        return (await self._aopen()).to_xarray()

    @property
    def levels(self) -> tuple[Mapping[str, int], ...]:
        """Sizes of every level of resolution, the finest first."""
        shapes = [level.shape for level in self._record.levels] or [self.shape]
        return tuple(dict(zip(self.dims, shape, strict=True)) for shape in shapes)

    def level(self, number: int) -> xr.DataArray:
        """Return the pixels of one level of resolution; 0 is the finest, and the same as `data`.

        Parameters
        ----------
        number : int
            From 0 to ``len(image.levels) - 1``; negative ones count from the coarsest.

        Returns
        -------
        xarray.DataArray
            Backed by Dask.  Along a dimension with fewer pixels a coordinate is the mean of those that became one
            where it is a number, and left out otherwise.

        Raises
        ------
        IndexError
            There is no such level.
        ImageDamagedError, TransferError, OwnLoopError
            As for `data`; on the app's own loop ``await image.alevel(number)``.

        Examples
        --------
        >>> image.level(-1).mean().compute()  # an overview, at a fraction of the bytes
        """
        self._refuse_own_loop("image.level(...)", "image.alevel(...)")
        return self._home.bridge.call(self.alevel, number)

    async def alevel(self, number: int) -> xr.DataArray:
        """Return the pixels of one level of resolution, read on the app's loop; see `level`."""
        place = range(len(self.levels))[number]
        finest = await self._aopen()
        if place == 0:
            return finest.to_xarray()
        if place not in self._coarser:
            self._coarser[place] = await across(self._home.bridge, self._home.aopen_image, self._record, place)
        return coarse_xarray(finest, self._coarser[place])

    @property
    def statistics(self) -> tuple[ChannelStatistics, ...]:
        """What the values of each channel are like; empty for complex pixels and for images of another program.

        Minimum and maximum are exact; the histogram is that of a sample of the pixels.  Raises as `pixel_size` does.
        """
        return self._described("image.statistics").statistics

    @property
    def contrast_limits(self) -> tuple[tuple[float, float] | None, ...]:
        """For each channel the values to show black and fully coloured, as napari's layers take them.

        What was said about the channel, or else what its histogram tells: one in a thousand pixels is darker, and one
        brighter.  None where neither is known.  Raises as `pixel_size` does.
        """
        measured = [channel.contrast() for channel in self.statistics]
        said = [channel.contrast for channel in self.channels] or [None] * len(measured)
        known = measured if len(measured) == len(said) else [None] * len(said)
        return tuple(one or other for one, other in zip(said, known, strict=True))

    async def averify(self) -> tuple[Damage, ...]:
        """Return the stored objects that are damaged; see `verify`."""
        return await across(self._home.bridge, self._home.averify, self._record)

    def verify(self) -> tuple[Damage, ...]:
        """Read every stored object of every level, and return those that are missing or not what was written.

        Sizes and checksums are those that the hub was given when the image was stored.  Images that still grow, and
        those of another program, are decoded instead; a chunk that another program's image lacks is, by the zarr
        specification, one of the fill value, and no damage.

        Returns
        -------
        tuple of Damage
            By level and key; empty where all is well.

        Raises
        ------
        TransferError
            The object store does not answer.
        OwnLoopError
            This is the app's own loop, which must not block: ``await image.averify()``.

        Examples
        --------
        >>> for damage in image.verify():
        ...     print(damage.level, damage.key, damage.reason)
        0 c/0/3/0/0 it is missing
        """
        self._refuse_own_loop("image.verify()", "image.averify()")
        return self._home.bridge.call(self.averify)

    async def arename(self, name: str) -> "Image":
        """Change the name, and return the image with it."""
        return await across(self._home.bridge, self._home.arename_image, self.id, name)

    async def adelete(self) -> None:
        """Put the image into the trash, from which `restore` brings it back for a while."""
        await across(self._home.bridge, self._home.adelete_image, self.id)

    def rename(self, name: str) -> "Image":
        """Change the name, and return the image with it; see `arename`."""
        self._refuse_own_loop("image.rename(...)", "image.arename(...)")
        return self._home.bridge.call(self.arename, name)

    async def angff_url(self, *, expires_in: int | None = None) -> str:
        """Return an address under which other tools open this image; see `ngff_url`."""
        return await across(self._home.bridge, self._home.angff_url, self.id, expires_in=expires_in)

    def ngff_url(self, *, expires_in: int | None = None) -> str:
        """Return an address under which other tools open this image, without a login.

        It is that of an OME-Zarr group (OME-NGFF 0.5) over the stored pixels themselves.  Whoever has it can read this
        one image until it expires or the image is deleted, so treat it as a password.

        Parameters
        ----------
        expires_in : int, optional
            Seconds for which it is good; by default, and at most, what the hub's settings ``ngff`` say.

        Returns
        -------
        str
            Such as ``https://hub.lab.org/ngff/<token>/<id>.ome.zarr``.

        Raises
        ------
        HubRefusedError
            OME-NGFF has no place for the axes of the image, or the hub gives no link for such a time.
        ImageNotFoundError
            The image is gone.
        OwnLoopError
            This is the app's own loop, which must not block: ``await image.angff_url()``.

        Examples
        --------
        >>> zarr.open_group(image.ngff_url(expires_in=600), mode="r")["0"].shape
        (2, 16, 1024, 1024)
        """
        self._refuse_own_loop("image.ngff_url()", "image.angff_url()")
        return self._home.bridge.call(self.angff_url, expires_in=expires_in)

    def delete(self) -> None:
        """Put the image into the trash; see `adelete`."""
        self._refuse_own_loop("image.delete()", "image.adelete()")
        self._home.bridge.call(self.adelete)

    def _described(self, asked: str) -> PixelDocument:
        return self._document if self._document is not None else self._open(asked).document

    def _open(self, asked: str) -> OpenedImage:
        if self._opened is not None:
            return self._opened
        self._refuse_own_loop(asked, "image.adata()")
        return self._home.bridge.call(self._aopen)

    async def _aopen(self) -> OpenedImage:
        if self._opened is None:
            self._opened = await across(self._home.bridge, self._home.aopen_image, self._record)
            self._document = self._opened.document
        return self._opened

    def _refuse_own_loop(self, call: str, instead: str) -> None:
        if self._home.bridge.is_own_loop():
            raise OwnLoopError(call, instead)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Image) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[str, str, str]:
        # The place of the pixels is random, which keeps apart two hubs that both count from 1.
        return (self._record.id, self._record.store.id, self._record.store.key)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{dim}: {size}" for dim, size in self.sizes.items())
        return f"<Image {self.name!r} ({sizes}) {self._record.dtype or 'unknown type'}, id {self.id}>"

    def _repr_html_(self) -> str:
        from arkitekt_di.mikro.card import image_card

        created = "" if self.created_at is None else f"{self.created_at:%Y-%m-%d %H:%M:%S %Z}"
        return image_card(self, created=created)

    def plot(self, ax: Any = None) -> Any:
        """Draw one plane with matplotlib: channels in their colours, each in its own contrast; axes in their units.

        The plane is in the middle of z, and at the first place along every other dimension; ``image.data`` has all
        others.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        MissingExtraError
            The extra ``plot`` is not installed.
        ImageRefusedError
            The image has fewer than two dimensions.
        OwnLoopError
            This is the app's own loop, which must not block.

        Examples
        --------
        >>> image.plot().figure.savefig("embryo.png")
        """
        from arkitekt_di.mikro.plotting import plot_plane

        self._refuse_own_loop("image.plot()", "asyncio.to_thread(image.plot)")
        return plot_plane(self.data, name=self.name, pixel_size=self.pixel_size, unit=self.unit, ax=ax)
