"""Corners of regions of interest, and the box and the pixels that they are in."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from arkitekt_di.messages.rois import RoiDraft, RoiKind

CORNERS_OF_ELLIPSE: Final = 64
"""Corners of an ellipse that becomes a polygon; its area is then 0.16 % too small."""

_BOXES: Final = {RoiKind.RECTANGLE, RoiKind.CUBE}
_ROUND: Final = {RoiKind.CIRCLE, RoiKind.ELLIPSE, RoiKind.SPHERE, RoiKind.ELLIPSOID}

Floats = npt.NDArray[np.float64]


def vertices(draft: RoiDraft) -> Floats:
    """Return the vertices as they were given: one row a vertex, one column a dim, in pixels."""
    return np.asarray(draft.vectors, dtype=np.float64).reshape(len(draft.vectors), len(draft.dims))


def corners(draft: RoiDraft) -> Floats:
    """Return the four corners of a rectangle or of the box of an ellipse in two dims, one after the other."""
    given = vertices(draft)
    if len(given) != 2 or given.shape[1] != 2:
        return given
    (first, second), (third, fourth) = given
    return np.array([[first, second], [first, fourth], [third, fourth], [third, second]])


def outline(draft: RoiDraft) -> Floats:
    """Return what is drawn: the corners of a rectangle, 64 corners of an ellipse, else the vertices."""
    if draft.kind in _BOXES:
        return corners(draft)
    if draft.kind not in _ROUND:
        return vertices(draft)
    box = corners(draft)
    center = box.mean(axis=0)
    first, second = (box[1] - box[0]) / 2, (box[-1] - box[0]) / 2
    angles = np.linspace(0, 2 * np.pi, CORNERS_OF_ELLIPSE, endpoint=False)
    ring: Floats = center + np.cos(angles)[:, None] * first + np.sin(angles)[:, None] * second
    return ring


def bounds(draft: RoiDraft) -> dict[str, tuple[float, float]]:
    """Return the least and the greatest number on each dim of the region."""
    given = vertices(draft)
    if not len(given):
        return {}
    columns = zip(draft.dims, given.min(axis=0).tolist(), given.max(axis=0).tolist(), strict=True)
    return {dim: (least, most) for dim, least, most in columns}


def slices(draft: RoiDraft, sizes: Mapping[str, int]) -> dict[str, slice | int]:
    """Return the pixels that a region touches, to cut an image of *sizes* by name.

    Pixel centres are whole numbers, so pixel *i* reaches from *i* - 0.5 to *i* + 0.5.
    """
    cut: dict[str, slice | int] = {
        dim: slice(max(0, int(np.floor(least + 0.5))), min(sizes[dim], int(np.floor(most + 0.5)) + 1))
        for dim, (least, most) in bounds(draft).items()
        if dim in sizes
    }
    return cut | {dim: at for dim, at in draft.coordinates.items() if dim in sizes}


def inside(draft: RoiDraft, dims: tuple[str, str], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return which pixels of a plane lie within the outline: those whose centres do (even-odd rule)."""
    places = [draft.dims.index(dim) for dim in dims]
    ring = outline(draft)[:, places]
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    within: npt.NDArray[Any] = np.zeros(shape, dtype=bool)
    for (row, column), (next_row, next_column) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        crosses = (row > rows) != (next_row > rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = column + (rows - row) * (next_column - column) / (next_row - row)
        within ^= crosses & (columns < at)
    return within
