"""Functions that store frames: a series that is there, or one that is being acquired."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from arkitekt_di.koil import dual
from arkitekt_di.messages.descriptions import Acquisition, Channel
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.functions import MikroApp
from arkitekt_di.mikro.governed import bridge_of, governing, on_loop
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.pixels.progress import ProgressListener
from arkitekt_di.mikro.relations import Source
from arkitekt_di.mikro.writer import ImageWriter


async def afrom_frames(  # noqa: PLR0913  # each is a word of the user's
    frames: Iterable[Any],
    *,
    name: str,
    dims: Sequence[str],
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
    """Store frames as one image: `from_frames` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(
        chosen,
        chosen.mikro.afrom_frames,
        frames,
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
async def from_frames(  # noqa: PLR0913  # each is a word of the user's
    frames: Iterable[Any],
    *,
    name: str,
    dims: Sequence[str],
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
    """Store frames that come one after the other as one image, however many there will be.

    A few frames at a time are in memory.  The image becomes visible when the last one is in; where the frames end with
    an exception, there is no image.  For frames that others are to see while they come, use `image_writer`.

    Parameters
    ----------
    frames : iterable of array
        Such as a generator; it runs in a thread of its own.  All have the shape and the type of the first.
    name : str
        Name of the image, 1 to 255 characters.
    dims : sequence of str
        Dimensions of the image; the first one counts the frames, such as ``("t", "y", "x")``.
    pixel_size, unit, key, progress, settings, app
        As for `from_xarray`.
    folder, tags, channels, acquisition, derived_from, source_files, label_of
        As for `from_xarray`.

    Returns
    -------
    Image

    Raises
    ------
    ImageRefusedError
        There is no frame, or one is not like the first; nothing was kept.
    ImageNotFoundError, TableNotFoundError, StoredFileNotFoundError
        What it is made from, or labels, is not there; nothing was sent.
    TransferError, StorageFullError, NoAppError, AppClosedError, AmbiguousAppError
        As for `from_xarray`.

    Examples
    --------
    >>> image = from_frames((camera.snap() for _ in range(1000)), name="beating heart", dims=("t", "y", "x"))
    """
    return await afrom_frames(
        frames,
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


def image_writer(  # noqa: PLR0913  # each is a word of the user's
    dims: Sequence[str] | None = None,
    *,
    name: str | None = None,
    append: str | None = None,
    shape: Sequence[int] | None = None,
    image: Image | str | None = None,
    pixel_size: Mapping[str, float] | None = None,
    unit: str | Mapping[str, str] | None = None,
    folder: Folder | str | None = None,
    tags: Sequence[str] = (),
    channels: Sequence[Channel | str] = (),
    acquisition: Acquisition | None = None,
    derived_from: Source | Sequence[Source] = (),
    source_files: File | str | Sequence[File | str] = (),
    label_of: Image | str | None = None,
    settings: Mapping[str, Any] | None = None,
    app: MikroApp | None = None,
) -> ImageWriter:
    """Return a writer of frames that every reader sees as soon as they are appended.

    Parameters
    ----------
    dims : sequence of str
        Dimensions of the image, such as ``("t", "c", "y", "x")``.
    name : str
        Name of the image, 1 to 255 characters.
    append : str, optional
        Dimension along which the image grows, neither y nor x; left out, it is t.
    shape : sequence of int, optional
        Pixels of one frame along the other dimensions; left out, it is that of the first frame.
    image : Image or str, optional
        In place of all that is said about a new one: an image that grows, to go on behind its last frame.  A writer
        that still appends to it gets `AppendConflictError` from then on.
    pixel_size, unit, settings, app
        As for `from_xarray`.
    folder, tags, channels, acquisition, derived_from, source_files, label_of
        As for `from_xarray`; said when the first frame creates the image.

    Returns
    -------
    ImageWriter
        To be used in a ``with`` block, or in ``async with``.

    Raises
    ------
    ImageRefusedError
        *dims*, *append* and *shape* do not fit together, or *image* and what only a new image can be given.
    ImageNotFoundError, TableNotFoundError, StoredFileNotFoundError
        On entering the block: what it is made from, or labels, is not there.
    NoAppError, AppClosedError, AmbiguousAppError
        No app is open here, *app* is not, or several are and none was named.

    See Also
    --------
    watch_image : Be told of each frame.

    Examples
    --------
    >>> with image_writer(("t", "y", "x"), name="time lapse", append="t") as writer:
    ...     for frame in camera:
    ...         writer.append(frame)
    """
    return governing(app).mikro.image_writer(
        dims,
        name=name,
        append=append,
        shape=shape,
        image=image,
        pixel_size=pixel_size,
        unit=unit,
        folder=folder,
        tags=tags,
        channels=channels,
        acquisition=acquisition,
        derived_from=derived_from,
        source_files=source_files,
        label_of=label_of,
        settings=settings,
    )


aimage_writer = image_writer
"""The same: making a writer waits for nothing, and a writer is used with ``async with`` as well."""
