"""Names and physical meaning of the axes: given, read off the coordinates, or refused."""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Final

import numpy as np
import xarray as xr

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.pixels import PixelAxis
from arkitekt_di.mikro.pixels.units import full_unit

MAX_RANK: Final = 32
"""Most dimensions of an image; NumPy's own bound until 2.0."""

MAX_NAME: Final = 255
"""Longest name of an image or a dimension, in characters."""

_EVENNESS: Final = 1e-4
"""How far steps may differ, relative to their mean, for one pixel size: stages and float32 metadata are not exact."""

_COLOURS: Final = (3, 4)
"""Lengths of a trailing axis that could be RGB or RGBA."""


def check_dims(dims: Sequence[Hashable]) -> tuple[str, ...]:
    """Return *dims*; raises `ImageRefusedError` where they are not distinct, readable names."""
    names = [dim for dim in dims if isinstance(dim, str) and dim.strip()]
    if len(names) < len(dims):
        wrong = next(dim for dim in dims if not isinstance(dim, str) or not dim.strip())
        raise ImageRefusedError(f"the dimension {wrong!r} has no name", "Name every dimension, such as dims=('y', 'x')")
    if len(set(names)) < len(names):
        raise ImageRefusedError(
            f"the dimensions {_listed(names)} are not distinct", "Give each dimension a name of its own"
        )
    if any(len(name) > MAX_NAME or not name.isprintable() for name in names):
        raise ImageRefusedError(
            "the name of a dimension is too long or holds control characters",
            f"Use printable names of at most {MAX_NAME} characters",
        )
    if len(names) > MAX_RANK:
        raise ImageRefusedError(f"the array has {len(names)} dimensions", f"Use at most {MAX_RANK}")
    return tuple(names)


def dims_of_unnamed(shape: Sequence[int]) -> tuple[str, ...]:
    """Return the dimensions of an array without names, where its shape leaves no doubt.

    A plane is ``("y", "x")`` and a single number has none.  Anything else could be several things (a trailing axis of
    3 or 4 could be colour, a leading one depth, time or channels), so it is refused and the error shows the choices.
    """
    if len(shape) == 0:
        return ()
    if len(shape) == 2:  # rows and columns
        return ("y", "x")
    choices = _choices(shape)
    shown = " or ".join(f"dims=({', '.join(repr(dim) for dim in choice)},)" for choice in choices)
    colour = ": the last axis could be colour" if len(shape) > 2 and shape[-1] in _COLOURS else ""  # planes
    raise ImageRefusedError(
        f"an array of shape {tuple(shape)} does not say what its axes are{colour}",
        f"Name them, such as {shown}" if shown else "Name them with dims=(...)",
    )


def _choices(shape: Sequence[int]) -> list[tuple[str, ...]]:
    stacks: dict[int, list[tuple[str, ...]]] = {
        1: [("x",), ("t",)],
        3: [("z", "y", "x"), ("t", "y", "x"), ("c", "y", "x")],
        4: [("c", "z", "y", "x"), ("t", "c", "y", "x"), ("t", "z", "y", "x")],
        5: [("t", "c", "z", "y", "x"), ("c", "t", "z", "y", "x")],
    }
    colours: dict[int, list[tuple[str, ...]]] = {
        3: [("y", "x", "c")],
        4: [("z", "y", "x", "c"), ("t", "y", "x", "c")],
        5: [("t", "z", "y", "x", "c")],
    }
    coloured = colours.get(len(shape), []) if shape[-1] in _COLOURS else []
    return [*coloured, *stacks.get(len(shape), [])]


def describe_axes(
    array: xr.DataArray,
    *,
    pixel_size: Mapping[str, float] | None,
    unit: str | Mapping[str, str] | None,
) -> tuple[PixelAxis, ...]:
    """Return pixel size and unit of each axis: as given, else from an evenly spaced coordinate and its attributes.

    Raises
    ------
    ImageRefusedError
        What is given names no axis, is not a positive number, or contradicts the coordinates.
    """
    sizes = dict(pixel_size or {})
    units = dict.fromkeys(sizes or _measured(array), unit) if isinstance(unit, str) else dict(unit or {})
    for given, argument in ((sizes, "pixel_size"), (units, "unit")):
        if strangers := [name for name in given if name not in array.dims]:
            raise ImageRefusedError(
                f"{argument} names {strangers[0]!r}, which is no dimension of this array",
                f"Its dimensions are {_listed([str(dim) for dim in array.dims])}",
            )
    return tuple(_axis(array, str(dim), sizes.get(str(dim)), units.get(str(dim))) for dim in array.dims)


def _measured(array: xr.DataArray) -> list[str]:
    """Return the dimensions whose coordinates give a pixel size."""
    return [str(dim) for dim in array.dims if _spacing(array, str(dim)) is not None]


def _axis(array: xr.DataArray, dim: str, given_size: float | None, given_unit: str | None) -> PixelAxis:
    spacing, unit = _spacing(array, dim), _unit(array, dim)
    if given_size is not None:
        size = float(given_size)
        if not (math.isfinite(size) and size > 0):
            raise ImageRefusedError(f"pixel_size[{dim!r}] is {given_size!r}", "Give a positive number")
        if spacing is not None and not math.isclose(size, spacing, rel_tol=_EVENNESS):
            raise ImageRefusedError(
                f"pixel_size[{dim!r}] is {size!r}, but the coordinate {dim!r} has steps of {spacing!r}",
                "Leave one of them out, or make them agree",
            )
        spacing = size
    if given_unit is not None:
        named = full_unit(given_unit)
        if unit is not None and unit != named:
            raise ImageRefusedError(
                f"unit says {named} for {dim!r}, but the coordinate {dim!r} is in {unit}",
                "Leave one of them out, or make them agree",
            )
        unit = named
    return PixelAxis(name=dim, pixel_size=spacing, unit=unit)


def _spacing(array: xr.DataArray, dim: str) -> float | None:
    coordinate = array.coords.get(dim)
    if coordinate is None or coordinate.dims != (dim,) or not _measures(coordinate):
        return None
    steps = np.diff(coordinate.values.astype(np.float64))
    mean = float(steps.mean())
    if not math.isfinite(mean) or mean == 0 or not np.allclose(steps, mean, rtol=_EVENNESS, atol=0):
        return None
    return abs(mean)


def _measures(coordinate: xr.DataArray) -> bool:
    """Tell whether the coordinate can be a length: whole numbers without a unit count pixels or channels."""
    kind = coordinate.dtype.kind
    return coordinate.size > 1 and (kind == "f" or (kind in "iu" and _has_unit(coordinate)))


def _has_unit(coordinate: xr.DataArray) -> bool:
    return any(isinstance(coordinate.attrs.get(key), str) for key in ("units", "unit"))


def _unit(array: xr.DataArray, dim: str) -> str | None:
    coordinate = array.coords.get(dim)
    attrs = {} if coordinate is None else coordinate.attrs
    unit = next((attrs[key] for key in ("units", "unit") if isinstance(attrs.get(key), str)), None)
    return full_unit(unit) if unit and unit.strip() else None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
