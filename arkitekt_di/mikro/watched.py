"""Functions that tell what happens to images of the app that governs, for sync and async code alike."""

from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.functions import MikroApp
from arkitekt_di.mikro.governed import governing, opened
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.watching import Watch


def awatch_images(folder: Folder | str | None = None, *, app: MikroApp | None = None) -> Watch[Image]:
    """Watch images: `watch_images` for async code, not open until it is entered or iterated over."""
    return governing(app).mikro.watch_images(folder=folder)


def watch_images(folder: Folder | str | None = None, *, app: MikroApp | None = None) -> Watch[Image]:
    """Tell what happens to images, as it happens.

    Parameters
    ----------
    folder : Folder or str, optional
        The folder, or its path, such as ``"2026/november"``: only images right in it are watched.  All images where it
        is left out.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Watch of Image
        Yields a `Change` for each image that is created, updated or deleted.  It is open when this returns, except on
        the app's own loop, where ``async with`` opens it.  What it promises when a connection is lost: see `Watch`.

    Raises
    ------
    ConnectionLostError
        The hub does not answer.
    NoAppError, AppClosedError, AmbiguousAppError
        No app is open here, *app* is not, or several are and none was named.

    See Also
    --------
    awatch_images : The same for async code.
    watch_image : One image.

    Examples
    --------
    >>> for change in watch_images():
    ...     print(change.kind, change.record)
    ...     break
    """
    return opened(awatch_images(folder, app=app))


def awatch_image(image: Image | str, *, app: MikroApp | None = None) -> Watch[Image]:
    """Watch one image: `watch_image` for async code, not open until it is entered or iterated over."""
    return governing(app).mikro.watch_images(image_id=identifier_of(image, Image))


def watch_image(image: Image | str, *, app: MikroApp | None = None) -> Watch[Image]:
    """Tell what happens to one image, as it happens; see `watch_images`.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Watch of Image
        Yields a `Change` whenever the image gets another name, more frames, or is deleted.
    """
    return opened(awatch_image(image, app=app))
