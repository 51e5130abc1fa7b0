"""Functions over the regions of interest of the app that governs, for sync and async code alike."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from arkitekt_di.errors import RoiRefusedError
from arkitekt_di.koil import dual
from arkitekt_di.messages.rois import RoiDraft, RoiKind
from arkitekt_di.mikro.governed import OpenApp, bridge_of, governing, on_loop, opened
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.rois.roi import Roi
from arkitekt_di.mikro.rois.service import Rois
from arkitekt_di.mikro.watching import Watch


class RoiService(Protocol):
    """A data service that has regions of interest."""

    @property
    def rois(self) -> Rois:
        """Its regions."""
        ...


class RoiApp(OpenApp, Protocol):
    """An app that has regions of interest."""

    @property
    def mikro(self) -> RoiService:
        """Its data service."""
        ...


def draw(  # noqa: PLR0913  # each is a word of the user's
    vectors: npt.ArrayLike = (),
    kind: RoiKind | str = RoiKind.POLYGON,
    *,
    dims: Sequence[str] = (),
    at: Mapping[str, int] | None = None,
    label: str = "",
    tags: Sequence[str] = (),
    color: Sequence[int] | None = None,
    mask: Image | str | None = None,
) -> RoiDraft:
    """Return a region of interest that is not stored yet, for `create_rois`.

    Parameters
    ----------
    vectors : array_like
        One row a vertex, one column for each of *dims*, in pixels; pixel centres are whole numbers.
    kind : RoiKind or str, default "POLYGON"
        ``POINT``, ``MULTI_POINT``, ``LINE``, ``PATH``, ``POLYGON``, ``RECTANGLE``, ``CUBE``, ``CIRCLE``, ``ELLIPSE``,
        ``SPHERE``, ``ELLIPSOID`` or ``MASK``; in any case.  A rectangle or an ellipse is given by two opposite corners
        of its box, or by four, which may be rotated.
    dims : sequence of str, optional
        Axes of the image that the columns belong to, such as ``("y", "x")``; left out, the last axes of space.
    at : mapping of str to int, optional
        Positions on other axes that it is at, such as ``{"t": 3}``; on axes that are in neither it is everywhere.  For
        a mask, ``{"label": 7}`` says which label it is.
    label : str, optional
        Its name.
    tags : sequence of str, optional
    color : sequence of int, optional
        Red, green, blue and maybe opacity, from 0 to 255.
    mask : Image or str, optional
        Image of labels that a mask is in, or its identifier.

    Raises
    ------
    RoiRefusedError
        The vertices are none of a region of this kind.
    """
    try:
        table = np.asarray(vectors, dtype=float)
        table = table.reshape(1, -1) if table.ndim == 1 and table.size else table
        return RoiDraft(
            kind=RoiKind(str(kind).upper()),
            dims=tuple(dims),
            vectors=tuple(map(tuple, table.tolist())),
            coordinates=dict(at or {}),
            label=label,
            tags=tuple(tags),
            stroke_color=None if color is None else tuple(color),
            mask_id=None if mask is None else identifier_of(mask, Image),
        )
    except ValueError as error:  # pydantic's is one, too
        raise RoiRefusedError(f"this is no {kind}: {_reason(error)}") from error


async def acreate_rois(image: Image | str, drafts: Sequence[RoiDraft], *, app: RoiApp | None = None) -> list[Roi]:
    """Draw regions on an image: `create_rois` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.rois.acreate, identifier_of(image, Image), list(drafts))


@dual(bridge=bridge_of)
async def create_rois(image: Image | str, drafts: Sequence[RoiDraft], *, app: RoiApp | None = None) -> list[Roi]:
    """Draw regions on an image.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    drafts : sequence of RoiDraft
        Made by `draw`, or by `drafts_from` (GeoJSON) and `drafts_of` (napari).  They are sent a hundred at a time: of
        each hundred all are drawn or none.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    list of Roi
        In the order of *drafts*.

    Raises
    ------
    ImageNotFoundError
        The image is gone.
    HubRefusedError
        One of them lies on an axis that the image does not have.

    Examples
    --------
    >>> create_rois(image, [draw([[10, 10], [40, 30]], "rectangle", label="nucleus")])
    [<Roi RECTANGLE 'nucleus' on y, x, id ...>]
    """
    return await acreate_rois(image, drafts, app=app)


async def acreate_roi(  # noqa: PLR0913  # each is a word of the user's
    image: Image | str,
    vectors: npt.ArrayLike = (),
    kind: RoiKind | str = RoiKind.POLYGON,
    *,
    dims: Sequence[str] = (),
    at: Mapping[str, int] | None = None,
    label: str = "",
    tags: Sequence[str] = (),
    color: Sequence[int] | None = None,
    mask: Image | str | None = None,
    app: RoiApp | None = None,
) -> Roi:
    """Draw a region on an image: `create_roi` for async code, typed as a coroutine function."""
    drawn = draw(vectors, kind, dims=dims, at=at, label=label, tags=tags, color=color, mask=mask)
    return (await acreate_rois(image, [drawn], app=app))[0]


@dual(bridge=bridge_of)
async def create_roi(  # noqa: PLR0913  # each is a word of the user's
    image: Image | str,
    vectors: npt.ArrayLike = (),
    kind: RoiKind | str = RoiKind.POLYGON,
    *,
    dims: Sequence[str] = (),
    at: Mapping[str, int] | None = None,
    label: str = "",
    tags: Sequence[str] = (),
    color: Sequence[int] | None = None,
    mask: Image | str | None = None,
    app: RoiApp | None = None,
) -> Roi:
    """Draw one region on an image; the parameters are those of `draw`, the rest is as for `create_rois`.

    Examples
    --------
    >>> create_roi(image, [[1, 1], [1, 9], [9, 5]], label="wing", at={"c": 0})
    <Roi POLYGON 'wing' on y, x, c=0, id ...>
    """
    drawn = draw(vectors, kind, dims=dims, at=at, label=label, tags=tags, color=color, mask=mask)
    return (await acreate_rois(image, [drawn], app=app))[0]


def get_rois(
    image: Image | str, *, kind: RoiKind | str | None = None, text: str | None = None, app: RoiApp | None = None
) -> Pages[Roi]:
    """Return the regions of an image, to iterate over in sync and async code.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    kind : RoiKind or str, optional
        Only those of this shape.
    text : str, optional
        Only those whose label holds this; case does not count.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Pages of Roi
        In the order in which they were drawn, fetched page by page.
    """
    return governing(app).mikro.rois.iterate(identifier_of(image, Image), kind=_kind(kind), text=text)


aget_rois = get_rois
"""The same: pages are fetched by whoever iterates over them, with ``for`` or with ``async for``."""


def search_rois(text: str | None = None, *, kind: RoiKind | str | None = None, app: RoiApp | None = None) -> Pages[Roi]:
    """Find regions of all images, to iterate over in sync and async code.

    Parameters
    ----------
    text : str, optional
        Part of the label; case does not count.  All regions where it is left out.
    kind : RoiKind or str, optional
        Only those of this shape.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Pages of Roi
        In the order in which they were drawn, fetched page by page; without those of images in the trash.  Each knows
        its image by ``roi.image_id``.

    See Also
    --------
    get_rois : Those of one image.

    Examples
    --------
    >>> images = {roi.image_id for roi in search_rois("nucleus", kind="polygon")}
    """
    return governing(app).mikro.rois.iterate(None, kind=_kind(kind), text=text)


asearch_rois = search_rois
"""The same: pages are fetched by whoever iterates over them, with ``for`` or with ``async for``."""


async def aget_roi(roi: Roi | str, *, app: RoiApp | None = None) -> Roi:
    """Return one region: `get_roi` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.rois.aget, identifier_of(roi, Roi))


@dual(bridge=bridge_of)
async def get_roi(roi: Roi | str, *, app: RoiApp | None = None) -> Roi:
    """Return one region of interest by its identifier; raises `RoiNotFoundError`."""
    return await aget_roi(roi, app=app)


def awatch_rois(image: Image | str, *, app: RoiApp | None = None) -> Watch[Roi]:
    """Watch regions: `watch_rois` for async code, not open until it is entered or iterated over."""
    return governing(app).mikro.rois.watch(identifier_of(image, Image))


def watch_rois(image: Image | str, *, app: RoiApp | None = None) -> Watch[Roi]:
    """Tell what happens to the regions of an image, as it happens; see `watch_images`.

    Parameters
    ----------
    image : Image or str
        The image, or its identifier.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Watch of Roi
        Yields a `Change` for each region that is drawn, changed or removed.
    """
    return opened(awatch_rois(image, app=app))


def _kind(kind: RoiKind | str | None) -> RoiKind | None:
    return None if kind is None else RoiKind(str(kind).upper())


def _reason(error: ValueError) -> str:
    errors = getattr(error, "errors", None)
    return str(errors()[0]["msg"] if errors is not None else error)
