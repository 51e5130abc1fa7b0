"""Whether stored images are whole, asked of the app that governs, for sync and async code alike."""

from arkitekt_di.koil import dual
from arkitekt_di.mikro.functions import MikroApp
from arkitekt_di.mikro.governed import bridge_of, governing, on_loop
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.pixels.verification import Damage


async def averify_image(image: Image | str, *, app: MikroApp | None = None) -> tuple[Damage, ...]:
    """Look for damage: `verify_image` for async code, typed as a coroutine function."""
    chosen = governing(app)

    async def verify() -> tuple[Damage, ...]:
        return await (await chosen.mikro.aget_image(identifier_of(image, Image))).averify()

    return await on_loop(chosen, verify)


@dual(bridge=bridge_of)
async def verify_image(image: Image | str, *, app: MikroApp | None = None) -> tuple[Damage, ...]:
    """Read every stored object of an image, and return those that are missing or not what was written.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    tuple of Damage
        Level, key and reason of each; empty where all is well.  What it can tell: see `Image.verify`.

    Raises
    ------
    ImageNotFoundError
        No image has this identifier, or this user may not read it.
    TransferError
        The object store does not answer.

    See Also
    --------
    averify_image : The same for async code.

    Examples
    --------
    >>> [image.id for image in search_images() if verify_image(image)]
    []
    """
    return await averify_image(image, app=app)
