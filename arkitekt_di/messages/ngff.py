"""OME-Zarr metadata, as the hub serves it and as files have it: OME-NGFF 0.5, and what 0.4 has of it.

https://ngff.openmicroscopy.org/0.5/, sections "multiscales" and "omero".
"""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import Field

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.images import Axis, AxisType
from arkitekt_di.messages.model import Message

VERSION: Final = "0.5"

OLD_VERSION: Final = "0.4"
"""The last one on zarr 2; https://ngff.openmicroscopy.org/0.4/."""

_MAX_AXES: Final = 5
_SPACE: Final = (2, 3)
"""How many axes of type space there may be."""

_NAMED: Final = {AxisType.SPACE: "space", AxisType.TIME: "time", AxisType.CHANNEL: "channel"}
_DEPTH_FIRST: Final = {"z": 0, "y": 1, "x": 2}

PALETTE: Final = ("00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF", "FFFFFF")
"""Colours of channels that have none, each well apart from the one before."""

RGB: Final = ("FF0000", "00FF00", "0000FF")
GREY: Final = "FFFFFF"


class NgffAxis(Message):
    """One axis; its place in the list is its place in the array."""

    name: str
    type: str | None = None
    unit: str | None = None


class Transformation(Message):
    """A step from pixels to the physical world: ``scale``, or ``translation`` after it; a length for each axis."""

    type: str
    scale: tuple[float, ...] | None = None
    translation: tuple[float, ...] | None = None


class Dataset(Message):
    """One level: where its array is in the group, and where its pixels are in the world."""

    path: str
    coordinate_transformations: tuple[Transformation, ...] = Field(default=(), alias="coordinateTransformations")


class Multiscale(Message):
    """One image in several resolutions, the finest first."""

    name: str | None = None
    axes: tuple[NgffAxis, ...]
    datasets: tuple[Dataset, ...] = Field(min_length=1)
    coordinate_transformations: tuple[Transformation, ...] = Field(default=(), alias="coordinateTransformations")

    def steps(self, level: int = 0) -> tuple[float, ...]:
        """Return the distance between neighbouring pixels of a level, along each axis."""
        steps = [1.0] * len(self.axes)
        for transformation in (*self.datasets[level].coordinate_transformations, *self.coordinate_transformations):
            if transformation.scale is not None and len(transformation.scale) == len(steps):
                steps = [step * scale for step, scale in zip(steps, transformation.scale, strict=True)]
        return tuple(steps)


class Window(Message):
    """Contrast: the values that are shown darkest and brightest, within those that there can be."""

    min: float
    max: float
    start: float
    end: float


class NgffChannel(Message):
    """How one channel is shown; ``color`` has six hexadecimal digits."""

    label: str | None = None
    color: str | None = None
    window: Window | None = None
    active: bool | None = None


class Omero(Message):
    """How an image is shown."""

    name: str | None = None
    channels: tuple[NgffChannel, ...] = ()


class OmeDocument(Message):
    """What makes an image of a group: the attribute ``ome``, or in 0.4 the attributes themselves."""

    version: str | None = None
    multiscales: tuple[Multiscale, ...] = ()
    omero: Omero | None = None

    def attributes(self) -> dict[str, Any]:
        """Return the attributes of a group, as OME-NGFF 0.5 wants them."""
        return {"ome": self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)}

    def old_attributes(self) -> dict[str, Any]:
        """Return the attributes of a group, as OME-NGFF 0.4 wants them: each part says the version itself."""
        (said,) = self.attributes().values()
        parts = {name: part for name, part in said.items() if name != "version"}
        parts["multiscales"] = [{**one, "version": OLD_VERSION} for one in parts["multiscales"]]
        return parts | ({"omero": {**parts["omero"], "version": OLD_VERSION}} if "omero" in parts else {})


def ngff_axes(axes: Sequence[Axis]) -> tuple[NgffAxis, ...]:
    """Return axes in the words of OME-NGFF; a custom type is allowed beside its three."""
    return tuple(NgffAxis(name=axis.name, type=_type(axis), unit=axis.unit) for axis in axes)


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
        names = ", ".join(f"{axis.name} ({_type(axis)})" for axis in axes)
        raise ImageRefusedError(
            f"OME-NGFF has no place for the axes {names}: it takes 2 or 3 axes of space, one of time and one more",
            "Read the image with image.data, or store planes and volumes of it as images of their own",
        )
    if {axes[place].name.lower() for place in space} <= set(_DEPTH_FIRST):
        space.sort(key=lambda place: _DEPTH_FIRST[axes[place].name.lower()])
    return (*time, *other, *space)


def level_transformations(steps: Sequence[float], factors: Sequence[int]) -> tuple[Transformation, ...]:
    """Return where the pixels of a level are: one that stands for several lies in their middle.

    Parameters
    ----------
    steps : sequence of float
        Pixel sizes of the finest level.
    factors : sequence of int
        How many of its pixels one pixel stands for, along each axis.
    """
    scale = tuple(step * factor for step, factor in zip(steps, factors, strict=True))
    offset = tuple(step * (factor - 1) / 2 for step, factor in zip(steps, factors, strict=True))
    moved = (Transformation(type="translation", translation=offset),) if any(offset) else ()
    return (Transformation(type="scale", scale=scale), *moved)


def reduction(whole: int, size: int) -> int:
    """Return by which power of two an axis was reduced: pyramids halve it, and its last pixel may stand for fewer."""
    factor = 1
    while -(-whole // factor) > size:
        factor *= 2
    return factor


def default_colors(count: int) -> tuple[str, ...]:
    """Return a colour for each of *count* channels: one is white, the others take turns."""
    return (GREY,) if count == 1 else tuple(PALETTE[i % len(PALETTE)] for i in range(count))


def _type(axis: Axis) -> str:
    return _NAMED.get(axis.type, axis.type.lower())
