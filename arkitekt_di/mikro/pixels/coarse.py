"""A coarser level as a labelled array: coordinates where its pixels are."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from arkitekt_di.mikro.pixels.opening import OpenedImage


def coarse_xarray(finest: OpenedImage, level: OpenedImage) -> xr.DataArray:
    """Return the pixels of *level* with name, attributes and coordinates of the finest one.

    A coordinate along a dimension with fewer pixels is the mean of those that became one, where it is a number, and is
    left out otherwise.
    """
    full = finest.to_xarray()
    step = {
        dim: round(full.sizes[dim] / size) if not level.document.scale else factor
        for dim, size, factor in zip(
            level.dims, level.pixels.shape, level.document.scale or (1,) * level.pixels.ndim, strict=True
        )
        if size != full.sizes.get(dim, size)
    }
    kept = {name: _coarse(coordinate, step) for name, coordinate in full.coords.items()}
    coords = {name: coordinate for name, coordinate in kept.items() if coordinate is not None}
    array = xr.DataArray(level.pixels, dims=level.dims, coords=coords, attrs=full.attrs)
    array.name = full.name
    return array


def _coarse(coordinate: xr.DataArray, step: Mapping[str, int]) -> xr.Variable | None:
    variable: xr.Variable = coordinate.variable
    scaled = [str(dim) for dim in variable.dims if dim in step]
    if not scaled:
        return variable
    if variable.ndim > 1 or variable.dtype.kind not in "iuf":
        return None
    return xr.Variable(variable.dims, _means(variable.values, step[scaled[0]]), variable.attrs)


def _means(values: np.ndarray[Any, Any], step: int) -> np.ndarray[Any, Any]:
    starts = np.arange(0, len(values), step)
    counts = np.diff(np.append(starts, len(values)))
    means: np.ndarray[Any, Any] = np.add.reduceat(values.astype(np.float64), starts) / counts
    return means.astype(values.dtype) if values.dtype.kind == "f" else means
