"""Levels of resolution: how many there are, which axes each of them halves, and how each is cut."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from arkitekt_di.mikro.pixels.layout import Cut, Layout, coarser, plan

VOLUME_PLANES: Final = 64
"""From so many planes on a stack is looked at from all sides, so z is halved, too; images.md, section 7."""

_ISOTROPY: Final = 1.5
"""z is halved while its pixels are no longer than this times those of y and x, which brings them nearer to cubes."""

_PLANE: Final = ("y", "x")


@dataclass(frozen=True)
class Level:
    """One level.

    Attributes
    ----------
    layout : Layout
    halved : tuple of int
        Axes along which it has half as many pixels as the finer level; none for the finest.
    scale : tuple of int
        Pixels of the finest level along each axis that one pixel stands for.
    """

    layout: Layout
    halved: tuple[int, ...]
    scale: tuple[int, ...]


@dataclass(frozen=True)
class Depth:
    """How deep a pyramid is.

    Attributes
    ----------
    levels : int
        Most levels, the finest included.
    edge_px : int
        Levels are added until neither y nor x is longer.
    """

    levels: int
    edge_px: int


def plan_levels(
    dims: Sequence[str],
    shape: Sequence[int],
    cut: Cut,
    depth: Depth,
    *,
    pixel_size: Mapping[str, float] | None = None,
) -> tuple[Level, ...]:
    """Return the levels of an image, the finest first.

    Only y and x are halved, and z in a volume: time and channels are no resolution.
    """
    steps = _steps(dims, shape, depth, pixel_size or {})
    even = sorted({axis for step in steps for axis in step})
    layout = plan(dims, shape, cut, even=even)
    levels = [Level(layout, (), (1,) * len(layout.shape))]
    for step in steps:
        finer = levels[-1]
        smaller = tuple(-(-size // 2) if axis in step else size for axis, size in enumerate(finer.layout.shape))
        scale = tuple(edge * 2 if axis in step else edge for axis, edge in enumerate(finer.scale))
        levels.append(Level(coarser(layout, smaller, cut, dims, even=even), step, scale))
    return tuple(levels)


def _steps(
    dims: Sequence[str], shape: Sequence[int], depth: Depth, pixel_size: Mapping[str, float]
) -> list[tuple[int, ...]]:
    plane = [dims.index(name) for name in _PLANE if name in dims]
    sizes, scale = list(shape), [1] * len(shape)
    steps: list[tuple[int, ...]] = []
    while len(steps) + 1 < depth.levels and any(sizes[axis] > depth.edge_px for axis in plane):
        step = [axis for axis in plane if sizes[axis] > 1]
        if "z" in dims and shape[dims.index("z")] >= VOLUME_PLANES and _is_fine(dims, scale, pixel_size):
            step.append(dims.index("z"))
        for axis in step:
            sizes[axis], scale[axis] = -(-sizes[axis] // 2), scale[axis] * 2
        steps.append(tuple(sorted(step)))
    return steps


def _is_fine(dims: Sequence[str], scale: Sequence[int], pixel_size: Mapping[str, float]) -> bool:
    """Tell whether a pixel is about as long along z as in its plane; where nobody knows, it is."""
    along_x = pixel_size.get("x", pixel_size.get("y"))
    if "z" not in pixel_size or along_x is None:
        return True
    plane = dims.index("x") if "x" in dims else dims.index("y")
    return pixel_size["z"] * scale[dims.index("z")] <= _ISOTROPY * along_x * scale[plane]
