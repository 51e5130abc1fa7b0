"""Paints one plane of a stored array: a program of its own, because what it decodes was written by somebody else.

``python -m arkitekt_di.server.viewing.painting`` takes an `Order` on its standard input, as one line of JSON, then the
bytes of the objects, and writes a PNG.  A chunk that makes a decoder fail, or swell beyond all bounds, ends this
program and not the hub.
"""

import contextlib
import sys
from typing import Any, BinaryIO, Final

import numpy as np
from pydantic import BaseModel

from arkitekt_di.messages.ngff import RGB
from arkitekt_di.messages.pixels import HEADER
from arkitekt_di.picture import composite, png

MEMORY_BYTES: Final = 4 * 2**30
"""Address space of the program; an array of 64 MiB, decoded in threads, needs a tenth of it."""

CPU_S: Final = 30
"""Seconds of processor time."""

LONGEST_PX: Final = 768
"""Longest edge of a picture."""


class Order(BaseModel):
    """What is to be painted.

    Attributes
    ----------
    place : tuple of (int or None)
        For each axis of the array where the plane is; None along the axes that are painted.
    channel_axis : int or None
        The axis of the channels, whose place is None, too.
    colors : tuple of str
        Of each channel.
    contrast : tuple of (tuple or None)
        Of each channel.
    objects : tuple of (str, int)
        Key and size of each object whose bytes follow.
    """

    place: tuple[int | None, ...]
    channel_axis: int | None = None
    colors: tuple[str, ...] | None = None
    contrast: tuple[tuple[float, float] | None, ...] | None = None
    objects: tuple[tuple[str, int], ...]


def paint(order: Order, objects: dict[str, bytes]) -> bytes:
    """Return the picture."""
    import zarr
    from zarr.core.buffer import cpu
    from zarr.storage import MemoryStore

    store = MemoryStore({key: cpu.Buffer.from_bytes(body) for key, body in objects.items()}, read_only=True)
    array: Any = zarr.open_array(store=store, mode="r", zarr_format=3)
    values = np.asarray(array[tuple(slice(None) if place is None else place for place in order.place)])
    is_rgb = False
    if order.channel_axis is not None:
        kept = [axis for axis, place in enumerate(order.place) if place is None]
        axis = kept.index(order.channel_axis)
        is_rgb = axis == values.ndim - 1 and values.shape[axis] >= len(RGB) and values.dtype == np.uint8
        values = np.moveaxis(values, axis, 0)
    step = -(-max(values.shape[-2:]) // LONGEST_PX)
    return png(composite(values[..., ::step, ::step], order.colors, order.contrast, is_rgb=is_rgb))


def _bounded() -> None:
    """Give up what a picture does not need."""
    with contextlib.suppress(ImportError):  # Windows has no such bounds; the hub's own bound of time holds there, too
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))


def main(given: BinaryIO, taken: BinaryIO) -> None:
    """Read an order, and write the picture."""
    _bounded()
    order = Order.model_validate_json(given.readline())
    objects = {key: given.read(size) for key, size in order.objects}
    taken.write(paint(order, {HEADER: b"", **objects}))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
