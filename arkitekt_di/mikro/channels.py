"""Channels of a new image: as they are named in Python, and whether they are as many as it has."""

from collections.abc import Sequence

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.descriptions import MAX_CHANNELS, MAX_TEXT, Channel
from arkitekt_di.messages.images import Axis, AxisType


def channels_from(given: Sequence[Channel | str]) -> tuple[Channel, ...]:
    """Return channels of which some may be given by their names alone."""
    return tuple(Channel(name=one) if isinstance(one, str) else one for one in given)


def named_channels(array: object, axes: Sequence[Axis]) -> tuple[Channel, ...]:
    """Return the channels that the texts on the channel axis of *array* name; none where there are no texts."""
    axis = next((axis.name for axis in axes if axis.type is AxisType.CHANNEL), None)
    coordinate = getattr(array, "coords", {}).get(axis)
    if coordinate is None or coordinate.dtype.kind not in "UO" or len(coordinate) > MAX_CHANNELS:
        return ()
    names = coordinate.values.tolist()
    fit = all(isinstance(name, str) and 0 < len(name) <= MAX_TEXT for name in names)
    return channels_from(names) if fit else ()


def check_channels(channels: Sequence[Channel], axes: Sequence[Axis], shape: Sequence[int | None]) -> None:
    """Raise `ImageRefusedError` where there are other channels than the image has.

    *shape* is None along an axis of which nobody knows yet how long it gets.
    """
    count = next((size for axis, size in zip(axes, shape, strict=True) if axis.type is AxisType.CHANNEL), 1)
    if channels and count is not None and len(channels) != count:
        raise ImageRefusedError(
            f"{len(channels)} channels were described, but the image has {count}",
            "Describe each position on its channel axis, in order",
        )
