"""How an array is cut: chunks that are decoded alone, shards that are one object, blocks that are read at once."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

MIB: Final = 2**20

SMALL_BYTES: Final = 64 * 2**10
"""An array up to this size is one chunk, and a chunk is at least this large where the array allows: below it, the cost
of a request or of a chunk's own bookkeeping exceeds that of its pixels."""

BLOCK_BYTES: Final = 4 * MIB
"""What one Dask task reads.  Dask fuses one slice into its reader, not a chain of them, so this bounds what a crop of a
crop can cost; a plane of 2048 x 1024 of 16 bit fits."""

_COLOURS: Final = 4
"""Longest axis behind the plane that is kept whole: RGBA."""

Region = tuple[slice, ...]


@dataclass(frozen=True)
class Layout:
    """The cutting of one array.

    Attributes
    ----------
    shape : tuple of int
        Of the array, in pixels.
    chunk : tuple of int
        Smallest part that can be decoded.
    shard : tuple of int
        One object; a whole multiple of the chunk along each axis.
    """

    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    shard: tuple[int, ...]

    @property
    def is_sharded(self) -> bool:
        """Whether an object holds several chunks and an index of them."""
        return self.shard != self.chunk

    @property
    def chunks_per_shard(self) -> tuple[int, ...]:
        """Chunks along each axis of a shard."""
        return tuple(shard // chunk for shard, chunk in zip(self.shard, self.chunk, strict=True))

    def shards(self) -> Iterator[tuple[str, Region]]:
        """Yield key and region of every object."""
        for index in product(*(range(-(-size // shard)) for size, shard in zip(self.shape, self.shard, strict=True))):
            yield self.key(index), self.region(index)

    def key(self, index: Sequence[int]) -> str:
        """Return the key of an object: zarr v3, chunk key encoding ``default`` with ``/``."""
        return "/".join(["c", *map(str, index)])

    def region(self, index: Sequence[int]) -> Region:
        """Return what an object covers of the array, cut at its edge."""
        return tuple(
            slice(i * shard, min((i + 1) * shard, size))
            for i, shard, size in zip(index, self.shard, self.shape, strict=True)
        )

    def shard_index(self, region: Region) -> tuple[int, ...]:
        """Return the index of the object that begins where *region* begins."""
        return tuple(part.start // shard for part, shard in zip(region, self.shard, strict=True))

    def blocks(self, itemsize: int) -> tuple[tuple[int, ...], ...]:
        """Return lengths of the blocks along each axis, none of which crosses a shard."""
        edges = grow(self.chunk, self.shard, itemsize, limit=BLOCK_BYTES)
        return tuple(_lengths(*axis) for axis in zip(self.shape, self.shard, edges, strict=True))


def _lengths(size: int, shard: int, edge: int) -> tuple[int, ...]:
    ends = {*range(shard, size, shard), size}
    for start in range(0, size, shard):
        ends.update(range(start + edge, min(start + shard, size), edge))
    ordered = sorted(ends)
    return tuple(end - start for start, end in zip([0, *ordered[:-1]], ordered, strict=True))


@dataclass(frozen=True)
class Cut:
    """How arrays are to be cut.

    Attributes
    ----------
    itemsize : int
        Bytes of a pixel.
    chunk_px : int
        Longest edge of a chunk in the plane.
    shard_bytes : int
        Largest object, before compression.
    cube_px : int or None
        Edge of a chunk along z, y and x, for volumes that are looked at from all sides; None cuts planes.
    append : int or None
        Axis along which the array grows: no object spans two of its places.
    """

    itemsize: int
    chunk_px: int
    shard_bytes: int
    cube_px: int | None = None
    append: int | None = None


def plan(dims: Sequence[str], shape: Sequence[int], cut: Cut, *, even: Sequence[int] = ()) -> Layout:
    """Return the cutting of an array: planes in chunks, whole planes in shards.

    Along the axes in *even* no object ends between two pixels that become one on the next level.
    The measurements behind it: ``benchmarks/images.py`` and decision 0071.
    """
    sizes = tuple(shape)
    if math.prod(sizes) * cut.itemsize <= SMALL_BYTES and cut.append is None:
        return Layout(sizes, sizes, sizes)
    edges = _edges(dims, sizes, cut)
    chunk = [1 if edge is None else _split(sizes[axis], edge) for axis, edge in enumerate(edges)]
    if cut.cube_px is None:
        chunk = _at_least(chunk, sizes, -(-SMALL_BYTES // cut.itemsize), fixed=cut.append)
    chunk = [_evened(edge, sizes[axis]) if axis in even and edge > 1 else edge for axis, edge in enumerate(chunk)]
    return _sharded(sizes, chunk, cut, dims, even)


def coarser(layout: Layout, shape: Sequence[int], cut: Cut, dims: Sequence[str], *, even: Sequence[int] = ()) -> Layout:
    """Return the cutting of a coarser level of *layout*; its chunks are as long, so that a viewer finds them."""
    sizes = tuple(shape)
    chunk = [min(edge, size) for edge, size in zip(layout.chunk, sizes, strict=True)]
    return _sharded(sizes, chunk, cut, dims, even)


def _sharded(
    sizes: tuple[int, ...], chunk: Sequence[int], cut: Cut, dims: Sequence[str], even: Sequence[int]
) -> Layout:
    bounds = [1 if axis == cut.append else size for axis, size in enumerate(sizes)]
    unit = [edge * 2 if axis in even and edge % 2 and edge < bounds[axis] else edge for axis, edge in enumerate(chunk)]
    first = _cube(dims) if cut.cube_px is not None else _plane(dims)
    return Layout(sizes, tuple(chunk), grow(unit, bounds, cut.itemsize, limit=cut.shard_bytes, first=first))


def _edges(dims: Sequence[str], sizes: Sequence[int], cut: Cut) -> list[int | None]:
    """Return the longest edge of a chunk along each axis; None where it holds one pixel."""
    edges: list[int | None] = [None] * len(sizes)
    plane = _plane(dims)
    for axis in range(max(plane, default=-1) + 1, len(sizes)):
        if sizes[axis] <= _COLOURS:
            edges[axis] = sizes[axis]
    for axis in plane:
        edges[axis] = cut.chunk_px
    if cut.cube_px is not None:
        for axis in _cube(dims):
            edges[axis] = cut.cube_px
    if cut.append is not None:
        edges[cut.append] = None
    return edges


def _split(size: int, longest: int) -> int:
    """Return the edge of as few parts as *longest* gives, but all alike: 700 is cut into 350, not into 512 and 188."""
    return -(-size // -(-size // longest))


def _evened(edge: int, size: int) -> int:
    """Return *edge* or the next even number; the whole axis may be odd."""
    return edge if edge >= size else edge + edge % 2


def _cube(dims: Sequence[str]) -> tuple[int, ...]:
    return tuple(sorted(dims.index(name) for name in ("z", "y", "x") if name in dims)) or _plane(dims)


def _plane(dims: Sequence[str]) -> tuple[int, ...]:
    """Return the axes that are looked at together: y and x where both are there, else the two last."""
    if "y" in dims and "x" in dims:
        return tuple(sorted((dims.index("y"), dims.index("x"))))
    return tuple(range(len(dims)))[-2:]


def _at_least(chunk: Sequence[int], shape: Sequence[int], pixels: int, *, fixed: int | None) -> list[int]:
    """Lengthen *chunk*, last axis first, until it holds *pixels* or the whole array."""
    grown = list(chunk)
    for axis in reversed(range(len(grown))):
        if axis == fixed:
            continue
        others = math.prod(grown) // grown[axis]
        wanted = -(-pixels // others)
        grown[axis] = min(shape[axis], max(grown[axis], wanted))
    return grown


def grow(
    chunk: Sequence[int], bounds: Sequence[int], itemsize: int, *, limit: int, first: Sequence[int] = ()
) -> tuple[int, ...]:
    """Return the largest multiple of *chunk* that stays within *bounds* and *limit* bytes, never less than one chunk.

    Axes in *first* grow before the others; both from the last to the first, and one axis has to be whole before the
    next one grows, so that the chunks of a shard lie side by side in the array.
    """
    grown = list(chunk)
    order = [*sorted(first, reverse=True), *(axis for axis in reversed(range(len(grown))) if axis not in first)]
    for axis in order:
        needed = -(-bounds[axis] // chunk[axis])
        affordable = max(1, limit // (math.prod(grown) * itemsize))
        grown[axis] = chunk[axis] * min(needed, affordable)
        if affordable < needed:
            break
    return tuple(grown)
