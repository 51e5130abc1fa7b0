"""What object stores on a shelf do alike: work in threads, whole reads, drafts, final prefixes."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.messages.images import DraftFolder, StoredObject
from arkitekt_di.server.objects.draft import DraftFile, DraftPlaces, FileDraft
from arkitekt_di.server.objects.keys import UPLOADS, check_name
from arkitekt_di.server.objects.local_drafts import LocalDrafts
from arkitekt_di.server.objects.promise import Allowance, Digest, Draft, ObjectEntry, OpenObject, Page, check_small
from arkitekt_di.server.objects.seals import sync_all
from arkitekt_di.server.objects.threads import Threads

PAGE_SIZE: Final = 1000
"""Objects that are listed at once."""

SYNCS: Final = 8
"""Threads that wait for the disk for one seal."""

FEW: Final = 16
"""Files and folders that one thread brings to the disk: the first of them makes the file system commit the others."""


class StoringShelf(DraftPlaces, Protocol):
    """Keeps objects; called from threads."""

    def prepare(self) -> None:
        """Make ready, and remove the drafts that a killed process left."""
        ...

    def checksums(self, bucket: str, keys: Sequence[str]) -> list[int | None]:
        """Return the CRC-32 of each object's bytes; None where there is none."""
        ...

    def remembered(self, bucket: str, entries: Sequence[ObjectEntry]) -> list[int | None]:
        """Return the CRC-32 of these very versions; None for one of which it is not known without reading it."""
        ...

    def page(self, bucket: str, start: str, after: str, limit: int, separator: str | None) -> Page:
        """Return the next objects whose keys begin with *start*."""
        ...

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects."""
        ...

    def delete_prefix(self, bucket: str, prefix: str) -> None:
        """Remove everything below *prefix*."""
        ...

    def move(self, bucket: str, moves: Sequence[tuple[str, str]]) -> None:
        """Give objects other keys."""
        ...

    def seal(self, bucket: str, prefix: str) -> Sequence[Path]:
        """Make what is below *prefix* final; return what has to be brought to the disk yet."""
        ...


class ShelvedObjects(ABC):
    """Keeps objects on a shelf; one process at a time.

    Parameters
    ----------
    shelf : StoringShelf
    threads : Threads
        Where the shelf works.
    """

    def __init__(self, shelf: StoringShelf, threads: Threads) -> None:
        self._shelf = shelf
        self._threads = threads

    async def start(self) -> None:
        """Make the shelf ready, and remove the drafts that a killed process left.

        Raises
        ------
        ObjectStoreUnusableError
            The store cannot be reached or does not let the hub in; names the setting to look at.
        """
        self._threads.start()
        try:
            await self._threads.run(self._shelf.prepare)
        except BaseException:
            await self._threads.stop()
            raise

    async def stop(self) -> None:
        """Wait for what is under way, and close."""
        await self._threads.stop()

    @abstractmethod
    def open(self, bucket: str, key: str) -> AbstractAsyncContextManager[OpenObject | None]:
        """Open one object for reading."""

    async def read(self, bucket: str, key: str, *, max_bytes: int = 16 * 2**20) -> bytes | None:
        """Return a whole object."""
        async with self.open(bucket, key) as found:
            if found is None:
                return None
            check_small(key, found.entry.size, max_bytes)
            return await found.read(0, found.entry.size)

    async def checksums(self, bucket: str, keys: Sequence[str]) -> list[int | None]:
        """Return the CRC-32 of each object's bytes; read where this process did not write them."""
        return await self._threads.run(self._shelf.checksums, bucket, keys)

    async def inventory(self, bucket: str, prefix: str) -> dict[str, StoredObject]:
        """Return the size and the CRC-32 of every object below *prefix*."""
        check_name(bucket, prefix)
        return await self._threads.run(self._inventory, bucket, prefix)

    def _inventory(self, bucket: str, prefix: str) -> dict[str, StoredObject]:
        found: dict[str, StoredObject] = {}
        after: str | None = ""
        while after is not None:
            page = self._shelf.page(bucket, f"{prefix}/", after, PAGE_SIZE, None)
            known = self._shelf.remembered(bucket, page.entries)
            unknown = [entry.key for entry, checksum in zip(page.entries, known, strict=True) if checksum is None]
            read = dict(zip(unknown, self._shelf.checksums(bucket, unknown), strict=True))
            for entry, remembered in zip(page.entries, known, strict=True):
                checksum = read[entry.key] if remembered is None else remembered
                if checksum is not None:  # not removed meanwhile
                    found[entry.key.removeprefix(f"{prefix}/")] = StoredObject(size=entry.size, crc32=checksum)
            after = page.after
        return found

    async def entries(self, bucket: str, prefix: str) -> AsyncIterator[ObjectEntry]:
        """Go through the objects below *prefix*."""
        check_name(bucket, prefix)
        after: str | None = ""
        while after is not None:
            page = await self.page(bucket, f"{prefix}/", after=after, limit=PAGE_SIZE, separator=None)
            for entry in page.entries:
                yield entry
            after = page.after

    async def page(self, bucket: str, start: str, *, after: str, limit: int, separator: str | None) -> Page:
        """Return the next objects whose keys begin with *start*."""
        return await self._threads.run(self._shelf.page, bucket, start, after, limit, separator)

    @asynccontextmanager
    async def stage(
        self, bucket: str, key: str, *, allowance: Allowance | None = None, digests: Sequence[Digest] = ()
    ) -> AsyncIterator[Draft]:
        """Begin an object."""
        check_name(bucket, key)
        file = DraftFile(self._shelf, bucket, key, allowance=allowance, digests=digests)
        draft = FileDraft(file, self._threads)
        try:
            yield draft
        finally:
            await draft.discard()

    async def open_drafts(self, bucket: str, prefix: str) -> DraftFolder | None:
        """Make a folder for drafts of clients on this machine."""
        drafts = self._shelf.drafts
        return None if drafts is None else await self._threads.run(self._open_drafts, drafts, bucket, prefix)

    def _open_drafts(self, drafts: LocalDrafts, bucket: str, prefix: str) -> DraftFolder | None:
        try:
            self._shelf.refuse_sealed(bucket, prefix)
        except ObjectRefusedError:
            return None
        return drafts.open(bucket, prefix)

    async def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects."""
        await self._threads.run(self._shelf.delete, bucket, keys)

    async def delete_prefix(self, bucket: str, prefix: str) -> None:
        """Remove everything below *prefix*, and uploads that would end there."""
        await self._threads.run(self._shelf.delete_prefix, bucket, prefix)
        if bucket != UPLOADS:
            await self._threads.run(self._shelf.delete_prefix, UPLOADS, f"{bucket}/{prefix}")

    async def move(self, bucket: str, moves: Sequence[tuple[str, str]]) -> None:
        """Give objects other keys."""
        await self._threads.run(self._shelf.move, bucket, moves)

    async def seal(self, bucket: str, prefix: str) -> None:
        """Make what is below *prefix* final, and as durable as the shelf can."""
        many = await self._threads.run(self._seal, bucket, prefix)
        if many:
            # Side by side: a file system commits what waits for it together, and one by one each waits for a commit.
            await self._threads.run_each(sync_all, [many[start::SYNCS] for start in range(SYNCS)])

    def _seal(self, bucket: str, prefix: str) -> Sequence[Path]:
        """Seal what is few at once; return what is too many to be brought to the disk here."""
        paths = self._shelf.seal(bucket, prefix)
        self._shelf.delete_prefix(UPLOADS, f"{bucket}/{prefix}")  # nothing more comes of what is there
        if len(paths) > FEW:
            return paths
        sync_all(paths)
        return ()


@dataclass(frozen=True)
class OpenFile:
    """An object that is open as a file."""

    entry: ObjectEntry
    file: BinaryIO
    threads: Threads

    async def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from *start* to before *stop*."""
        return await self.threads.run(self._read, start, stop)

    def _read(self, start: int, stop: int) -> bytes:
        self.file.seek(start)
        return self.file.read(stop - start)
