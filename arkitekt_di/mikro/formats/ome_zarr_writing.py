"""OME-Zarr groups (OME-NGFF 0.5), written by zarr; with them, what only our own reader understands."""

from pathlib import Path
from typing import Any, Final

from arkitekt_di.messages.images import AxisType
from arkitekt_di.messages.ngff import (
    VERSION,
    Dataset,
    Multiscale,
    NgffChannel,
    OmeDocument,
    Omero,
    default_colors,
    level_transformations,
    ngff_axes,
    ngff_order,
)
from arkitekt_di.messages.pixels import ATTRIBUTE
from arkitekt_di.mikro.formats.found import FoundImage
from arkitekt_di.mikro.formats.numpy_files import channel_names
from arkitekt_di.mikro.pixels.picture import picture_of

_CHUNK_PX: Final = 512
_SHARD_BYTES: Final = 16 * 2**20


def write_ome_zarr(image: FoundImage, path: Path) -> tuple[str, ...]:
    """Write an image into a new folder; nothing is left out.

    Raises
    ------
    ImageRefusedError
        OME-NGFF has no place for its axes.
    """
    import zarr
    from dask import array as dask_array
    from zarr.codecs import BloscCodec

    da: Any = dask_array  # Dask has types in part
    picture = picture_of(image.array, name=image.name, pixel_size=image.pixel_size or None, unit=image.unit or None)
    axes = picture.axes()
    order = ngff_order(axes)
    served = tuple(axes[place] for place in order)
    data = da.asarray(picture.data).transpose(order)
    chunk = tuple(min(size, _CHUNK_PX) if place >= data.ndim - 2 else 1 for place, size in enumerate(data.shape))
    shard = _shard(chunk, data.shape, data.dtype.itemsize)
    group = zarr.open_group(path, mode="w-", zarr_format=3)
    array = group.create_array(
        "0",
        shape=data.shape,
        dtype=data.dtype,
        chunks=chunk,
        shards=shard,
        compressors=BloscCodec(cname="lz4", clevel=5, shuffle="bitshuffle", typesize=data.dtype.itemsize),
        dimension_names=[axis.name for axis in served],
        attributes={ATTRIBUTE: picture.document.model_dump(mode="json", exclude_none=True)},
    )
    da.store(data.rechunk(shard), array, lock=False)
    steps = {axis.name: axis.pixel_size or 1.0 for axis in picture.document.axes}
    dataset = Dataset(
        path="0",
        coordinate_transformations=level_transformations([steps[axis.name] for axis in served], [1] * data.ndim),
    )
    multiscale = Multiscale(name=image.name, axes=ngff_axes(served), datasets=(dataset,))
    group.attrs.update(_document(image, multiscale, [axis.type for axis in served], data.shape).attributes())
    return ()


def _document(image: FoundImage, multiscale: Multiscale, types: list[AxisType], shape: tuple[int, ...]) -> OmeDocument:
    names = channel_names(image.array)
    if names is None or AxisType.CHANNEL not in types:
        return OmeDocument(version=VERSION, multiscales=(multiscale,))
    colors = default_colors(shape[types.index(AxisType.CHANNEL)])
    channels = tuple(NgffChannel(label=label, color=color) for label, color in zip(names, colors, strict=True))
    return OmeDocument(version=VERSION, multiscales=(multiscale,), omero=Omero(name=image.name, channels=channels))


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
