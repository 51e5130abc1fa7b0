"""Bytes of one object: chunks encoded side by side, each with its checksum, and at the end an index of them.

This is zarr's own ``sharding_indexed`` with ``bytes``, ``blosc`` and ``crc32c`` inside (zarr v3 codec specifications),
so every zarr v3 reader reads it.  zarr-python's own pipeline is not used: it awaits every chunk alone and takes about
five times as long (decision 0070).
"""

import zlib
from itertools import product
from typing import Any, Final

import google_crc32c
import numpy as np
import numpy.typing as npt
from numcodecs.blosc import Blosc  # type: ignore[import-untyped]  # numcodecs ships no types

from arkitekt_di.mikro.pixels.layout import Layout

_CHECKSUM_BYTES: Final = 4
_EMPTY: Final = 2**64 - 1
"""Offset and size of a chunk that is not there: sharding_indexed, section "Empty chunks"."""

_SPARE: Final = 2
"""A room that is too small becomes half as large again as it has to be."""

_LEVELS: Final = {"lz4": 5, "zstd": 1}
"""Compression levels: higher ones cost time and save next to nothing on camera noise."""


class Room:
    """Memory for one encoded object after the other.

    Memory that is fresh has to be mapped and cleared page by page, which takes longer than to compress what goes there;
    one room a thread keeps its pages, as many as the largest object so far has needed.
    """

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)
        self._size = 0

    def clear(self) -> None:
        """Begin the next object; what was there before is lost."""
        self._size = 0

    def append(self, part: bytes) -> None:
        """Add bytes to the object."""
        end = self._size + len(part)
        if end > len(self._memory):
            memory = np.empty(end + end // _SPARE, np.uint8)
            memory[: self._size] = self._memory[: self._size]
            self._memory = memory
        self._memory[self._size : end] = np.frombuffer(part, np.uint8)
        self._size = end

    def __len__(self) -> int:
        return self._size

    def content(self) -> memoryview:
        """Return the object, without a copy."""
        return self._memory.data[: self._size]


class DamagedBytesError(Exception):
    """Bytes do not match their checksum or their length."""


class ShardCodec:
    """Encodes and decodes the objects of one array; has no state, so threads may share it.

    Parameters
    ----------
    layout : Layout
    dtype : numpy.dtype
    codec : {'lz4', 'zstd', 'none'}
    """

    def __init__(self, layout: Layout, dtype: np.dtype[Any], codec: str) -> None:
        self.layout = layout
        self.dtype = dtype.newbyteorder("<")
        self.codec = codec
        self._blosc = None if codec == "none" else Blosc(cname=codec, clevel=_LEVELS[codec], shuffle=self._shuffle())
        self._index_shape = (*layout.chunks_per_shard, 2)
        self.index_bytes = int(np.prod(self._index_shape)) * 8 + _CHECKSUM_BYTES

    def _shuffle(self) -> int:
        """Bits of neighbouring integers are alike; those of floating-point mantissas are not, whole bytes are."""
        shuffle: int = Blosc.SHUFFLE if self.dtype.kind in "fc" else Blosc.BITSHUFFLE
        return shuffle

    def metadata(self) -> list[dict[str, Any]]:
        """Return the ``codecs`` of ``zarr.json``."""
        chunk = [*self._chunk_codecs(), {"name": "crc32c"}]
        if not self.layout.is_sharded:
            return chunk
        index = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]
        configuration = {
            "chunk_shape": list(self.layout.chunk),
            "codecs": chunk,
            "index_codecs": index,
            "index_location": "end",
        }
        return [{"name": "sharding_indexed", "configuration": configuration}]

    def _chunk_codecs(self) -> list[dict[str, Any]]:
        endian = {} if self.dtype.itemsize == 1 else {"configuration": {"endian": "little"}}
        plain: list[dict[str, Any]] = [{"name": "bytes", **endian}]
        if self._blosc is None:
            return plain
        configuration = {
            "typesize": self.dtype.itemsize,
            "cname": self.codec,
            "clevel": _LEVELS[self.codec],
            "shuffle": "shuffle" if self.dtype.kind in "fc" else "bitshuffle",
            "blocksize": 0,
        }
        return [*plain, {"name": "blosc", "configuration": configuration}]

    def encode(self, block: npt.NDArray[Any]) -> bytes:
        """Return the object that holds *block*, which may be cut at the edge of the array."""
        return bytes(self.encode_in(Room(), block))

    def encode_in(self, room: Room, block: npt.NDArray[Any]) -> bytes | memoryview:
        """Return the same as `encode`, which lies in *room* until that is used for the next object."""
        if not self.layout.is_sharded:
            return _with_checksum(self._encoded_chunk(block, self._empty()))
        room.clear()
        scratch = self._empty()
        index = np.full(self._index_shape, _EMPTY, dtype="<u8")
        edges = self.layout.chunk
        for place in product(*(range(-(-size // edge)) for size, edge in zip(block.shape, edges, strict=True))):
            part = block[tuple(slice(i * edge, (i + 1) * edge) for i, edge in zip(place, edges, strict=True))]
            encoded = self._encoded_chunk(part, scratch)
            index[place] = (len(room), len(encoded) + _CHECKSUM_BYTES)
            room.append(encoded)
            room.append(_checksum(encoded))
        room.append(_with_checksum(index.tobytes()))
        return room.content()

    def _empty(self) -> npt.NDArray[Any]:
        return np.empty(self.layout.chunk, dtype=self.dtype)

    def _encoded_chunk(self, part: npt.NDArray[Any], scratch: npt.NDArray[Any]) -> bytes:
        """Return the bytes of one chunk, made contiguous in *scratch* where it is not."""
        chunk = part
        if part.shape != self.layout.chunk:
            scratch[...] = 0
            scratch[tuple(slice(size) for size in part.shape)] = part
            chunk = scratch
        elif not part.flags.c_contiguous or part.dtype != self.dtype:
            scratch[...] = part
            chunk = scratch
        body: bytes = chunk.tobytes() if self._blosc is None else self._blosc.encode(chunk)
        return body

    def index(self, body: bytes) -> npt.NDArray[np.uint64]:
        """Return where each chunk of a shard is: offset and size, in bytes; raises `DamagedBytesError`."""
        if len(body) != self.index_bytes:
            message = f"its index has {len(body)} bytes instead of {self.index_bytes}"
            raise DamagedBytesError(message)
        return np.frombuffer(_without_checksum(body), dtype="<u8").reshape(self._index_shape)

    def chunk(self, body: bytes) -> npt.NDArray[Any]:
        """Return the pixels of one chunk; raises `DamagedBytesError`."""
        plain = _without_checksum(body)
        try:
            raw = plain if self._blosc is None else self._blosc.decode(plain)
            return np.frombuffer(raw, dtype=self.dtype).reshape(self.layout.chunk)
        except (RuntimeError, ValueError) as error:
            message = "a chunk cannot be decoded"
            raise DamagedBytesError(message) from error


def is_empty(entry: npt.NDArray[np.uint64]) -> bool:
    """Tell whether an entry of an index says that there is no chunk."""
    return bool(entry[0] == _EMPTY)


def checksum(body: bytes | memoryview) -> int:
    """Return the CRC-32 of a whole object.

    Not CRC-32C: over parts that each end with their own CRC-32C that is the same for all contents of one length.
    """
    return zlib.crc32(body)


def _checksum(body: bytes) -> bytes:
    value: int = google_crc32c.value(body)
    return value.to_bytes(_CHECKSUM_BYTES, "little")


def _with_checksum(body: bytes) -> bytes:
    return body + _checksum(body)


def _without_checksum(body: bytes) -> bytes:
    plain, checksum = body[:-_CHECKSUM_BYTES], body[-_CHECKSUM_BYTES:]
    if _checksum(plain) != checksum:
        message = "its checksum does not match"
        raise DamagedBytesError(message)
    return plain
