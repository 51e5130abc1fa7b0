"""What stands beside the pixels: the member ``arkitekt`` among the attributes of a stored zarr array.

zarr itself keeps shape, data type and the names of the dimensions.  Everything else that belongs to an image and is
not its record (coordinates, attributes, pixel sizes, the list of its objects) is in this one document.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from pydantic import Field, JsonValue

from arkitekt_di.messages.images import StoredObject
from arkitekt_di.messages.model import Message

ATTRIBUTE = "arkitekt"
"""Key of the document among the attributes in ``zarr.json``."""

HEADER = "zarr.json"
"""Key of the metadata of a zarr v3 node; written last, so that without it there is no array."""

MAX_HEADER_BYTES = 16 * 2**20
"""Largest ``zarr.json``, in bytes."""

ENCODING = 1
"""Version of the encoding of coordinates and attributes; a reader refuses a later one."""


_ONE_IN = 1000
"""Of so many pixels one may be darker than black, and one brighter than full colour."""


class PixelAxis(Message):
    """Physical meaning of one axis.

    Attributes
    ----------
    name : str
        The dimension.
    pixel_size : float or None
        Distance between neighbouring pixels, in *unit*; None where it is not known.
    unit : str or None
        UDUNITS-2 name as OME-NGFF 0.5 wants it, such as ``micrometer``.
    """

    name: str
    pixel_size: float | None = Field(default=None, gt=0)
    unit: str | None = None


class Coordinate(Message):
    """One coordinate of the array.

    Attributes
    ----------
    name : str
    dims : tuple of str
        Empty for a scalar coordinate.
    values, attrs : JSON
        Tagged values; see ``arkitekt_di/mikro/pixels/values.py``.
    is_indexed : bool
        Whether labels are looked up with it.
    """

    name: str
    dims: tuple[str, ...]
    values: JsonValue
    attrs: JsonValue = None
    is_indexed: bool = False


class ChannelStatistics(Message):
    """What the values of one channel are like; not-a-number and infinities are left out.

    Attributes
    ----------
    min, max : float or int or None
        Smallest and largest value, exact; None where there is none.
    counts : tuple of int
        Histogram: how many of the sampled pixels fall into each of equally wide bins from *min* to *max*.
    """

    min: int | float | None = None
    max: int | float | None = None
    counts: tuple[int, ...] = ()

    def contrast(self) -> tuple[float, float] | None:
        """Return the values to show darkest and brightest; None where there are no values.

        One in a thousand of the sampled pixels may lie below, and one above: a few hot pixels must not make all others
        black.  Each bound is the edge of a bin, so that it is as exact as the histogram.
        """
        if self.min is None or self.max is None:
            return None
        low, high = float(self.min), float(self.max)
        clipped = sum(self.counts) // _ONE_IN
        if not clipped:
            return low, high
        width = (high - low) / len(self.counts)
        darkest = _bins_within(self.counts, clipped)
        brightest = len(self.counts) - _bins_within(self.counts[::-1], clipped)
        return low + darkest * width, min(high, low + brightest * width)


class PixelDocument(Message):
    """Everything that the array says about itself beyond zarr.

    Attributes
    ----------
    version : int
        Version of the encoding.
    axes : tuple of PixelAxis
        In storage order.
    name : JSON
        ``DataArray.name`` as a tagged value; the name of the image is in its record.
    attrs : JSON
        Attributes of the array, as tagged values.
    coords : tuple of Coordinate
        In their order.
    manifest : dict of str to int
        Size in bytes of every object of the array but ``zarr.json``, by key relative to it.
    checksums : dict of str to int
        CRC-32 of each of them (CRC-32, ITU-T V.42); empty in arrays of an earlier version.
    scale : tuple of int
        Pixels of the finest level along each axis that one pixel stands for; empty where that is one.
    statistics : tuple of ChannelStatistics
        One for each place along the channel axis, or a single one; only on the finest level.
    appends : str or None
        Axis along which the array still grows; it has no manifest then.
    """

    version: int = ENCODING
    axes: tuple[PixelAxis, ...] = ()
    name: JsonValue = None
    attrs: JsonValue = None
    coords: tuple[Coordinate, ...] = ()
    manifest: dict[str, int] = Field(default_factory=dict)
    checksums: dict[str, int] = Field(default_factory=dict)
    scale: tuple[int, ...] = ()
    statistics: tuple[ChannelStatistics, ...] = ()
    appends: str | None = None

    def units(self) -> dict[str, str]:
        """Return the unit of each axis that has one."""
        return {axis.name: axis.unit for axis in self.axes if axis.unit is not None}

    def faults(self, objects: Mapping[str, StoredObject]) -> list[str]:
        """Return the keys of the manifest that *objects* lacks, or holds with another size or checksum, in order."""
        return sorted(key for key in self.manifest if not self._is_whole(key, objects.get(key)))

    def _is_whole(self, key: str, found: StoredObject | None) -> bool:
        return (
            found is not None
            and found.size == self.manifest[key]
            and self.checksums.get(key, found.crc32) == found.crc32
        )


def _bins_within(counts: Sequence[int], most: int) -> int:
    """Return how many of the first bins hold *most* pixels together, or fewer."""
    return sum(1 for total in accumulate(counts) if total <= most)
