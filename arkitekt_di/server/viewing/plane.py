"""Which plane of an image stands for it, and which stored objects hold that."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.images import Axis, AxisType
from arkitekt_di.messages.ngff import default_colors
from arkitekt_di.server.images.array_header import ArrayHeader
from arkitekt_di.server.images.descriptions import channels_of
from arkitekt_di.server.images.tables import Image, Store
from arkitekt_di.server.viewing.painting import LONGEST_PX

MAX_PLANE_BYTES: Final = 64 * 2**20
"""Largest plane, over all its channels, that is decoded for a picture."""

MAX_OBJECTS: Final = 1024
"""Objects that are read for a picture."""

MAX_COLOURS: Final = 8
"""Channels that are shown on top of one another; of more, the first is shown alone."""


@dataclass(frozen=True)
class Plane:
    """One plane of one level of an image.

    Attributes
    ----------
    store : Store
        The level.
    header : ArrayHeader
        Of the level.
    place : tuple of (int or None)
        For each axis where the plane is; None along the axes of the picture and of its channels.
    channel_axis : int or None
    colors : tuple of str or None
        Of each channel.
    contrast : tuple of (tuple or None)
        Of each channel.
    """

    store: Store
    header: ArrayHeader
    place: tuple[int | None, ...]
    channel_axis: int | None
    colors: tuple[str, ...] | None
    contrast: tuple[tuple[float, float] | None, ...]

    def blocks(self) -> list[tuple[int, ...]]:
        """Return the places, in the grid of stored objects, of those that the plane is in."""
        block = self.header.shard_shape or self.header.chunk_shape
        ranges = [
            range(-(-size // edge)) if place is None else range(place // edge, place // edge + 1)
            for size, edge, place in zip(self.header.shape, block, self.place, strict=True)
        ]
        return list(product(*ranges))


def plane_of(image: Image) -> Plane:
    """Return the plane that stands for an image: in the middle of its depth, and at the first place of all else.

    Raises
    ------
    ImageRefusedError
        There is none, or it is too large to be painted here.
    """
    axes = [Axis.model_validate(axis) for axis in image.axes]
    painted, channels = _painted(axes)
    store, header = _level(image, painted)
    if header.data_type.startswith("numpy."):
        raise ImageRefusedError("its pixels are times, which have no colour", "Read them with image.data")
    count = 1 if channels is None else header.shape[channels]
    shows_all = channels is not None and count <= MAX_COLOURS
    free = {*painted, channels} if shows_all else {*painted}
    place = tuple(None if axis in free else _place(axes[axis], size) for axis, size in enumerate(header.shape))
    plane = Plane(
        store=store,
        header=header,
        place=place,
        channel_axis=channels if shows_all else None,
        colors=_colors(image, count) if shows_all else None,
        contrast=_contrast(image, count if shows_all else 1),
    )
    _check_size(plane)
    return plane


def _painted(axes: Sequence[Axis]) -> tuple[tuple[int, int], int | None]:
    """Return the axes of a picture, y and x or the two last ones, and that of the channels."""
    names = [axis.name for axis in axes]
    channels = next((place for place, axis in enumerate(axes) if axis.type is AxisType.CHANNEL), None)
    if {"y", "x"} <= set(names):
        return (names.index("y"), names.index("x")), channels
    rest = [place for place in range(len(axes)) if place != channels]
    if len(rest) < 2:  # a picture has two
        raise ImageRefusedError("an image with fewer than two dimensions has no plane", "Read it with image.data")
    return (rest[-2], rest[-1]), channels


def _level(image: Image, painted: tuple[int, int]) -> tuple[Store, ArrayHeader]:
    """Return the coarsest level that has as many pixels as a picture."""
    levels = [(store, ArrayHeader.model_validate(store.header)) for store in image.stores()]
    fine_enough = [one for one in levels if max(one[1].shape[axis] for axis in painted) >= LONGEST_PX]
    return fine_enough[-1] if fine_enough else levels[0]


def _place(axis: Axis, size: int) -> int:
    return size // 2 if axis.type is AxisType.SPACE else 0


def _colors(image: Image, count: int) -> tuple[str, ...]:
    said = [channel.color for channel in channels_of(image)] or [None] * count
    return tuple(one or other for one, other in zip(said, default_colors(count), strict=True))


def _contrast(image: Image, count: int) -> tuple[tuple[float, float] | None, ...]:
    said = [channel.contrast for channel in channels_of(image)][:count] or [None] * count
    measured = [one.contrast() for one in ArrayHeader.model_validate(image.store.header).statistics][:count]
    known = measured if len(measured) == count else [None] * count
    return tuple(one or other for one, other in zip(said, known, strict=True))


def _check_size(plane: Plane) -> None:
    sizes = [size for size, place in zip(plane.header.shape, plane.place, strict=True) if place is None]
    n_bytes = math.prod(sizes) * np.dtype(plane.header.data_type).itemsize
    block = plane.header.shard_shape or plane.header.chunk_shape
    objects = math.prod(
        -(-size // edge)
        for size, edge, place in zip(plane.header.shape, block, plane.place, strict=True)
        if place is None
    )
    if n_bytes > MAX_PLANE_BYTES or objects > MAX_OBJECTS:
        raise ImageRefusedError(
            f"a plane of {n_bytes / 2**20:.0f} MiB in {objects} objects is too large to be painted here",
            "Store it with levels of resolution, or open it in another tool",
        )
