"""OME-TIFF, written plane by plane by tifffile."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from arkitekt_di.errors import FileRefusedError, MissingExtraError
from arkitekt_di.messages.descriptions import Channel
from arkitekt_di.mikro.formats.channels import color_for_ome, dump_channels
from arkitekt_di.mikro.formats.counting import Told
from arkitekt_di.mikro.formats.found import FoundImage
from arkitekt_di.mikro.formats.numpy_files import channel_names
from arkitekt_di.mikro.formats.ome_xml import CHANNELS, DIMS, LABELS, NAMESPACE
from arkitekt_di.mikro.pixels.units import short_unit

_ORDER: Final = "tczyx"
_TYPES: Final = frozenset(
    {"int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64", "complex64", "complex128"}
)
"""OME schema 2016-06, PixelType; ``bit`` is left out, as readers differ on how it is packed."""

_SIZES: Final = {"x": "PhysicalSizeX", "y": "PhysicalSizeY", "z": "PhysicalSizeZ", "t": "TimeIncrement"}
_UNITS: Final = frozenset(
    {f"{prefix}{unit}" for prefix in ("", "p", "n", "µ", "m", "c", "d", "k") for unit in ("m", "s")}
    | {"min", "h", "d", "Å"}
)
"""OME schema 2016-06, UnitsLength and UnitsTime: those that have a name in UDUNITS-2 too."""

_CLASSIC_BYTES: Final = 2**32 - 2**25
"""Largest TIFF with offsets of 32 bit, with room for its tags."""


def write_tiff(image: FoundImage, path: Path, told: Told) -> tuple[str, ...]:
    """Write an image; return what an OME-TIFF does not keep.

    Raises
    ------
    FileRefusedError
        OME-TIFF has no place for its dimensions or its type of pixels.
    """
    try:
        import tifffile
    except ImportError as error:
        raise MissingExtraError("formats", "writing TIFF files") from error
    dims = tuple(str(dim) for dim in image.array.dims)
    _check(path, image, dims)
    array = image.array.transpose(*(dim for dim in _ORDER if dim in dims))
    metadata, left_out = _metadata(image, dims)
    tifffile.imwrite(
        path,
        _planes(array.data, told),
        shape=array.shape,
        dtype=array.dtype,
        bigtiff=array.nbytes > _CLASSIC_BYTES,
        ome=True,
        photometric="minisblack",
        metadata={"axes": "".join(str(dim) for dim in array.dims).upper(), **metadata},
    )
    return left_out


def _check(path: Path, image: FoundImage, dims: tuple[str, ...]) -> None:
    if not {"y", "x"} <= set(dims) <= set(_ORDER):
        raise FileRefusedError(
            str(path), f"OME-TIFF has no place for the dimensions {dims}: it knows t, c, z, y and x", "Write .ome.zarr"
        )
    if image.array.dtype.name not in _TYPES:
        raise FileRefusedError(
            str(path), f"OME-TIFF has no pixels of {image.array.dtype}", "Write .ome.zarr, which keeps them exactly"
        )


def _metadata(image: FoundImage, dims: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
    note = {"Namespace": NAMESPACE, DIMS: ",".join(dims)}
    metadata: dict[str, Any] = {"Name": image.name, "MapAnnotation": note}
    left_out = []
    for dim, size in image.pixel_size.items():
        unit = short_unit(image.unit.get(dim, "")) if dim in _SIZES else None
        if unit in _UNITS:
            metadata |= {_SIZES[dim]: size, f"{_SIZES[dim]}Unit": unit}
        else:
            left_out.append(f"the pixel size along {dim}")
    if "c" in dims:
        names = channel_names(image.array)
        if names is None and "c" in image.array.coords:
            left_out.append("the coordinate c")
        metadata["Channel"] = _channels(image.channels) if image.channels else {"Name": names} if names else {}
        if image.channels:
            note |= {CHANNELS: json.dumps(dump_channels(image.channels)), LABELS: json.dumps(names)}
    return metadata, tuple(left_out)


def _channels(channels: Sequence[Channel]) -> list[dict[str, Any]]:
    """Return what OME-XML has words for; contrast is in our own annotation only."""
    said = (
        {
            "Name": channel.name,
            "Color": None if channel.color is None else color_for_ome(channel.color),
            "EmissionWavelength": channel.emission_nm,
            "ExcitationWavelength": channel.excitation_nm,
        }
        for channel in channels
    )
    return [{key: value for key, value in one.items() if value is not None} for one in said]


def _planes(data: Any, told: Told) -> Iterator[npt.NDArray[Any]]:
    for place in np.ndindex(data.shape[:-2]):
        plane = np.ascontiguousarray(data[place])
        yield plane
        told(plane.nbytes)
