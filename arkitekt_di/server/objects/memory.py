"""Objects in memory, for tests and for trying things out."""

from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from time import time_ns
from typing import BinaryIO

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.messages.images import DraftFolder, StoredObject
from arkitekt_di.server.objects.checksums import checksum_of
from arkitekt_di.server.objects.keys import UPLOADS, ancestors, charged, check_name, check_stored_bucket, is_within
from arkitekt_di.server.objects.promise import (
    Allowance,
    Condition,
    Digest,
    Draft,
    ObjectEntry,
    OpenObject,
    Page,
    check_small,
)
from arkitekt_di.server.objects.seals import sealed
from arkitekt_di.server.objects.tree import conflict, missing
from arkitekt_di.server.objects.usage import Reservation, Usage


@dataclass(frozen=True)
class _Stored:
    entry: ObjectEntry
    content: bytes
    file: BinaryIO | None = None

    async def read(self, start: int, stop: int) -> bytes:
        return self.content[start:stop]


class InMemoryObjects:
    """Keeps objects in memory, with every promise of `Objects` but durability."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], _Stored] = {}
        self.usage = Usage(self._measure)
        self._sealed: set[tuple[str, str]] = set()
        self._versions = count(1)

    async def start(self) -> None:
        """Do nothing."""

    async def stop(self) -> None:
        """Do nothing."""

    @asynccontextmanager
    async def open(self, bucket: str, key: str) -> AsyncIterator[OpenObject | None]:
        """Open one object for reading."""
        yield self.stored.get(check_name(bucket, key))

    async def read(self, bucket: str, key: str, *, max_bytes: int = 16 * 2**20) -> bytes | None:
        """Return a whole object."""
        found = self.stored.get(check_name(bucket, key))
        if found is None:
            return None
        check_small(key, found.entry.size, max_bytes)
        return found.content

    async def checksums(self, bucket: str, keys: Sequence[str]) -> list[int | None]:
        """Return the CRC-32 of each object's bytes."""
        found = [self.stored.get(check_name(bucket, key)) for key in keys]
        return [None if stored is None else checksum_of(stored.content) for stored in found]

    async def inventory(self, bucket: str, prefix: str) -> dict[str, StoredObject]:
        """Return the size and the CRC-32 of every object below *prefix*."""
        check_name(bucket, prefix)
        found = {
            key: self.stored[bucket, key] for key in self._keys(bucket, f"{prefix}/") if (bucket, key) in self.stored
        }
        return {
            key.removeprefix(f"{prefix}/"): StoredObject(size=stored.entry.size, crc32=checksum_of(stored.content))
            for key, stored in found.items()
        }

    async def entries(self, bucket: str, prefix: str) -> AsyncIterator[ObjectEntry]:
        """Go through the objects below *prefix*."""
        check_name(bucket, prefix)
        for key in self._keys(bucket, f"{prefix}/"):
            if (bucket, key) in self.stored:
                yield self.stored[bucket, key].entry

    async def page(self, bucket: str, start: str, *, after: str, limit: int, separator: str | None) -> Page:
        """Return the next objects whose keys begin with *start*."""
        check_stored_bucket(bucket)
        return Page.cut(self._items(bucket, start, after, separator), limit)

    @asynccontextmanager
    async def stage(
        self, bucket: str, key: str, *, allowance: Allowance | None = None, digests: Sequence[Digest] = ()
    ) -> AsyncIterator[Draft]:
        """Begin an object."""
        draft = _MemoryDraft(self, *check_name(bucket, key), allowance=allowance, digests=digests)
        try:
            yield draft
        finally:
            draft.close()

    async def open_drafts(self, bucket: str, prefix: str) -> DraftFolder | None:
        """Return None: there are no files here."""
        check_name(bucket, prefix)
        return None

    async def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects."""
        for key in keys:
            self.refuse_sealed(*check_name(bucket, key))
            found = self.stored.pop((bucket, key), None)
            if found is not None:
                self.usage.change(bucket, key, -found.entry.size)

    async def delete_prefix(self, bucket: str, prefix: str) -> None:
        """Remove everything below *prefix*, and uploads that would end there."""
        check_name(bucket, prefix)
        for name in [name for name in self.stored if _lies_in(name, bucket, prefix)]:
            self.usage.change(*name, -self.stored.pop(name).entry.size)

    async def move(self, bucket: str, moves: Sequence[tuple[str, str]]) -> None:
        """Give objects other keys."""
        for source, target in moves:
            check_name(bucket, target)
            found = self.stored.pop(check_name(bucket, source), None)
            if found is None:
                raise missing()
            self.usage.change(bucket, source, -found.entry.size)
            old = self.stored.get((bucket, target))
            self.stored[bucket, target] = replace(found, entry=replace(found.entry, key=target))
            self.usage.change(bucket, target, found.entry.size - (0 if old is None else old.entry.size))

    async def seal(self, bucket: str, prefix: str) -> None:
        """Make what is below *prefix* final."""
        self._sealed.add(check_name(bucket, prefix))
        await self.delete_prefix(UPLOADS, f"{bucket}/{prefix}")

    def place(self, bucket: str, key: str, content: bytes, condition: Condition | None) -> ObjectEntry:
        """Make an object visible."""
        self.refuse_sealed(bucket, key)
        old = self.stored.get((bucket, key))
        if condition is not None:
            condition.test(None if old is None else old.entry)
        *folders, _ = ancestors(key)
        if any((bucket, folder) in self.stored for folder in folders) or self._keys(bucket, f"{key}/"):
            raise conflict()
        entry = ObjectEntry(key, len(content), etag=f"{next(self._versions):x}", modified_ns=time_ns())
        self.stored[bucket, key] = _Stored(entry, content)
        self.usage.change(bucket, key, entry.size - (0 if old is None else old.entry.size))
        return entry

    def refuse_sealed(self, bucket: str, key: str) -> None:
        """Raise `ObjectRefusedError` where nothing may be written any more."""
        bucket, key = charged(bucket, key)
        if any((bucket, prefix) in self._sealed for prefix in ancestors(key)):
            raise sealed()

    def _keys(self, bucket: str, start: str) -> list[str]:
        return sorted(key for other, key in self.stored if other == bucket and key.startswith(start))

    def _items(self, bucket: str, start: str, after: str, separator: str | None) -> Iterator[ObjectEntry | str]:
        keys = self._keys(bucket, start)
        last = ""
        for key in keys[bisect_right(keys, after) :]:
            end = -1 if separator is None else key.find(separator, len(start))
            if end < 0:
                yield self.stored[bucket, key].entry
            elif key[: end + 1] != last:
                last = key[: end + 1]
                yield last

    def _measure(self, bucket: str, prefix: str) -> int:
        return sum(stored.entry.size for name, stored in self.stored.items() if _lies_in(name, bucket, prefix))


class _MemoryDraft:
    def __init__(
        self, objects: InMemoryObjects, bucket: str, key: str, *, allowance: Allowance | None, digests: Sequence[Digest]
    ) -> None:
        self._objects = objects
        self._bucket = bucket
        self._key = key
        self._reservation = None if allowance is None else Reservation(allowance)
        self._digests = digests
        self._content = bytearray()

    async def write(self, chunk: bytes) -> None:
        self._objects.refuse_sealed(self._bucket, self._key)
        if self._reservation is not None:
            self._objects.usage.reserve(self._reservation, len(chunk))
        for digest in self._digests:
            digest.update(chunk)
        self._content += chunk

    async def absorb(self, bucket: str, key: str) -> None:
        found = self._objects.stored.get((bucket, key))
        if found is None:
            raise ObjectRefusedError("NoSuchKey", "there is no such object")
        await self.write(found.content)

    async def adopt(self, prefix: str, name: str, *, max_bytes: int) -> None:
        raise ObjectRefusedError("InvalidRequest", "this store takes no files. Send the bytes")

    async def publish(
        self, *, condition: Condition | None = None, check: Callable[[], None] | None = None
    ) -> ObjectEntry:
        if check is not None:
            check()
        entry = self._objects.place(self._bucket, self._key, bytes(self._content), condition)
        self.close()
        return entry

    def close(self) -> None:
        self._objects.usage.release(self._reservation)


def _lies_in(name: tuple[str, str], bucket: str, prefix: str) -> bool:
    """Tell whether an object, or a part of an upload, counts for a prefix."""
    other, key = name if bucket == UPLOADS else charged(*name)
    return other == bucket and is_within(key, prefix)
