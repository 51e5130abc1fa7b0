"""How channels are shown: names, colours and contrast in the words of OME-NGFF."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from arkitekt_di.server.ngff.arrays import ServedArray

PALETTE: Final = ("00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF", "FFFFFF")
"""Colours of channels that have none, each well apart from the one before."""

RGB: Final = ("FF0000", "00FF00", "0000FF")
GREY: Final = "FFFFFF"


@dataclass(frozen=True)
class ShownChannel:
    """One channel.

    Attributes
    ----------
    label : str
    color : str
        Six hexadecimal digits: red, green, blue.
    limits : tuple of float
        Values that are shown darkest and brightest.
    bounds : tuple of float
        Smallest and largest value that there can be.
    """

    label: str
    color: str
    limits: tuple[float, float]
    bounds: tuple[float, float]

    def document(self) -> dict[str, Any]:
        """Return the member of ``omero.channels``."""
        low, high = self.limits
        least, most = self.bounds
        return {
            "label": self.label,
            "color": self.color,
            "active": True,
            "window": {"min": min(least, low), "max": max(most, high), "start": low, "end": high},
        }


def default_colors(count: int) -> tuple[str, ...]:
    """Return a colour for each of *count* channels: one is white, the others take turns."""
    return (GREY,) if count == 1 else tuple(PALETTE[i % len(PALETTE)] for i in range(count))


def bounds_of(data_type: str) -> tuple[float, float] | None:
    """Return the smallest and largest value of a data type; None where it has no bounds that a viewer could use."""
    dtype = np.dtype(data_type)
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind not in "iu":
        return None
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def labels_of(names: Sequence[object] | None, count: int) -> tuple[str, ...]:
    """Return a label for each channel; a number where there is no name."""
    return tuple(str(i) for i in range(count)) if names is None else tuple(str(name) for name in names)


def shown_channels(array: ServedArray, axis: int) -> tuple[ShownChannel, ...]:
    """Return how the channels of *array* are shown, or nothing where the values have no bounds that are known.

    Parameters
    ----------
    array : ServedArray
    axis : int
        The axis of the channels, as served.
    """
    count = array.shape[axis]
    bounds = bounds_of(str(array.metadata["data_type"]))
    if bounds is None:
        return ()
    is_rgb = count == len(RGB) and array.order[axis] == len(array.order) - 1
    colors = RGB if is_rgb else default_colors(count)
    labels = labels_of(_names(array, array.names[axis], count), count)
    return tuple(ShownChannel(label, color, bounds, bounds) for label, color in zip(labels, colors, strict=True))


def _names(array: ServedArray, dim: str, count: int) -> list[object] | None:
    """Return the labels that the coordinate of the axis has, where it is one of texts."""
    document = array.document
    for coordinate in () if document is None else document.coords:
        items = coordinate.values.get("items") if isinstance(coordinate.values, dict) else None
        if coordinate.name == dim and coordinate.dims == (dim,) and isinstance(items, list) and len(items) == count:
            return list(items) if all(isinstance(item, str) for item in items) else None
    return None
