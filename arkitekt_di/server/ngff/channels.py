"""How the channels of a stored array are shown: names, colours and contrast."""

from collections.abc import Sequence

import numpy as np

from arkitekt_di.messages.descriptions import Channel
from arkitekt_di.messages.ngff import RGB, NgffChannel, Window, default_colors
from arkitekt_di.server.ngff.arrays import ServedArray


def shown_channels(array: ServedArray, axis: int, described: Sequence[Channel] = ()) -> tuple[NgffChannel, ...]:
    """Return how the channels of *array* are shown, or nothing where the bounds of their values are not known.

    Parameters
    ----------
    array : ServedArray
        The finest level.
    axis : int
        The axis of the channels, as served.
    described : sequence of Channel, optional
        What the record says about them; it goes before what the array says.
    """
    count = array.shape[axis]
    said = described if len(described) == count else [None] * count
    is_rgb = count == len(RGB) and array.order[axis] == len(array.order) - 1
    colors = RGB if is_rgb else default_colors(count)
    labels = _labels(array, array.names[axis], count)
    windows = [_window(array, number, channel) for number, channel in enumerate(said)]
    if None in windows:  # OME-NGFF wants contrast with every channel, and none would be right
        return ()
    return tuple(
        NgffChannel(
            label=label if channel is None else channel.name,
            color=color if channel is None or channel.color is None else channel.color,
            window=window,
            active=None if channel is None else channel.is_shown,
        )
        for channel, label, color, window in zip(said, labels, colors, windows, strict=True)
    )


def _window(array: ServedArray, number: int, channel: Channel | None) -> Window | None:
    """Return the contrast of one channel: as described, else that of its histogram, else all values."""
    bounds = _bounds(str(array.metadata["data_type"]))
    document = array.document
    statistics = () if document is None else document.statistics
    measured = statistics[number] if len(statistics) > number else None
    low, high = (None, None) if measured is None else (measured.min, measured.max)
    found = None if low is None or high is None else (float(low), float(high))
    limits = (channel.limits if channel else None) or bounds or found
    shown = None if measured is None else measured.contrast()
    contrast = (channel.contrast if channel else None) or shown or bounds
    if limits is None or contrast is None:
        return None
    start, end = contrast
    return Window(min=min(limits[0], start), max=max(limits[1], end), start=start, end=end)


def _bounds(data_type: str) -> tuple[float, float] | None:
    """Return the least and the greatest value that a pixel of whole numbers can have; None for other types."""
    dtype = np.dtype(data_type)
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind not in "iu":
        return None
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def _labels(array: ServedArray, dim: str, count: int) -> tuple[str, ...]:
    """Return the labels of the axis' coordinate where it is one of texts, and numbers where it is not."""
    document = array.document
    for coordinate in () if document is None else document.coords:
        items = coordinate.values.get("items") if isinstance(coordinate.values, dict) else None
        if coordinate.name == dim and coordinate.dims == (dim,) and isinstance(items, list) and len(items) == count:
            return tuple(str(item) for item in items)
    return tuple(str(number) for number in range(count))
