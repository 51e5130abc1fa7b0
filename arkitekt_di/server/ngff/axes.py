"""Which way round OME-NGFF wants the axes of an image."""

from collections.abc import Sequence
from typing import Final

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.images import Axis, AxisType

_MAX_AXES: Final = 5
_SPACE: Final = (2, 3)
"""How many axes of type space there may be."""

_NAMED: Final = {AxisType.SPACE: "space", AxisType.TIME: "time", AxisType.CHANNEL: "channel"}
_DEPTH_FIRST: Final = {"z": 0, "y": 1, "x": 2}


def ngff_type(axis: Axis) -> str:
    """Return the type of an axis in the words of OME-NGFF; a custom type is allowed beside its three."""
    return _NAMED.get(axis.type, axis.type.lower())


def ngff_order(axes: Sequence[Axis]) -> tuple[int, ...]:
    """Return where each axis of the OME-NGFF array is among the stored ones: time, then channel, then space.

    OME-NGFF 0.5, section "multiscales": 2 to 5 axes, 2 or 3 of them of type space, at most one of type time, at most
    one of type channel or of a type of its own; in this order, and space as z, y, x.

    Raises
    ------
    ImageRefusedError
        The image has other axes.
    """
    space = [place for place, axis in enumerate(axes) if axis.type is AxisType.SPACE]
    time = [place for place, axis in enumerate(axes) if axis.type is AxisType.TIME]
    other = [place for place in range(len(axes)) if place not in {*space, *time}]
    if len(axes) > _MAX_AXES or len(space) not in _SPACE or len(time) > 1 or len(other) > 1:
        names = ", ".join(f"{axis.name} ({ngff_type(axis)})" for axis in axes)
        raise ImageRefusedError(
            f"OME-NGFF has no place for the axes {names}: it takes 2 or 3 axes of space, one of time and one more",
            "Read the image with image.data, or store planes and volumes of it as images of their own",
        )
    if {axes[place].name.lower() for place in space} <= set(_DEPTH_FIRST):
        space.sort(key=lambda place: _DEPTH_FIRST[axes[place].name.lower()])
    return (*time, *other, *space)
