"""Objects in a bucket of a foreign S3: Ceph, MinIO, AWS, or a program that speaks it.

Layout in the bucket, below the prefix of the settings::

    <bucket>/<key>                one object each
    .uploads/<bucket>/<key>/...   parts of unfinished multipart uploads to the hub
    .sealed/<bucket>/<prefix>/=   which prefixes are final

A draft is a file on the hub's own disk until it is published; an object appears by one request, or by the one that
completes its parts.  The hub is the only writer: conditions and keys in each other's way are tested by it, under a
claim on the key, and conditions by the store as well where it can.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects.draft import DraftFile, FileDraft
from arkitekt_di.server.objects.keys import UPLOADS, check_name
from arkitekt_di.server.objects.promise import Allowance, Digest, Draft, ObjectEntry, OpenObject, Page
from arkitekt_di.server.objects.s3_bucket import S3Bucket
from arkitekt_di.server.objects.s3_shelf import S3Shelf
from arkitekt_di.server.objects.threads import Threads
from arkitekt_di.settings.models import S3Settings

PAGE_SIZE: Final = 1000
SMALL_BYTES: Final = 2**20
"""An object up to here is fetched whole when it is opened: its version cannot be lost any more."""

REQUESTS: Final = 32
"""Requests to the store at the same time: threads that wait for the network."""


class S3Objects:
    """Keeps objects in a bucket; one hub at a time.

    Parameters
    ----------
    settings : S3Settings
    folder : Path
        On local disk; drafts are kept there until they are sent.
    """

    def __init__(self, settings: S3Settings, folder: Path) -> None:
        self._shelf = S3Shelf(S3Bucket(settings), folder / ".staging")
        self._threads = Threads(str(folder), count=REQUESTS)

    async def start(self) -> None:
        """Look at the bucket, and remove the drafts that a killed process left.

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
        """Wait for the requests that are under way, and close."""
        await self._threads.stop()

    @asynccontextmanager
    async def open(self, bucket: str, key: str) -> AsyncIterator[OpenObject | None]:
        """Open one object for reading; a large one that is replaced meanwhile is refused, never mixed."""
        entry = await self._threads.run(self._shelf.head, bucket, key)
        if entry is not None and entry.size > SMALL_BYTES and self._shelf.bucket.gives_ranges:
            yield _RemoteObject(entry, f"{bucket}/{key}", self._shelf.bucket, self._threads)
            return
        fetched = None if entry is None else await self._threads.run(self._shelf.fetch, bucket, key)
        if fetched is None:
            yield None
            return
        with fetched[1]:
            yield _FetchedObject(*fetched, self._threads)

    async def read(self, bucket: str, key: str, *, max_bytes: int = 16 * 2**20) -> bytes | None:
        """Return a whole object."""
        async with self.open(bucket, key) as found:
            if found is None:
                return None
            if found.entry.size > max_bytes:
                raise ObjectRefusedError("EntityTooLarge", f"{key} has over {max_bytes} bytes and is not read at once")
            return await found.read(0, found.entry.size)

    async def checksums(self, bucket: str, keys: Sequence[str]) -> list[int | None]:
        """Return the CRC-32 of each object's bytes; fetched where this process did not send them."""
        return await self._threads.run(self._shelf.checksums, bucket, keys)

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
        """Make what is below *prefix* final; what a store has taken, it keeps."""
        await self._threads.run(self._shelf.seal, bucket, prefix)
        await self._threads.run(self._shelf.delete_prefix, UPLOADS, f"{bucket}/{prefix}")


@dataclass(frozen=True)
class _FetchedObject:
    entry: ObjectEntry
    file: BinaryIO
    threads: Threads

    async def read(self, start: int, stop: int) -> bytes:
        return await self.threads.run(self._read, start, stop)

    def _read(self, start: int, stop: int) -> bytes:
        self.file.seek(start)
        return self.file.read(stop - start)


@dataclass(frozen=True)
class _RemoteObject:
    entry: ObjectEntry
    path: str
    bucket: S3Bucket
    threads: Threads
    file: BinaryIO | None = None

    async def read(self, start: int, stop: int) -> bytes:
        return await self.threads.run(self.bucket.span, self.path, self.entry.etag, start, stop)
