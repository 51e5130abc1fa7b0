"""A stored array that is read where it is touched."""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from arkitekt_di.errors import ImageDamagedError
from arkitekt_di.mikro.pixels.layout import Region
from arkitekt_di.mikro.pixels.regions import overlap, shifted, touched
from arkitekt_di.mikro.pixels.shard import DamagedBytesError, ShardCodec, is_empty
from arkitekt_di.protocols.mikro import PixelSource

_INDEXES: Final = 1024
"""Indexes of shards that are kept, so that the next crop costs one request instead of two; a few KiB each."""


_STRIPES: Final = 32
"""Locks that the indexes share."""


class StoredPixels:
    """Pixels of one image as an array that Dask can slice; has no more than shape, dtype and basic indexing.

    Parameters
    ----------
    source : PixelSource
    codec : ShardCodec
    manifest : dict of str to int or None
        Size of every object; None while the array grows, when each is asked for.
    image_id : str
        Named in errors.
    """

    def __init__(self, source: PixelSource, codec: ShardCodec, manifest: dict[str, int] | None, image_id: str) -> None:
        self._source = source
        self._codec = codec
        self._manifest = manifest
        self._image_id = image_id
        self._cached_index: Callable[[str], npt.NDArray[np.uint64]] = lru_cache(_INDEXES)(self._read_index)
        self._locks = [threading.Lock() for _ in range(_STRIPES)]
        self.shape = codec.layout.shape
        self.dtype = codec.dtype.newbyteorder("=")
        self.ndim = len(self.shape)

    def __reduce__(self) -> tuple[Any, ...]:
        return StoredPixels, (self._source, self._codec, self._manifest, self._image_id)

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        """Return a part; reads the chunks that the box around it touches and no others.

        Each axis takes an integer, a slice or a list of integers, which is what Dask fuses into its reader.
        """
        axes = [_span(part, size) for part, size in zip(_filled(key, self.ndim), self.shape, strict=True)]
        box = tuple(span for span, _ in axes)
        out = np.zeros(tuple(part.stop - part.start for part in box), dtype=self.dtype)
        for shard_key, shard in self._touched_shards(box):
            self._fill(out, box, shard_key, shard)
        return _picked(out, [pick for _, pick in axes])

    def _touched_shards(self, box: Region) -> Iterator[tuple[str, Region]]:
        layout = self._codec.layout
        for index in product(*touched(box, layout.shard)):
            yield layout.key(index), layout.region(index)

    def _fill(self, out: npt.NDArray[Any], box: Region, key: str, shard: Region) -> None:
        """Copy into *out*, which covers *box*, what one object has of it."""
        chunk = self._codec.layout.chunk
        wanted = overlap(box, shard)
        within = shifted(wanted, shard)
        places = list(product(*touched(within, chunk)))
        for place, body in zip(places, self._bodies(key, places), strict=True):
            if body is None:
                continue
            start = [part.start + i * edge for part, i, edge in zip(shard, place, chunk, strict=True)]
            covered = tuple(slice(first, first + edge) for first, edge in zip(start, chunk, strict=True))
            target = overlap(covered, wanted)
            try:
                pixels = self._codec.chunk(body)
            except DamagedBytesError as error:
                raise ImageDamagedError(self._image_id, key, str(error)) from error
            out[shifted(target, box)] = pixels[shifted(target, covered)]

    def _bodies(self, key: str, places: Sequence[tuple[int, ...]]) -> Iterator[bytes | None]:
        if not self._codec.layout.is_sharded:
            return iter([self._read(key, [(0, self._size(key))])[0]])
        index = self._index(key)
        entries = [index[place] for place in places]
        ranges = [(int(offset), int(offset + size)) for offset, size in (e for e in entries if not is_empty(e))]
        found = iter(self._read(key, ranges))
        return (None if is_empty(entry) else next(found) for entry in entries)

    def _index(self, key: str) -> npt.NDArray[np.uint64]:
        with self._locks[hash(key) % _STRIPES]:  # the blocks of a shard are read at the same time; one asks for all
            return self._cached_index(key)

    def _read_index(self, key: str) -> npt.NDArray[np.uint64]:
        size = self._size(key)
        try:
            return self._codec.index(self._read(key, [(max(0, size - self._codec.index_bytes), size)])[0])
        except DamagedBytesError as error:
            raise ImageDamagedError(self._image_id, key, str(error)) from error

    def _size(self, key: str) -> int:
        if self._manifest is None:
            return self._asked_size(key)
        if (size := self._manifest.get(key)) is None:
            raise ImageDamagedError(self._image_id, key, "it is not in the manifest")
        return size

    def _asked_size(self, key: str) -> int:
        try:
            return self._source.size(key)
        except FileNotFoundError as error:
            raise ImageDamagedError(self._image_id, key, "it is missing") from error

    def _read(self, key: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        try:
            bodies = self._source.read_ranges(key, ranges)
        except FileNotFoundError as error:
            raise ImageDamagedError(self._image_id, key, "it is missing") from error
        if [len(body) for body in bodies] != [stop - start for start, stop in ranges]:
            raise ImageDamagedError(self._image_id, key, "it is shorter than it was")
        return bodies


def _filled(key: Any, ndim: int) -> list[Any]:
    """Return one index for each axis."""
    given = list(key) if isinstance(key, tuple) else [key]
    at = next((i for i, part in enumerate(given) if part is Ellipsis), len(given))
    rest = given[at + 1 :]
    return [*given[:at], *[slice(None)] * (ndim - at - len(rest)), *rest]


def _span(part: Any, size: int) -> tuple[slice, Any]:
    """Return the stretch of an axis around an index, and the index within that stretch."""
    if isinstance(part, Sequence | np.ndarray):
        places = np.arange(size)[np.asarray(part, dtype=np.intp)]
        if not places.size:
            return slice(0, 0), places
        low = int(places.min())
        return slice(low, int(places.max()) + 1), places - low
    if not isinstance(part, slice):
        place = range(size)[part]
        return slice(place, place + 1), 0
    wanted = range(size)[part]
    if not wanted:
        return slice(0, 0), slice(0, 0)
    return slice(min(wanted[0], wanted[-1]), max(wanted[0], wanted[-1]) + 1), slice(None, None, wanted.step)


def _picked(out: npt.NDArray[Any], picks: Sequence[Any]) -> npt.NDArray[Any]:
    """Apply one index to each axis: lists first and one by one, because NumPy would let them pair up."""
    for axis, pick in enumerate(picks):
        if isinstance(pick, np.ndarray):
            out = out.take(pick, axis=axis)
    result: npt.NDArray[Any] = out[tuple(slice(None) if isinstance(pick, np.ndarray) else pick for pick in picks)]
    return result
