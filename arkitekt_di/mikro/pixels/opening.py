"""From a stored array to a lazy, labelled one."""

import asyncio
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from arkitekt_di.errors import ImageDamagedError
from arkitekt_di.messages.images import ImageRecord
from arkitekt_di.messages.pixels import HEADER, PixelDocument
from arkitekt_di.mikro.pixels.coordinates import decode_coordinates
from arkitekt_di.mikro.pixels.header import Header, read_header
from arkitekt_di.mikro.pixels.layout import Layout
from arkitekt_di.mikro.pixels.reading import StoredPixels
from arkitekt_di.mikro.pixels.values import decode
from arkitekt_di.protocols.mikro import PixelSource


@dataclass(frozen=True)
class OpenedImage:
    """An image whose metadata has been read; its pixels are read when they are computed.

    Attributes
    ----------
    document : PixelDocument
        Empty where another program wrote the image.
    dims : tuple of str
    pixels : dask.array.Array
    attributes : dict
        Attributes that another program left.
    """

    document: PixelDocument
    dims: tuple[str, ...]
    pixels: Any
    attributes: dict[str, Any]

    def to_xarray(self) -> xr.DataArray:
        """Return a fresh labelled array over the same pixels."""
        document = self.document
        attrs = {**self.attributes, **(decode(document.attrs) or {})}
        array = xr.DataArray(self.pixels, dims=self.dims, coords=decode_coordinates(document.coords), attrs=attrs)
        array.name = decode(document.name)  # left out, xarray would take Dask's name
        return array


async def open_image(record: ImageRecord, source: PixelSource, shape: tuple[int, ...]) -> OpenedImage:
    """Read the metadata of one level of an image, whose *shape* the record tells.

    An image that grows has the frames of its record, and not those that came later.

    Raises
    ------
    ImageDamagedError
        The metadata is missing or makes no sense.
    """
    return await asyncio.to_thread(_opened, record, source, shape)


def _opened(record: ImageRecord, source: PixelSource, shape: tuple[int, ...]) -> OpenedImage:
    try:
        header = read_header(source.read(HEADER))
        dims = header.dims or tuple(axis.name for axis in record.axes)
        pixels = _lazy(record, source, header.cut(shape))
        return OpenedImage(header.document or PixelDocument(), dims, pixels, header.attributes)
    except FileNotFoundError as error:
        raise ImageDamagedError(record.id, HEADER, "it is missing") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ImageDamagedError(record.id, HEADER, f"it cannot be read ({error})") from error


def _lazy(record: ImageRecord, source: PixelSource, header: Header) -> Any:
    import dask.array as da
    from dask.base import tokenize

    codec = header.codec()
    array: Any
    if codec is not None and header.document is not None:
        manifest = header.document.manifest if header.document.appends is None else None
        array = StoredPixels(source, codec, manifest, record.id)
        layout = codec.layout
    else:
        from arkitekt_di.mikro.pixels.foreign import open_foreign

        array = open_foreign(source)
        layout = Layout(array.shape, array.chunks, array.shards or array.chunks)
    blocks: Any = layout.blocks(array.dtype.itemsize)  # Dask's default says that it is text
    # Pixels never change, so their address may name them: two readers of one image share what Dask has computed.
    return da.from_array(
        array,
        chunks=blocks,
        name=f"image-{tokenize(source.address, layout.shape)}",
        meta=np.empty((0,) * array.ndim, dtype=array.dtype),
    )  # type: ignore[no-untyped-call]  # Dask is not typed
