"""Functions that find, move and restore images of the app that governs, for sync and async code alike."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from arkitekt_di.koil import dual
from arkitekt_di.messages.descriptions import ImageQuery, SizeRange
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.functions import MikroApp
from arkitekt_di.mikro.governed import bridge_of, governing, on_loop
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.relations import Source

Bounds = int | tuple[int | None, int | None]
"""A number of pixels, or at least and at most so many."""


def find_images(  # noqa: PLR0913  # each is a criterion of the user's
    text: str | None = None,
    *,
    dims: Sequence[str] = (),
    sizes: Mapping[str, Bounds] | None = None,
    dtype: str | None = None,
    tags: Sequence[str] = (),
    folder: Folder | str | None = None,
    creator: str | None = None,
    derived_from: Source | File | None = None,
    label_of: Image | str | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    acquired_after: datetime | None = None,
    acquired_before: datetime | None = None,
    trashed: bool = False,
    app: MikroApp | None = None,
) -> Pages[Image]:
    """Find images by what they are and by what was said about them; everything that is given has to fit.

    Parameters
    ----------
    text : str, optional
        Part of the name, the description or a tag; case does not count.
    dims : sequence of str, optional
        Dimensions that the image has, in any order.
    sizes : mapping of str to int or tuple, optional
        Pixels along dimensions: a number, or ``(least, most)`` of which each may be None.
    dtype : str, optional
        Type of a pixel, such as ``"uint16"``.
    tags : sequence of str, optional
        Tags that the image has, all of them; case does not count.
    folder : Folder or str, optional
        The folder, or its path, that the image lies right in.
    creator : str, optional
        Identifier of the user who made it, such as ``image.creator.id``.
    derived_from : Image, Table, File or str, optional
        What it was made from, or the identifier of that.
    label_of : Image or str, optional
        The image that it labels.
    created_after, created_before, acquired_after, acquired_before : datetime.datetime, optional
        The first moment that fits, and the first that does not any more.  Without a time zone it is UTC.
    trashed : bool, default False
        Look for what was deleted and can still be restored, and for nothing else.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Pages of Image
        To iterate over in sync and async code, oldest first, fetched page by page: images that are added meanwhile
        come last, so that none is left out or told twice.

    Raises
    ------
    FolderNotFoundError
        While iterating: there is no such folder.
    HubRefusedError
        While iterating: there are more than 32 criteria, or one of them is none.

    See Also
    --------
    search_images : One page, newest first.

    Examples
    --------
    >>> for image in find_images("embryo", dims=("c", "z"), sizes={"z": (10, None)}, tags=["fixed"]):
    ...     print(image)
    """
    query = ImageQuery(
        text=text,
        dims=tuple(dims),
        dtype=dtype,
        sizes=tuple(_size(axis, bounds) for axis, bounds in (sizes or {}).items()),
        tags=tuple(tags),
        creator=creator,
        derived_from=derived_from if derived_from is None or isinstance(derived_from, str) else derived_from.id,
        label_of=None if label_of is None else identifier_of(label_of, Image),
        created_after=_aware(created_after),
        created_before=_aware(created_before),
        acquired_after=_aware(acquired_after),
        acquired_before=_aware(acquired_before),
        is_trashed=trashed,
    )
    return governing(app).mikro.find_images(query, folder=folder)


afind_images = find_images
"""The same: pages are fetched by whoever iterates over them, with ``for`` or with ``async for``."""


async def amove_image(image: Image | str, folder: Folder | str | None, *, app: MikroApp | None = None) -> Image:
    """Put an image into a folder: `move_image` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.amove_image, identifier_of(image, Image), folder)


@dual(bridge=bridge_of)
async def move_image(image: Image | str, folder: Folder | str | None, *, app: MikroApp | None = None) -> Image:
    """Put an image into a folder.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    folder : Folder or str or None
        The folder; a path such as ``"2026/november"`` is made where it is not there.  None takes it out of any folder.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Image

    Raises
    ------
    ImageNotFoundError, FolderNotFoundError
        One of them is not there any more.
    """
    return await amove_image(image, folder, app=app)


async def arestore_image(image: Image | str, *, app: MikroApp | None = None) -> Image:
    """Take an image out of the trash: `restore_image` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.arestore_image, identifier_of(image, Image))


@dual(bridge=bridge_of)
async def restore_image(image: Image | str, *, app: MikroApp | None = None) -> Image:
    """Take an image out of the trash, into the folder where it was, if that is still there.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Image
        As it was when it was deleted.

    Raises
    ------
    ImageNotFoundError
        It is not in the trash, or not any more.
    HubRefusedError
        It went there with its folder: restore the folder.
    """
    return await arestore_image(image, app=app)


def _size(axis: str, bounds: Bounds) -> SizeRange:
    least, most = (bounds, bounds) if isinstance(bounds, int) else bounds
    return SizeRange(axis=axis, min=least, max=most)


def _aware(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)
