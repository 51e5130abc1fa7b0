"""Stores an image, finds it, reads it back, and measures."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from arkitekt_di.errors import TransferError
from arkitekt_di.mikro import Image, from_xarray, get_image, search_images
from arkitekt_di.mikro.formats.found import FoundImage


@dataclass(frozen=True)
class RoundTrip:
    """What happened to one image.

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


def round_trip(found: FoundImage) -> RoundTrip:
    """Store what was found in the hub of the governing app and read it back.

    Raises
    ------
    TransferError
        What came back is not what was stored.
    """
    started = time.perf_counter()
    image = from_xarray(found.array, name=found.name, pixel_size=found.pixel_size or None, unit=found.unit or None)
    written = time.perf_counter()
    again = get_image(image.id)
    loaded = again.data.load()
    read = time.perf_counter()
    if image.id not in {hit.id for hit in search_images(image.name)}:
        raise TransferError(image.id, "the image is not found by its name")
    if not loaded.identical(found.array):
        raise TransferError(image.id, "the image that was read differs from the one that was stored")
    return RoundTrip(again, found.array.nbytes, written - started, read - written)


def _rate(nbytes: int, seconds: float) -> str:
    return f"{nbytes / 1e6:.1f} MB in {seconds:.2f} s ({nbytes / 1e6 / seconds:.0f} MB/s)"
