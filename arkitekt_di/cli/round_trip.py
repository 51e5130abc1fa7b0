"""Stores an array, finds it, reads it back, and measures."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import xarray as xr

from arkitekt_di.errors import TransferError
from arkitekt_di.mikro import Image, from_xarray, get_image, search_images


@dataclass(frozen=True)
class RoundTrip:
    """What happened to one array.

    Attributes
    ----------
    image : Image
        As the hub knows it.
    nbytes : int
        Size of the pixels before compression.
    write_s, read_s : float
        Seconds from the call to the record, and from the record to the last pixel.
    """

    image: Image
    nbytes: int
    write_s: float
    read_s: float

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yield what to show: a label and a text each."""
        image = self.image
        yield "id", image.id
        yield "name", image.name
        yield "size", ", ".join(f"{dim}: {size}" for dim, size in image.sizes.items()) + f", {image.dtype}"
        for dim, step in image.pixel_size.items():
            yield f"pixel size {dim}", f"{step:g} {image.unit.get(dim, '')}".rstrip()
        if "c" in image.data.coords:
            yield "channels", ", ".join(str(name) for name in image.data.coords["c"].values)
        yield "stored", _rate(self.nbytes, self.write_s)
        yield "read back", _rate(self.nbytes, self.read_s)


def round_trip(array: xr.DataArray) -> RoundTrip:
    """Store *array* in the hub of the governing app and read it back.

    Raises
    ------
    TransferError
        What came back is not what was stored.
    """
    started = time.perf_counter()
    image = from_xarray(array, name=str(array.name))
    written = time.perf_counter()
    again = get_image(image.id)
    loaded = again.data.load()
    read = time.perf_counter()
    if image.id not in {hit.id for hit in search_images(image.name)}:
        raise TransferError(image.id, "the image is not found by its name")
    if not loaded.identical(array):
        raise TransferError(image.id, "the image that was read differs from the one that was stored")
    return RoundTrip(again, array.nbytes, written - started, read - written)


def _rate(nbytes: int, seconds: float) -> str:
    return f"{nbytes / 1e6:.1f} MB in {seconds:.2f} s ({nbytes / 1e6 / seconds:.0f} MB/s)"
