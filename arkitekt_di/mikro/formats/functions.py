"""Functions that take images in from files and give them out again, for sync and async code alike."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, Final

from arkitekt_di.errors import FileRefusedError, ImageRefusedError
from arkitekt_di.koil import dual
from arkitekt_di.messages.descriptions import Acquisition, Channel
from arkitekt_di.messages.ngff import VERSION
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.formats.counting import Tally, Told
from arkitekt_di.mikro.formats.exporting import found_image
from arkitekt_di.mikro.formats.found import FoundImage
from arkitekt_di.mikro.formats.importing import all_images, one_image, stacked_image
from arkitekt_di.mikro.formats.pattern import group_files
from arkitekt_di.mikro.formats.writing import Exported, keeps_levels, write_image
from arkitekt_di.mikro.functions import MikroApp, aget_image, get_image
from arkitekt_di.mikro.governed import bridge_of, governing, on_loop
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.pixels.progress import Progress, ProgressListener
from arkitekt_di.mikro.relations import Source

_OF_THE_FILE: Final = frozenset({"name", "pixel_size", "unit", "channels"})
"""Words that a file may have something to say to."""


async def aimport_image(  # noqa: PLR0913  # each is a word of the user's
    path: str | PathLike[str],
    *,
    name: str | None = None,
    dims: Sequence[str] | None = None,
    scene: int | None = None,
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
    """Store the image in a file: `import_image` for async code, typed as a coroutine function."""
    chosen, place = governing(app), Path(path)
    given = {
        "name": name,
        "pixel_size": pixel_size,
        "unit": unit,
        "folder": folder,
        "tags": tags,
        "channels": channels,
        "acquisition": acquisition,
        "derived_from": derived_from,
        "source_files": source_files,
        "label_of": label_of,
        "key": key,
        "progress": progress,
        "settings": settings,
    }
    opening = one_image(place, dims=dims, scene=scene)
    (image,) = await on_loop(chosen, _store, chosen, place, _alone(opening), given)
    return image


@dual(bridge=bridge_of)
async def import_image(  # noqa: PLR0913  # each is a word of the user's
    path: str | PathLike[str],
    *,
    name: str | None = None,
    dims: Sequence[str] | None = None,
    scene: int | None = None,
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
    """Store the image in a file.

    The format is told by the content of the file: TIFF, OME-TIFF, PNG, JPEG, OME-Zarr (0.4 and 0.5), ``.npy``,
    ``.npz``.  TIFF, ``.npy`` and OME-Zarr are read block by block and may be larger than memory.  Dimensions, names of
    channels, pixel sizes and units are taken from the file where it states them.

    Parameters
    ----------
    path : str or path-like
        The file; a folder where it is an OME-Zarr group.
    name : str, optional
        Name of the image; by default the one in the file, or that of the file.
    dims : sequence of str, optional
        Names of the dimensions, where the file does not tell them: it is never guessed whether pages are depth or time.
    scene : int, optional
        Which image, counted from 0, of a file that holds several.
    pixel_size : mapping of str to float, optional
        Pixel sizes that the file does not know, in *unit*; they win over what it says.
    unit : str or mapping of str to str, optional
        Their unit, such as ``"µm"``.
    folder : Folder or str, optional
        Where to put the image; a path such as ``"2026/november"`` is made where it is not there.
    tags : sequence of str, optional
        Up to 64 words to find it by.
    channels : sequence of Channel or str, optional
        One for each position on the channel axis; left out, they are those of the file.
    acquisition, derived_from, source_files, label_of, key, progress, settings
        As for `from_xarray`.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Image

    Raises
    ------
    FileRefusedError
        The file is missing, damaged, cut off, of an unknown format, or ambiguous; nothing was stored.
    MissingExtraError
        The extra ``formats`` is not installed.

    See Also
    --------
    import_images : All images of a file, or those of a folder by the names of its files.
    export_image : The inverse.

    Examples
    --------
    >>> image = import_image("embryo.ome.tif")
    >>> stack = import_image("stack.tif", dims=("z", "y", "x"), pixel_size={"z": 2.0}, unit="µm")
    """
    return await aimport_image(
        path,
        name=name,
        dims=dims,
        scene=scene,
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


async def aimport_images(  # noqa: PLR0913  # each is a word of the user's
    path: str | PathLike[str],
    *,
    pattern: str | None = None,
    dims: Sequence[str] | None = None,
    folder: Folder | str | None = None,
    tags: Sequence[str] = (),
    acquisition: Acquisition | None = None,
    derived_from: Source | Sequence[Source] = (),
    source_files: File | str | Sequence[File | str] = (),
    progress: ProgressListener | None = None,
    settings: Mapping[str, Any] | None = None,
    app: MikroApp | None = None,
) -> list[Image]:
    """Store every image in a file or folder: `import_images` for async code, typed as a coroutine function."""
    chosen, place = governing(app), Path(path)
    given = {
        "folder": folder,
        "tags": tags,
        "acquisition": acquisition,
        "derived_from": derived_from,
        "source_files": source_files,
        "progress": progress,
        "settings": settings,
    }
    if pattern is None:
        return await on_loop(chosen, _store, chosen, place, all_images(place, dims=dims), given)
    groups = await asyncio.to_thread(group_files, place, pattern)
    images: list[Image] = []
    for group in groups:
        images += await on_loop(chosen, _store, chosen, place, _alone(stacked_image(group, dims=dims)), given)
    return images


@dual(bridge=bridge_of)
async def import_images(  # noqa: PLR0913  # each is a word of the user's
    path: str | PathLike[str],
    *,
    pattern: str | None = None,
    dims: Sequence[str] | None = None,
    folder: Folder | str | None = None,
    tags: Sequence[str] = (),
    acquisition: Acquisition | None = None,
    derived_from: Source | Sequence[Source] = (),
    source_files: File | str | Sequence[File | str] = (),
    progress: ProgressListener | None = None,
    settings: Mapping[str, Any] | None = None,
    app: MikroApp | None = None,
) -> list[Image]:
    """Store every image in a file, or the images that the files of a folder are pieces of.

    Parameters
    ----------
    path : str or path-like
        A file, or with *pattern* a folder.
    pattern : str, optional
        How the files are named, such as ``"{well}_{field}_{c}.tif"``: ``{c}``, ``{t}`` and ``{z}`` (or ``{channel}``
        and ``{time}``) number the pieces of one image, all other fields tell images apart and become attributes.
    dims : sequence of str, optional
        Names of the dimensions of each file, where it does not tell them.
    folder : Folder or str, optional
        Where to put the images; a path such as ``"2026/november"`` is made where it is not there.
    tags : sequence of str, optional
        Up to 64 words to find them by.
    acquisition, derived_from, source_files, progress, settings
        As for `from_xarray`, for each of the images.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    list of Image
        In their order in the file, or in the order of the names.

    Raises
    ------
    FileRefusedError
        As for `import_image`; or no file fits the pattern, or an image lacks some of its pieces.  Images that were
        stored before stay.

    Examples
    --------
    >>> images = import_images("plate7", pattern="{well}_s{field}_w{c}.tif")
    >>> images[0].name, images[0].dims
    ('plate7 A01 1', ('c', 'y', 'x'))
    """
    return await aimport_images(
        path,
        pattern=pattern,
        dims=dims,
        folder=folder,
        tags=tags,
        acquisition=acquisition,
        derived_from=derived_from,
        source_files=source_files,
        progress=progress,
        settings=settings,
        app=app,
    )


async def aexport_image(
    image: Image | str,
    path: str | PathLike[str],
    *,
    isel: Mapping[str, int | slice] | None = None,
    ngff: str = VERSION,
    progress: ProgressListener | None = None,
    app: MikroApp | None = None,
) -> Exported:
    """Write an image to a file: `export_image` for async code."""
    image = await aget_image(image, app=app) if isinstance(image, str) else image
    place = Path(path)
    is_whole = await asyncio.to_thread(keeps_levels, place)
    levels = [await image.alevel(number) for number in range(len(image.levels) if is_whole else 1)]
    found = found_image(image, levels, isel)
    return await asyncio.to_thread(write_image, found, place, _teller(found, progress), ngff=ngff)


def export_image(
    image: Image | str,
    path: str | PathLike[str],
    *,
    isel: Mapping[str, int | slice] | None = None,
    ngff: str = VERSION,
    progress: ProgressListener | None = None,
    app: MikroApp | None = None,
) -> Exported:
    """Write an image to a file, whole or not at all.

    Pixels are exact.  What the format does not keep of names, coordinates and attributes is told; pixels and
    dimensions that it has no place for are refused.  OME-Zarr has all levels of resolution.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    path : str or path-like
        Where nothing is yet; its ending names the format: ``.ome.zarr`` (keeps everything), ``.ome.tif`` or ``.tif``,
        ``.png``, ``.npy``, ``.npz``.
    isel : mapping of str to int or slice, optional
        A part of the image, as in `xarray.DataArray.isel`: ``{"z": 4, "c": 0}`` is one plane.
    ngff : {"0.5", "0.4"}, default "0.5"
        Version of OME-Zarr; 0.4 is for programs that read zarr 2 alone, and has a file for every chunk.
    progress : callable, optional
        Called with a `Progress`, block by block, from one thread at a time: it must return soon, and what it raises
        ends the export.
    app : App, optional
        The app to find an identifier in; by default the one that governs here.

    Returns
    -------
    Exported
        The path, and in words what was left out; may be used as a path.

    Raises
    ------
    FileRefusedError
        The format cannot hold the image, or something of that name is there; nothing was written.
    StorageFullError
        There is no space; nothing was written.
    OwnLoopError
        This is the app's own loop, which must not block: ``await aexport_image(...)``.

    Examples
    --------
    >>> export_image(image, "embryo.ome.tif").left_out
    ()
    """
    image = get_image(image, app=app) if isinstance(image, str) else image
    place = Path(path)
    is_whole = keeps_levels(place)
    levels = [image.level(number) for number in range(1, len(image.levels) if is_whole else 1)]
    found = found_image(image, [image.data, *levels], isel)
    return write_image(found, place, _teller(found, progress), ngff=ngff)


def _teller(found: FoundImage, progress: ProgressListener | None) -> Told:
    if progress is None:
        return lambda _: None
    total = sum(array.nbytes for array in (found.array, *found.levels))
    return Tally(lambda done_bytes: progress(Progress(found.name, done_bytes, total)))


@contextmanager
def _alone(opening: AbstractContextManager[FoundImage]) -> Iterator[tuple[FoundImage, ...]]:
    with opening as image:
        yield (image,)


async def _store(
    app: MikroApp, path: Path, opening: AbstractContextManager[tuple[FoundImage, ...]], given: Mapping[str, Any]
) -> list[Image]:
    """Store what is found; runs on the app's loop, and looks into files in threads."""
    images = await asyncio.to_thread(opening.__enter__)
    try:
        return [await _store_one(app, path, image, given) for image in images]
    finally:
        await asyncio.to_thread(opening.__exit__, None, None, None)


async def _store_one(app: MikroApp, path: Path, image: FoundImage, given: Mapping[str, Any]) -> Image:
    unit, sizes = given.get("unit"), given.get("pixel_size") or {}
    units = dict.fromkeys(sizes or image.pixel_size, unit) if isinstance(unit, str) else dict(unit or {})
    try:
        return await app.mikro.afrom_xarray(
            image.array,
            name=given.get("name") or image.name,
            pixel_size={**image.pixel_size, **sizes} or None,
            unit={**image.unit, **units} or None,
            channels=given.get("channels") or image.channels,
            **{word: value for word, value in given.items() if word not in _OF_THE_FILE},
        )
    except ImageRefusedError as error:
        raise FileRefusedError(str(path), error.reason, error.remedy) from error
