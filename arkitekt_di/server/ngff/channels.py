"""How the channels of a stored array are shown: names, colours and contrast."""

import numpy as np

from arkitekt_di.messages.ngff import RGB, NgffChannel, Window, default_colors
from arkitekt_di.server.ngff.arrays import ServedArray


def shown_channels(array: ServedArray, axis: int) -> tuple[NgffChannel, ...]:
    """Return how the channels of *array* are shown, or nothing where its values have no bounds that are known.

    Parameters
    ----------
    array : ServedArray
    axis : int
        The axis of the channels, as served.
    """
    count = array.shape[axis]
    window = _window(str(array.metadata["data_type"]))
    if window is None:  # OME-NGFF wants contrast with every channel, and none would be right
        return ()
    is_rgb = count == len(RGB) and array.order[axis] == len(array.order) - 1
    colors = RGB if is_rgb else default_colors(count)
    labels = _labels(array, array.names[axis], count)
    return tuple(
        NgffChannel(label=label, color=color, window=window) for label, color in zip(labels, colors, strict=True)
    )


def _window(data_type: str) -> Window | None:
    """Return all that a pixel of whole numbers can be; None for other types."""
    dtype = np.dtype(data_type)
    if dtype.kind == "b":
        return Window(min=0, max=1, start=0, end=1)
    if dtype.kind not in "iu":
        return None
    info = np.iinfo(dtype)
    return Window(min=info.min, max=info.max, start=info.min, end=info.max)


def _labels(array: ServedArray, dim: str, count: int) -> tuple[str, ...]:
    """Return the labels of the axis' coordinate where it is one of texts, and numbers where it is not."""
    document = array.document
    for coordinate in () if document is None else document.coords:
        items = coordinate.values.get("items") if isinstance(coordinate.values, dict) else None
        if coordinate.name == dim and coordinate.dims == (dim,) and isinstance(items, list) and len(items) == count:
            return tuple(str(item) for item in items)
    return tuple(str(number) for number in range(count))
