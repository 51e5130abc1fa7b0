"""Coordinates of a labelled array, to and from their stored form."""

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import xarray as xr
from xarray.indexes import PandasIndex

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.pixels import MAX_HEADER_BYTES, Coordinate
from arkitekt_di.mikro.pixels.values import decode, encode


def encode_coordinates(array: xr.DataArray) -> tuple[Coordinate, ...]:
    """Return the coordinates of *array*; raises `ImageRefusedError` naming the one that would not come back."""
    size = sum(variable.nbytes for variable in array.coords.variables.values())
    if size > MAX_HEADER_BYTES:
        raise ImageRefusedError(
            f"the coordinates take {size / 2**20:.1f} MiB, more than {MAX_HEADER_BYTES // 2**20} MiB",
            "Drop the large ones with .drop_vars(...), or store them as images of their own",
        )
    return tuple(_encoded(array, name) for name in array.coords)


def _encoded(array: xr.DataArray, name: Hashable) -> Coordinate:
    if type(name) is not str:
        raise ImageRefusedError(f"the coordinate {name!r} is not named by a string", "Rename it with .rename(...)")
    variable = array.coords[name].variable
    place = f"coords[{name!r}]"
    index = array.xindexes.get(name)
    if index is not None and (type(index) is not PandasIndex or index.index.nlevels > 1):
        raise ImageRefusedError(
            f"{place} is looked up with a {_index_kind(index)}, which cannot be stored",
            f"Make it plain with .reset_index({name!r}) or .drop_indexes({name!r})",
        )
    if not isinstance(variable.dtype, np.dtype):
        raise ImageRefusedError(
            f"{place} has the pandas type {variable.dtype}, which cannot be stored", "Convert it to a NumPy type"
        )
    return Coordinate(
        name=name,
        dims=tuple(str(dim) for dim in variable.dims),
        values=encode(np.array(variable.values), place),
        attrs=encode(dict(variable.attrs), f"{place}.attrs"),
        is_indexed=index is not None,
    )


def _index_kind(index: xr.Index) -> str:
    kind = type(index)
    return "MultiIndex" if kind.__name__ == "PandasMultiIndex" else kind.__name__


def decode_coordinates(coordinates: Iterable[Coordinate]) -> xr.Coordinates:
    """Return coordinates with the indexes that they had, and no others."""
    variables: dict[Any, xr.Variable] = {}
    indexes: dict[Any, xr.Index] = {}
    for coordinate in coordinates:
        variable = xr.Variable(coordinate.dims, decode(coordinate.values), decode(coordinate.attrs))
        variables[coordinate.name] = variable
        if coordinate.is_indexed:
            index = PandasIndex.from_variables({coordinate.name: variable}, options={})
            indexes[coordinate.name] = index
            variables.update(index.create_variables({coordinate.name: variable}))
    return xr.Coordinates(coords=variables, indexes=indexes)
