"""OME-Zarr groups (OME-NGFF 0.5, or 0.4 on zarr 2), written by zarr; with them, what only our own reader knows."""

import math
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from arkitekt_di.messages.descriptions import MAX_TEXT, Channel
from arkitekt_di.messages.images import AxisType
from arkitekt_di.messages.ngff import (
    OLD_VERSION,
    VERSION,
    Dataset,
    Multiscale,
    NgffChannel,
    OmeDocument,
    Omero,
    Window,
    default_colors,
    level_transformations,
    ngff_axes,
    ngff_order,
    reduction,
)
from arkitekt_di.messages.pixels import ATTRIBUTE
from arkitekt_di.mikro.formats.channels import NOTE, dump_channels
from arkitekt_di.mikro.formats.counting import Counted, Told
from arkitekt_di.mikro.formats.found import FoundImage
from arkitekt_di.mikro.formats.numpy_files import channel_names
from arkitekt_di.mikro.pixels.picture import picture_of

_CHUNK_PX: Final = 512
_SAMPLE: Final = 2**20
_SHADES: Final = (0.1, 99.9)  # percentiles, as pictures of images are shown
_SHARD_BYTES: Final = 16 * 2**20
_BITSHUFFLE: Final = 2  # as numcodecs numbers the filters of Blosc


def write_ome_zarr(image: FoundImage, path: Path, told: Told, *, version: str = VERSION) -> tuple[str, ...]:
    """Write an image with all its levels into a new folder; nothing is left out.

    Version 0.4 is for programs that read zarr 2 alone: it has no shards, so a large image becomes many files.

    Raises
    ------
    ImageRefusedError
        OME-NGFF has no place for its axes.
    """
    import zarr

    picture = picture_of(image.array, name=image.name, pixel_size=image.pixel_size or None, unit=image.unit or None)
    axes = picture.axes()
    order = ngff_order(axes)
    served = tuple(axes[place] for place in order)
    steps = {axis.name: axis.pixel_size or 1.0 for axis in picture.document.axes}
    is_old = version == OLD_VERSION
    group = zarr.open_group(path, mode="w-", zarr_format=2 if is_old else 3)
    datasets = []
    for number, level in enumerate((image.array, *image.levels)):
        names = [axis.name for axis in served]
        turned = level.transpose(*names)
        notes: dict[str, Any] = {ATTRIBUTE: picture.document.model_dump(mode="json", exclude_none=True)}
        notes |= {NOTE: dump_channels(image.channels)} if image.channels else {}
        write_level = _write_old_level if is_old else _write_level
        write_level(group, str(number), turned, told, notes if number == 0 else {})
        factors = [reduction(image.array.sizes[name], turned.sizes[name]) for name in names]
        transformations = level_transformations([steps[name] for name in names], factors)
        datasets.append(Dataset(path=str(number), coordinateTransformations=transformations))
    multiscale = Multiscale(name=image.name, axes=ngff_axes(served), datasets=tuple(datasets))
    omero = _omero(image, {axis.name: axis.type for axis in served})
    document = OmeDocument(version=version, multiscales=(multiscale,), omero=omero)
    group.attrs.update(document.old_attributes() if is_old else document.attributes())
    return ()


def _write_level(group: Any, name: str, level: xr.DataArray, told: Told, attributes: dict[str, Any]) -> None:
    from dask import array as dask_array
    from zarr.codecs import BloscCodec

    da: Any = dask_array  # Dask has types in part
    data = da.asarray(level.data)
    chunk = tuple(min(size, _CHUNK_PX) if place >= data.ndim - 2 else 1 for place, size in enumerate(data.shape))
    shard = _shard(chunk, data.shape, data.dtype.itemsize)
    array = group.create_array(
        name,
        shape=data.shape,
        dtype=data.dtype,
        chunks=chunk,
        shards=shard,
        compressors=BloscCodec(cname="lz4", clevel=5, shuffle="bitshuffle", typesize=data.dtype.itemsize),
        dimension_names=[str(dim) for dim in level.dims],
        attributes=attributes,
    )
    da.store(data.rechunk(shard), Counted(array, told), lock=False)


def _write_old_level(group: Any, name: str, level: xr.DataArray, told: Told, attributes: dict[str, Any]) -> None:
    from dask import array as dask_array

    da: Any = dask_array  # Dask has types in part
    data = da.asarray(level.data)
    chunk = tuple(min(size, _CHUNK_PX) if place >= data.ndim - 2 else 1 for place, size in enumerate(data.shape))
    array = group.create_array(
        name,
        shape=data.shape,
        dtype=data.dtype,
        chunks=chunk,
        compressors={"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": _BITSHUFFLE, "blocksize": 0},
        chunk_key_encoding={"name": "v2", "separator": "/"},
        attributes=attributes,
    )
    da.store(data.rechunk(chunk), Counted(array, told), lock=False)


def _omero(image: FoundImage, types: dict[str, AxisType]) -> Omero | None:
    """Return how the channels are shown, each with a contrast, as validators want it: said, or else measured."""
    axis = next((name for name, kind in types.items() if kind is AxisType.CHANNEL), None)
    names = channel_names(image.array)
    if axis is None or not (image.channels or names):
        return None
    count = image.array.sizes[axis]
    coarsest = (image.array, *image.levels)[-1]
    said = image.channels or tuple(Channel(name=name[:MAX_TEXT] or str(i)) for i, name in enumerate(names or ()))
    channels = tuple(
        NgffChannel(
            label=channel.name,
            color=channel.color or color,
            window=_window(channel, image.array.dtype, coarsest.isel({axis: number})),
            active=channel.is_shown,
        )
        for number, (channel, color) in enumerate(zip(said, default_colors(count), strict=True))
    )
    return Omero(name=image.name, channels=channels)


def _window(channel: Channel, dtype: np.dtype[Any], pixels: xr.DataArray) -> Window | None:
    contrast = channel.contrast or _measured(pixels)
    if contrast is None:
        return None
    start, end = contrast
    bounds = np.iinfo(dtype) if dtype.kind in "iu" else None
    low, high = channel.limits or ((float(bounds.min), float(bounds.max)) if bounds is not None else (start, end))
    return Window(min=min(low, start), max=max(high, end), start=start, end=end)


def _measured(pixels: xr.DataArray) -> tuple[float, float] | None:
    """Return the values of one channel that all but a few pixels lie between; of a sample, where there are many."""
    step = max(1, math.isqrt(pixels.size // _SAMPLE))
    values = np.asarray(pixels[..., ::step, ::step].values)
    if values.dtype.kind == "c":
        return None
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    low, high = np.percentile(finite.astype(float), _SHADES)
    return float(low), float(high)


def _shard(chunk: tuple[int, ...], shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Return whole planes of chunks, as long as they fit into one object."""
    edges: list[Any] = list(chunk)
    room = _SHARD_BYTES // itemsize
    for edge in chunk:
        room //= edge
    for place in reversed(range(len(chunk))):
        times = max(1, min(room, -(-shape[place] // chunk[place])))
        edges[place] *= times
        room //= times
    return tuple(edges)
