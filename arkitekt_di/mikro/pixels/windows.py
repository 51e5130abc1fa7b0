"""A lazy array in pieces that are computed one after the other, so that memory does not depend on its size."""

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from arkitekt_di.mikro.pixels.layout import Layout, Region

WINDOW_BYTES: Final = 128 * 2**20
"""Pixels that are computed at once, about.  Dask may compute them in any order, and all of them may be in memory."""


def windows(
    layout: Layout, chunks: Sequence[Sequence[int]], itemsize: int, *, limit: int = WINDOW_BYTES
) -> Iterator[Region]:
    """Yield boxes of whole objects, in their order, each of *limit* bytes or not much more.

    A box ends where an object and a chunk of the source end together, if there is such a place, so that each chunk is
    computed once; else chunks that reach into two boxes are computed for both.
    """
    yield from _cut(layout, chunks, max(1, limit // itemsize), ())


def _cut(layout: Layout, chunks: Sequence[Sequence[int]], pixels: int, outer: Region) -> Iterator[Region]:
    axis = len(outer)
    rest = tuple(slice(0, size) for size in layout.shape[axis:])
    held = math.prod(part.stop - part.start for part in outer)
    if held * math.prod(layout.shape[axis:]) <= pixels or axis == len(layout.shape):
        yield (*outer, *rest)
        return
    room = pixels // max(1, held * math.prod(layout.shape[axis + 1 :]))
    ends = list(accumulate(chunks[axis]))
    start = 0
    while start < layout.shape[axis]:
        stop = _end(start, layout.shape[axis], layout.shard[axis], ends, room)
        yield from _cut(layout, chunks, pixels, (*outer, slice(start, stop)))
        start = stop


def _end(start: int, size: int, shard: int, ends: Sequence[int], room: int) -> int:
    """Return where a box that begins at *start* ends along one axis."""
    furthest = start + max(shard, room // shard * shard)
    if furthest >= size:
        return size
    common = [end for end in ends if start < end <= furthest and end % shard == 0]
    if common:
        return common[-1]
    first = next(end for end in ends if end > start)
    if first > furthest:  # a chunk that is larger than a box is in memory as a whole in any case
        return min(size, -(-first // shard) * shard)
    return furthest
