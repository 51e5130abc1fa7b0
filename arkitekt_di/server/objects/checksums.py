"""Checksums of objects, remembered from when their bytes went by."""

import zlib
from collections import OrderedDict
from typing import Final

from arkitekt_di.server.objects.promise import ObjectEntry

_REMEMBERED: Final = 65_536
"""Objects whose checksum is known without reading them; a few of the largest uploads."""


def checksum_of(content: bytes | memoryview, before: int = 0) -> int:
    """Return the CRC-32 of the bytes so far, whose checksum is *before*, and *content* together."""
    return zlib.crc32(content, before)


class Checksums:
    """Remembers checksums of versions of objects; its owner calls it under a lock."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], tuple[str, int]] = OrderedDict()

    def note(self, bucket: str, entry: ObjectEntry, checksum: int) -> None:
        """Remember the checksum of one version."""
        self._known[bucket, entry.key] = (entry.etag, checksum)
        self._known.move_to_end((bucket, entry.key))
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def of(self, bucket: str, entry: ObjectEntry) -> int | None:
        """Return the checksum of this very version, where it is remembered."""
        etag, checksum = self._known.get((bucket, entry.key), ("", 0))
        return checksum if etag == entry.etag else None
