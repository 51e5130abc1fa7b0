"""Objects on local disk.

Layout below the root::

    <bucket>/<key>                one file an object
    .uploads/<bucket>/<key>/...   parts of unfinished multipart uploads
    .sealed/<bucket>/<prefix>#    which prefixes are final
    .staging/                     drafts; emptied at the start

An object appears by one ``rename``, whole; a killed process leaves nothing half written in sight.
Single writes are not synced to the disk: `ObjectFolder.seal` syncs all that it seals.  A power cut can
therefore cost an upload that was not finished, and never one that was.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from os import fstat
from pathlib import Path
from typing import BinaryIO

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects.draft import DraftFile, FileDraft
from arkitekt_di.server.objects.keys import UPLOADS
from arkitekt_di.server.objects.promise import Allowance, Digest, Draft, ObjectEntry, OpenObject, Page
from arkitekt_di.server.objects.shelf import Shelf
from arkitekt_di.server.objects.threads import Threads
from arkitekt_di.server.objects.tree import entry_of, place

PAGE_SIZE = 1000


class ObjectFolder:
    """Keeps objects below a folder; one process at a time.

    Parameters
    ----------
    root : Path
        Created at the start; nobody else may write there.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._shelf = Shelf(root)
        self._threads = Threads(str(root))

    async def start(self) -> None:
        """Create the folders, and remove the drafts that a killed process left."""
        self._threads.start()
        try:
            await self._threads.run(self._shelf.prepare)
        except BaseException:
            await self._threads.stop()
            raise

    async def stop(self) -> None:
        """Wait for the writes that are under way, and close."""
        await self._threads.stop()

    @asynccontextmanager
    async def open(self, bucket: str, key: str) -> AsyncIterator[OpenObject | None]:
        """Open one object for reading."""
        file = await self._threads.run(self._shelf.open_file, bucket, key)
        if file is None:
            yield None
            return
        with file:
            yield _OpenFile(entry_of(key, fstat(file.fileno())), file, self._threads)

    async def read(self, bucket: str, key: str, *, max_bytes: int = 16 * 2**20) -> bytes | None:
        """Return a whole object."""
        async with self.open(bucket, key) as found:
            if found is None:
                return None
            if found.entry.size > max_bytes:
                raise ObjectRefusedError("EntityTooLarge", f"{key} has over {max_bytes} bytes and is not read at once")
            return await found.read(0, found.entry.size)

    async def checksums(self, bucket: str, keys: Sequence[str]) -> list[int | None]:
        """Return the CRC-32 of each object's bytes; read where this process did not write them."""
        return await self._threads.run(self._shelf.checksums, bucket, keys)

    async def entries(self, bucket: str, prefix: str) -> AsyncIterator[ObjectEntry]:
        """Go through the objects below *prefix*."""
        place(self._root, bucket, prefix)
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
        place(self._root, bucket, key)
        file = DraftFile(self._shelf, bucket, key, allowance=allowance, digests=digests)
        draft = FileDraft(file, self._threads)
        try:
            yield draft
        finally:
            await draft.discard()

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
        """Make what is below *prefix* final and durable."""
        await self._threads.run(self._shelf.seal, bucket, prefix)
        await self._threads.run(self._shelf.delete_prefix, UPLOADS, f"{bucket}/{prefix}")


@dataclass(frozen=True)
class _OpenFile:
    entry: ObjectEntry
    file: BinaryIO
    threads: Threads

    async def read(self, start: int, stop: int) -> bytes:
        return await self.threads.run(self._read, start, stop)

    def _read(self, start: int, stop: int) -> bytes:
        self.file.seek(start)
        return self.file.read(stop - start)
