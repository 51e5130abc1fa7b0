"""Functions over the image service of the app that governs, for sync and async code alike."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from arkitekt_di.koil import dual
from arkitekt_di.messages.descriptions import Acquisition, Channel
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.governed import OpenApp, bridge_of, governing, on_loop
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.pixels.progress import ProgressListener
from arkitekt_di.mikro.relations import Source
from arkitekt_di.mikro.service import Mikro


class MikroApp(OpenApp, Protocol):
    """An app that holds images."""

    @property
    def mikro(self) -> Mikro:
        """Its image service."""
        ...


async def afrom_xarray(  # noqa: PLR0913  # each is a word of the user's
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
    app: MikroApp | None = None,
) -> Image:
    """Store an array as a new image: `from_xarray` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(
        chosen,
        chosen.mikro.afrom_xarray,
        array,
        name=name,
        dims=dims,
        pixel_size=pixel_size,
        unit=unit,
        folder=folder,
        tags=tags,
        channels=channels,
        acquisition=acquisition,
        derived_from=derived_from,
        source_files=source_files,
        label_of=label_of,
        key=key,
        progress=progress,
        settings=settings,
    )


@dual(bridge=bridge_of)
async def from_xarray(  # noqa: PLR0913  # each is a word of the user's
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
    app: MikroApp | None = None,
) -> Image:
    """Store an array as a new image.

    Blocks in sync code; in async code the same call is awaited.  The image becomes visible when every byte of it is
    in: whatever happens before leaves nothing behind.

    Parameters
    ----------
    array : xarray.DataArray, numpy.ndarray or dask.array.Array
        The pixels, with any number of dimensions, of a boolean, integer, floating or complex type.  A Dask array is
        computed shard by shard and may be larger than memory.  Coordinates, attributes and name are kept exactly.
    name : str
        Name of the image, 1 to 255 characters.
    dims : sequence of str, optional
        Names of the dimensions of an array that has none.  Only a plane, ``("y", "x")``, may be left unnamed:
        a trailing axis of 3 could be colour, a leading one depth or time, and that is never guessed.
    pixel_size : mapping of str to float, optional
        Distance between neighbouring pixels along a dimension, in *unit*.  Left out, it is read off evenly spaced
        coordinates.
    unit : str or mapping of str to str, optional
        Unit of the pixel sizes, such as ``"µm"``; a mapping gives each dimension its own.  Left out, it is the
        attribute ``units`` or ``unit`` of the coordinate.  Kept by its UDUNITS-2 name, such as ``micrometer``.
    folder : Folder or str, optional
        Where to put the image; a path such as ``"2026/november"`` is made where it is not there.
    tags : sequence of str, optional
        Up to 64 words to find it by.
    channels : sequence of Channel or str, optional
        One for each position on the channel axis, by name or in full.  Left out, they are the texts of the axis'
        coordinate, if it has one.
    acquisition : Acquisition, optional
        How the image came to be at the microscope.
    derived_from : Image, Table, str or sequence of these, optional
        What it was made from; a text is the identifier of an image.  `get_sources` and `Image.derived` tell.
    source_files : File, str or sequence of these, optional
        Files that it was read from, or their identifiers; `get_sources` tells.
    label_of : Image or str, optional
        The image whose objects its pixels number, as a segmentation does; it is derived from it, too.  `Image.labels`
        and `Image.label_of` tell.
    key : str, optional
        Names the image for a second try, at most 200 characters: where an image was stored under it before, that one
        is returned; where its upload was interrupted, only what is missing is sent.  Left out, an interrupted upload
        of several shards is gone on with when the same array is stored again on this machine.
    progress : callable, optional
        Called with a `Progress`, shard by shard, on the app's loop: it must return soon, and what it raises ends the
        upload.  A transfer that takes long shows a bar by itself; the setting ``mikro.progress`` turns it off.
    settings : mapping of str to object, optional
        Keys of the section ``mikro`` that are other for this image, such as ``{"codec": "zstd", "levels": 1}``.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Image

    Raises
    ------
    ImageRefusedError
        The array would not come back as it is, or does not say what its axes are; nothing was sent.
    ImageNotFoundError, TableNotFoundError, StoredFileNotFoundError
        What it is made from, or labels, is not there; nothing was sent.
    NoAppError, AppClosedError, AmbiguousAppError
        No app is open here, *app* is not, or several are and none was named.
    TransferError
        The object store does not answer; nothing is visible.
    StorageFullError
        The hub has no space; nothing is visible.

    See Also
    --------
    afrom_xarray : The same, typed as a coroutine function.
    get_image : Find it again.

    Examples
    --------
    >>> with app:
    ...     image = from_xarray(stack, name="embryo", pixel_size={"y": 0.65, "x": 0.65}, unit="µm")
    """
    return await afrom_xarray(
        array,
        name=name,
        dims=dims,
        pixel_size=pixel_size,
        unit=unit,
        folder=folder,
        tags=tags,
        channels=channels,
        acquisition=acquisition,
        derived_from=derived_from,
        source_files=source_files,
        label_of=label_of,
        key=key,
        progress=progress,
        settings=settings,
        app=app,
    )


async def aget_image(image: Image | str, *, app: MikroApp | None = None) -> Image:
    """Return one image: `get_image` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.aget_image, identifier_of(image, Image))


@dual(bridge=bridge_of)
async def get_image(image: Image | str, *, app: MikroApp | None = None) -> Image:
    """Return one image.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Image
        Its pixels are read when ``image.data`` is computed.

    Raises
    ------
    ImageNotFoundError
        No image has this identifier, or this user may not read it.
    NoAppError, AppClosedError, AmbiguousAppError
        No app is open here, *app* is not, or several are and none was named.

    Examples
    --------
    >>> plane = get_image(image.id).data.isel(c=0, z=4).compute()
    """
    return await aget_image(image, app=app)


async def asearch_images(
    text: str | None = None, *, limit: int = 50, offset: int = 0, app: MikroApp | None = None
) -> list[Image]:
    """Find images: `search_images` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.asearch_images, text, limit=limit, offset=offset)


@dual(bridge=bridge_of)
async def search_images(
    text: str | None = None, *, limit: int = 50, offset: int = 0, app: MikroApp | None = None
) -> list[Image]:
    """Find images by their names, newest first.

    Parameters
    ----------
    text : str, optional
        Part of the name; case does not count.  All images where it is left out.
    limit : int, default 50
        Most images that are returned.
    offset : int, default 0
        Images that are skipped, for the next page.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    list of Image

    Examples
    --------
    >>> [image.name for image in search_images("embr")]
    ['embryo']
    """
    return await asearch_images(text, limit=limit, offset=offset, app=app)


async def arename_image(image: Image | str, name: str, *, app: MikroApp | None = None) -> Image:
    """Change a name: `rename_image` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.arename_image, identifier_of(image, Image), name)


@dual(bridge=bridge_of)
async def rename_image(image: Image | str, name: str, *, app: MikroApp | None = None) -> Image:
    """Change the name of an image.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    name : str
        Its new name, 1 to 255 characters.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Image
        The image under its new name.

    Raises
    ------
    ImageNotFoundError
        No image has this identifier, or this user may not change it.
    ImageRefusedError
        The name is empty or too long.
    """
    return await arename_image(image, name, app=app)


async def adelete_image(image: Image | str, *, app: MikroApp | None = None) -> None:
    """Remove an image: `delete_image` for async code, typed as a coroutine function."""
    chosen = governing(app)
    await on_loop(chosen, chosen.mikro.adelete_image, identifier_of(image, Image))


@dual(bridge=bridge_of)
async def delete_image(image: Image | str, *, app: MikroApp | None = None) -> None:
    """Put an image into the trash.

    Nobody sees it there, and `restore_image` brings it back.  After the time that the hub's setting ``trash.keep_s``
    says, 30 days by default, it is removed for good, with its pixels.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    app : App, optional
        The app to use; by default the one that governs here.

    Raises
    ------
    ImageNotFoundError
        No image has this identifier, or this user may not remove it.
    """
    await adelete_image(image, app=app)
