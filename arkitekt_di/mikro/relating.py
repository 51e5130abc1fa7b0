"""Functions that say and tell what images come from, for sync and async code alike."""

from collections.abc import Sequence

from arkitekt_di.koil import dual
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.functions import MikroApp
from arkitekt_di.mikro.governed import bridge_of, governing, on_loop
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.relations import Source
from arkitekt_di.mikro.table import Table


async def aget_sources(image: Image | str, *, app: MikroApp | None = None) -> list[Image | Table | File]:
    """Return what an image comes from: `get_sources` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.relatives.aall_sources, identifier_of(image, Image))


@dual(bridge=bridge_of)
async def get_sources(image: Image | str, *, app: MikroApp | None = None) -> list[Image | Table | File]:
    """Return the images, tables and files that an image comes from.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    list of Image, Table and File
        In this order, as ``derived_from``, ``label_of`` and ``source_files`` of `from_xarray` said; what is in the
        trash is left out.

    Raises
    ------
    ImageNotFoundError
        No image has this identifier, or this user may not read it.

    See Also
    --------
    find_images : The other way round, with ``derived_from``.
    """
    return await aget_sources(image, app=app)


async def arelate_image(
    image: Image | str,
    *,
    derived_from: Source | Sequence[Source] = (),
    source_files: File | str | Sequence[File | str] = (),
    label_of: Image | str | None = None,
    app: MikroApp | None = None,
) -> Image:
    """Say what an image comes from: `relate_image` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(
        chosen,
        chosen.mikro.arelate_image,
        identifier_of(image, Image),
        derived_from=derived_from,
        source_files=source_files,
        label_of=label_of,
    )


@dual(bridge=bridge_of)
async def relate_image(
    image: Image | str,
    *,
    derived_from: Source | Sequence[Source] = (),
    source_files: File | str | Sequence[File | str] = (),
    label_of: Image | str | None = None,
    app: MikroApp | None = None,
) -> Image:
    """Say what else an image comes from, and which image it labels; what was said before stays.

    Everybody who may change the image may say so: each member of its organization.  Its provenance tells who did.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    derived_from : Image, Table, str or sequence of these, optional
        What it was made from; a text is the identifier of an image.
    source_files : File, str or sequence of these, optional
        Files that it was read from, or their identifiers.
    label_of : Image or str, optional
        The image whose objects its pixels number.  It is derived from it, too.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Image

    Raises
    ------
    ImageNotFoundError, TableNotFoundError, StoredFileNotFoundError
        One of them is not there; nothing was changed.
    HubRefusedError
        The image would come from itself, by any number of steps; it labels another image already; or there are more
        than 64 relations.
    RecordRefusedError
        Nothing was named, or a record of another kind.

    See Also
    --------
    unrelate_image : The inverse.
    get_sources : What an image comes from.

    Examples
    --------
    >>> relate_image(mask, label_of=raw, source_files=scan)
    """
    return await arelate_image(image, derived_from=derived_from, source_files=source_files, label_of=label_of, app=app)


async def aunrelate_image(
    image: Image | str,
    *,
    derived_from: Source | Sequence[Source] = (),
    source_files: File | str | Sequence[File | str] = (),
    label_of: Image | str | None = None,
    app: MikroApp | None = None,
) -> Image:
    """Take back what an image comes from: `unrelate_image` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(
        chosen,
        chosen.mikro.aunrelate_image,
        identifier_of(image, Image),
        derived_from=derived_from,
        source_files=source_files,
        label_of=label_of,
    )


@dual(bridge=bridge_of)
async def unrelate_image(
    image: Image | str,
    *,
    derived_from: Source | Sequence[Source] = (),
    source_files: File | str | Sequence[File | str] = (),
    label_of: Image | str | None = None,
    app: MikroApp | None = None,
) -> Image:
    """Take back what an image comes from, or which image it labels.

    What was never said is no error.  Everybody who may change the image may do so; its provenance tells who changed it,
    and when.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    derived_from : Image, Table, str or sequence of these, optional
        What it was made from; a text is the identifier of an image.
    source_files : File, str or sequence of these, optional
        Files that it was read from, or their identifiers.
    label_of : Image or str, optional
        The image whose objects its pixels number.  It stays derived from it; what is not derived
        from an image any more does not label it either.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Image

    Raises
    ------
    ImageNotFoundError
        The image is not there.  What it came from may be gone.
    RecordRefusedError
        Nothing was named, or a record of another kind.

    See Also
    --------
    relate_image : The inverse.

    Examples
    --------
    >>> unrelate_image(mask, derived_from=wrong)
    """
    return await aunrelate_image(
        image, derived_from=derived_from, source_files=source_files, label_of=label_of, app=app
    )
