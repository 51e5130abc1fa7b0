"""Regions of interest as the data of a napari shapes or points layer: plain arrays and words, without napari."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from arkitekt_di.errors import RoiRefusedError
from arkitekt_di.messages.rois import RoiDraft, RoiKind
from arkitekt_di.mikro.rois.outlines import corners, vertices

_WORDS: Final = {
    RoiKind.RECTANGLE: "rectangle",
    RoiKind.ELLIPSE: "ellipse",
    RoiKind.CIRCLE: "ellipse",
    RoiKind.POLYGON: "polygon",
    RoiKind.LINE: "line",
    RoiKind.PATH: "path",
}
_KINDS: Final = {word: kind for kind, word in _WORDS.items() if kind is not RoiKind.CIRCLE}


def shapes_of(drafts: Iterable[RoiDraft], dims: Sequence[str]) -> tuple[list[npt.NDArray[np.float64]], list[str]]:
    """Return what ``viewer.add_shapes(data, shape_type=types)`` takes, over an image of *dims*.

    An axis that a region is not drawn on has its position there, or 0.

    Raises
    ------
    RoiRefusedError
        One of them is no shape: points, volumes and masks.
    """
    data, types = [], []
    for draft in drafts:
        if draft.kind not in _WORDS:
            raise RoiRefusedError(f"a {draft.kind} is no shape of napari: leave it out")
        flat = corners(draft) if draft.kind in {RoiKind.RECTANGLE, RoiKind.ELLIPSE, RoiKind.CIRCLE} else vertices(draft)
        columns = [
            flat[:, draft.dims.index(dim)] if dim in draft.dims else np.full(len(flat), draft.coordinates.get(dim, 0.0))
            for dim in dims
        ]
        data.append(np.stack(columns, axis=1).astype(np.float64))
        types.append(_WORDS[draft.kind])
    return data, types


def drafts_of(
    data: Sequence[Any], shape_type: str | Sequence[str], dims: Sequence[str], *, labels: Sequence[str] = ()
) -> list[RoiDraft]:
    """Return the regions that a shapes layer over an image of *dims* holds.

    All but the last two dims are positions, which a shape has to be at with all of its corners.

    Raises
    ------
    RoiRefusedError
        A shape lies across planes, is of no known type, or has other dims.
    """
    types = [shape_type] * len(data) if isinstance(shape_type, str) else list(shape_type)
    if len(types) != len(data):
        raise RoiRefusedError(f"{len(types)} types were given for {len(data)} shapes")
    names = [*labels, *[""] * (len(data) - len(labels))]
    return [
        _draft(np.asarray(one, dtype=float), word, tuple(dims), label)
        for one, word, label in zip(data, types, names, strict=False)
    ]


def _draft(corners: npt.NDArray[np.float64], word: str, dims: tuple[str, ...], label: str) -> RoiDraft:
    if word not in _KINDS or corners.ndim != 2 or corners.shape[1] != len(dims):
        raise RoiRefusedError(f"{word!r} with corners of shape {corners.shape} is no shape over {', '.join(dims)}")
    if np.ptp(corners[:, :-2], axis=0).any():
        raise RoiRefusedError("a shape lies across planes")
    at = {dim: round(value) for dim, value in zip(dims[:-2], corners[0, :-2].tolist(), strict=True)}
    return RoiDraft(
        kind=_KINDS[word],
        dims=dims[-2:],
        vectors=tuple(map(tuple, corners[:, -2:].tolist())),
        coordinates=at,
        label=label,
    )
