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

_LEVELS: Final = {"lz4": 5, "zstd": 1}
"""Compression levels: higher ones cost time and save next to nothing on camera noise."""


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
        if not self.layout.is_sharded:
            return self._encoded_chunk(block)
        parts: list[bytes] = []
        size = 0
        index = np.full(self._index_shape, _EMPTY, dtype="<u8")
        chunk = self.layout.chunk
        for place in product(*(range(-(-size // edge)) for size, edge in zip(block.shape, chunk, strict=True))):
            part = block[tuple(slice(i * edge, (i + 1) * edge) for i, edge in zip(place, chunk, strict=True))]
            encoded = self._encoded_chunk(part)
            index[place] = (size, len(encoded))
            size += len(encoded)
            parts.append(encoded)
        return b"".join([*parts, _with_checksum(index.tobytes())])

    def _encoded_chunk(self, part: npt.NDArray[Any]) -> bytes:
        if part.shape == self.layout.chunk:
            chunk = np.ascontiguousarray(part, dtype=self.dtype)
        else:
            chunk = np.zeros(self.layout.chunk, dtype=self.dtype)
            chunk[tuple(slice(size) for size in part.shape)] = part
        body: bytes = chunk.tobytes() if self._blosc is None else self._blosc.encode(chunk)
        return _with_checksum(body)

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


def checksum(body: bytes) -> int:
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
