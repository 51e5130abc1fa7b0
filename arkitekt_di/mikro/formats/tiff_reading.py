"""TIFF and OME-TIFF, read by tifffile."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import xarray as xr

from arkitekt_di.errors import FileRefusedError, MissingExtraError
from arkitekt_di.mikro.formats.channels import imagej_channels
from arkitekt_di.mikro.formats.found import UNREADABLE, FilePixels, FoundImage, unreadable
from arkitekt_di.mikro.formats.naming import name_of
from arkitekt_di.mikro.formats.ome_xml import OmeImage, read_ome_xml

_NAMELESS: Final = re.compile(r"Image:?[0-9]+")
"""What programs write where nobody gave a name."""

_SAMPLES: Final = "s"
_UNKNOWN: Final = "iq"
"""tifffile's letters for a sequence of pages, and for an axis of no known meaning."""

_CENTIMETRE: Final = 3
"""TIFF 6.0, ResolutionUnit. Inches are left out: they say how large a print would be, not what was looked at."""


@contextmanager
def tiff_images(path: Path) -> Iterator[tuple[FoundImage, ...]]:
    """Open a TIFF; its images are good while the block lasts.

    Raises
    ------
    FileRefusedError
        It is no TIFF, is damaged or cut off.
    """
    try:
        import tifffile
    except ImportError as error:
        raise MissingExtraError("formats", "reading TIFF files") from error
    try:
        file = tifffile.TiffFile(path)
    except (*UNREADABLE, tifffile.TiffFileError) as error:
        raise unreadable(path, error) from error
    with file:
        try:
            images = _images(path, file)
        except (*UNREADABLE, tifffile.TiffFileError) as error:
            raise unreadable(path, error) from error
        yield images


def _images(path: Path, file: Any) -> tuple[FoundImage, ...]:
    _check_length(path, file)
    said = read_ome_xml(file.ome_metadata) if file.is_ome and file.ome_metadata else ()
    several = len(file.series) > 1
    return tuple(
        _image(path, file, series, said[i] if i < len(said) else None, name_of(path, i if several else None))
        for i, series in enumerate(file.series)
    )


def _check_length(path: Path, file: Any) -> None:
    """Refuse a file that ends before its pixels do: a decoder would find out in the middle."""
    end = file.filehandle.size
    ends = [max(map(sum, zip(page.dataoffsets, page.databytecounts, strict=True)), default=0) for page in file.pages]
    ends += [series.dataoffset + series.nbytes for series in file.series if series.dataoffset is not None]
    if max(ends) > end:
        raise FileRefusedError(
            str(path), f"it is cut off: pixels end at byte {max(ends)}, the file at {end}", "Copy it again"
        )


def _image(path: Path, file: Any, series: Any, said: OmeImage | None, name: str) -> FoundImage:
    import zarr

    dims = _dims(series.axes, said)
    stored = zarr.open_array(series.aszarr(level=0, chunkmode=_chunk_mode(series)), mode="r")
    pixels = FilePixels(stored, path)
    data = pixels.lazily(stored.chunks)
    if said is not None and said.dims is not None and set(dims) <= set(said.dims):
        data, dims = _with_single(data, dims, said.dims), said.dims
    sizes, units = (said.pixel_size, said.unit) if said is not None else _plain_sizes(file)
    coords: dict[str, Any] = {}
    length = data.shape[dims.index("c")] if "c" in dims else 0
    if said is not None and length and len(said.labels) == length:
        coords["c"] = list(said.labels)
    channels = said.channels if said is not None else imagej_channels(file.imagej_metadata or {})
    array = xr.DataArray(data, dims=dims, coords=coords, name=None)
    array.name = None
    return FoundImage(
        name=(said.name if said is not None and said.name and not _NAMELESS.fullmatch(said.name) else None) or name,
        array=array,
        pixel_size={dim: size for dim, size in sizes.items() if dim in dims},
        unit={dim: unit for dim, unit in units.items() if dim in dims},
        left_out=("coarser levels of resolution",) if len(series.levels) > 1 else (),
        channels=channels if len(channels) == length else (),
    )


def _chunk_mode(series: Any) -> Any:
    return None if series.keyframe.is_tiled else "page"


def _dims(axes: str, said: OmeImage | None) -> tuple[str, ...]:
    """Return dimensions in lower case; samples are channels where there are no others."""
    named = [axis.lower() for axis in axes]
    if "c" not in named:
        named = ["c" if axis == _SAMPLES else axis for axis in named]
    return tuple(named)


def _with_single(data: Any, dims: tuple[str, ...], all_dims: tuple[str, ...]) -> Any:
    """Put the axes of one pixel back, which a TIFF has no sign for."""
    missing = [dim for dim in all_dims if dim not in dims]
    order = [*dims, *missing]
    return data[(..., *(None for _ in missing))].transpose([order.index(dim) for dim in all_dims])


def _plain_sizes(file: Any) -> tuple[dict[str, float], dict[str, str]]:
    """Return pixel sizes of a TIFF without OME-XML: ImageJ's, or a resolution in pixels per centimetre."""
    tags: Mapping[str, Any] = file.pages[0].tags
    imagej = file.imagej_metadata or {}
    unit = str(imagej.get("unit", "")).replace("\\u00B5", "µ")
    per_unit = {dim: _rational(tags.get(name)) for dim, name in (("x", "XResolution"), ("y", "YResolution"))}
    sizes: dict[str, float] = {}
    if unit and unit not in ("pixel", "inch"):
        sizes = {dim: 1 / value for dim, value in per_unit.items() if value}
        if imagej.get("spacing"):
            sizes["z"] = abs(float(imagej["spacing"]))
        units = dict.fromkeys(sizes, unit)
    else:
        resolution = tags.get("ResolutionUnit")
        if resolution is not None and int(resolution.value) == _CENTIMETRE:
            sizes = {dim: 1e4 / value for dim, value in per_unit.items() if value}
        units = dict.fromkeys(sizes, "µm")
    if imagej.get("finterval"):
        sizes["t"], units["t"] = float(imagej["finterval"]), "s"
    return sizes, units


def _rational(tag: Any) -> float:
    numerator, denominator = tag.value if tag is not None else (0, 1)
    return numerator / denominator if denominator else 0.0


def unknown_dims(dims: tuple[str, ...]) -> list[str]:
    """Return the dimensions whose meaning a TIFF does not tell."""
    return [dim for dim in dims if dim in _UNKNOWN]
