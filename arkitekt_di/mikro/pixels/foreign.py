"""Arrays that another program wrote, such as the real mikro client: read by zarr-python itself.

Such an array has no manifest of ours.  A chunk that is not there is then, by the zarr specification, a chunk of the
fill value.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import zarr
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store
from zarr.core.buffer import Buffer, BufferPrototype

from arkitekt_di.protocols.mikro import PixelSource


class SourceStore(Store):
    """A read-only zarr store over a pixel source.

    Parameters
    ----------
    source : PixelSource
    """

    def __init__(self, source: PixelSource) -> None:
        super().__init__(read_only=True)
        self._source = source

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SourceStore) and self._source is other._source

    def __hash__(self) -> int:
        return id(self._source)

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """Return an object or a part of it; None where it is not there."""
        try:
            body = await asyncio.to_thread(self._read, key, byte_range)
        except FileNotFoundError:
            return None
        return prototype.buffer.from_bytes(body)

    def _read(self, key: str, byte_range: ByteRequest | None) -> bytes:
        if byte_range is None:
            return self._source.read(key)
        if isinstance(byte_range, RangeByteRequest):
            return self._source.read_ranges(key, [(byte_range.start, byte_range.end)])[0]
        size = self._source.size(key)
        start = byte_range.offset if isinstance(byte_range, OffsetByteRequest) else max(0, size - byte_range.suffix)
        return self._source.read_ranges(key, [(start, size)])[0]

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Return parts of several objects."""
        return list(await asyncio.gather(*(self.get(key, prototype, part) for key, part in key_ranges)))

    async def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""
        try:
            await asyncio.to_thread(self._source.size, key)
        except FileNotFoundError:
            return False
        return True

    @property
    def supports_writes(self) -> bool:
        """No."""
        return False

    @property
    def supports_deletes(self) -> bool:
        """No."""
        return False

    @property
    def supports_listing(self) -> bool:
        """No."""
        return False

    async def set(self, key: str, value: Buffer) -> None:
        """Refuse: the store is read-only."""
        self._check_writable()

    async def delete(self, key: str) -> None:
        """Refuse: the store is read-only."""
        self._check_writable()

    def list(self) -> AsyncIterator[str]:
        """Refuse: a grant need not cover listing, and one array needs none."""
        raise NotImplementedError

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Refuse: as `list`."""
        raise NotImplementedError

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Refuse: as `list`."""
        raise NotImplementedError


def open_foreign(source: PixelSource) -> zarr.Array[Any]:
    """Return the array at the root of *source*."""
    return zarr.open_array(SourceStore(source), mode="r", zarr_format=3)
