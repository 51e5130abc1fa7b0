"""Boxes in an array: where they overlap, and what of a grid they touch."""

from collections.abc import Sequence

from arkitekt_di.mikro.pixels.layout import Region


def touched(box: Region, edges: Sequence[int]) -> list[range]:
    """Return the cells of a grid that *box* touches, along each axis."""
    return [
        range(part.start // edge, -(-part.stop // edge) if part.stop > part.start else part.start // edge)
        for part, edge in zip(box, edges, strict=True)
    ]


def overlap(one: Region, other: Region) -> Region:
    """Return what two boxes that touch have in common."""
    return tuple(slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))


def shifted(region: Region, origin: Region) -> Region:
    """Return *region* as counted from the corner of *origin*."""
    return tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(region, origin, strict=True))


def halved_region(region: Region, axes: Sequence[int]) -> Region:
    """Return where the pixels of *region*, which begins at even places, are on the next level."""
    return tuple(
        slice(part.start // 2, -(-part.stop // 2)) if axis in axes else part for axis, part in enumerate(region)
    )
