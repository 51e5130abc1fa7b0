"""An object in the making, on disk."""

import asyncio
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.private_file import FILE_MODE
from arkitekt_di.server.objects.checksums import checksum_of
from arkitekt_di.server.objects.local_drafts import LocalDrafts
from arkitekt_di.server.objects.promise import Allowance, Condition, Digest, ObjectEntry
from arkitekt_di.server.objects.threads import Threads
from arkitekt_di.server.objects.tree import missing
from arkitekt_di.server.objects.usage import Reservation

BATCH_BYTES = 2**20
"""Bytes that are collected for one trip to a thread; at most two batches of a draft are in memory."""

_ROOM_BYTES = 2**18
"""What is read of a file at once: into the same memory, which stays in a core's second-level cache."""


@dataclass(frozen=True)
class CompleteDraft:
    """A file that is ready to become an object: where it is, what its bytes sum up to, and what it was charged to."""

    path: Path
    checksum: int
    reservation: Reservation | None


class DraftPlaces(Protocol):
    """What a draft needs of the shelf that it will be published on."""

    staging: Path
    drafts: LocalDrafts | None

    def open_file(self, bucket: str, key: str) -> BinaryIO | None:
        """Open an object as a file; None where there is none."""
        ...

    def refuse_sealed(self, bucket: str, key: str) -> None:
        """Raise `ObjectRefusedError` where nothing may be written any more."""
        ...

    def reserve(self, reservation: Reservation, size: int) -> None:
        """Count bytes on their way; raises `ObjectRefusedError` where they are too many."""
        ...

    def release(self, reservation: Reservation | None) -> None:
        """Take back what was reserved."""
        ...

    def place(self, draft: CompleteDraft, bucket: str, key: str, *, condition: Condition | None) -> ObjectEntry:
        """Make a complete draft visible; its file is gone afterwards."""
        ...


class DraftFile:
    """The file of a draft; for threads.

    Parameters
    ----------
    shelf : DraftPlaces
    bucket, key : str
        Where it will be published.
    allowance : Allowance or None
    digests : sequence of Digest
    """

    def __init__(
        self, shelf: DraftPlaces, bucket: str, key: str, *, allowance: Allowance | None, digests: Sequence[Digest]
    ) -> None:
        self._shelf = shelf
        self._bucket = bucket
        self._key = key
        self._reservation = None if allowance is None else Reservation(allowance)
        self._digests = digests
        self._path = shelf.staging / secrets.token_hex(16)
        # A request that is given up leaves its thread at work: the lock keeps `discard` behind it.
        self._guard = threading.Lock()
        self._file: BinaryIO | None = None
        self._is_closed = False
        self._is_adopted = False
        self._checksum = 0

    def append(self, batch: Sequence[bytes]) -> None:
        """Write the chunks of *batch*."""
        with self._guard:
            self._append(batch)

    def absorb(self, batch: Sequence[bytes], bucket: str, key: str) -> None:
        """Write *batch*, then the bytes of another object."""
        with self._guard:
            file = self._append(batch)
            source = self._shelf.open_file(bucket, key)
            if source is None:
                raise missing()
            with source:
                self._reserve(os.fstat(source.fileno()).st_size)
                while piece := source.read(BATCH_BYTES):
                    self._checksum = checksum_of(piece, self._checksum)
                    file.write(piece)

    def adopt(self, batch: Sequence[bytes], prefix: str, name: str, max_bytes: int) -> None:
        """Take over a file that a client wrote, and sum it up; *batch* has to be empty."""
        with self._guard:
            if batch or self._is_closed or self._file is not None or self._shelf.drafts is None:
                raise ObjectRefusedError("InvalidRequest", "no draft can be taken here. Send the bytes")
            self._shelf.refuse_sealed(self._bucket, self._key)
            self._file = file = self._shelf.drafts.take(self._bucket, prefix, name, self._path)
            self._is_adopted = True
            size = os.fstat(file.fileno()).st_size
            if size > max_bytes:
                raise ObjectRefusedError("EntityTooLarge", f"at most {max_bytes} bytes are taken at once")
            self._reserve(size)
            room = memoryview(bytearray(_ROOM_BYTES))
            while count := file.readinto(room):
                self._checksum = checksum_of(room[:count], self._checksum)

    def publish(
        self, batch: Sequence[bytes], condition: Condition | None, check: Callable[[], None] | None
    ) -> ObjectEntry:
        """Write *batch*, and move the file to its place."""
        with self._guard:
            self._append(batch).close()
            if check is not None:
                check()
            complete = CompleteDraft(self._path, self._checksum, self._reservation)
            entry = self._shelf.place(complete, self._bucket, self._key, condition=condition)
            self._is_closed = True
            return entry

    def discard(self) -> None:
        """Remove the file."""
        with self._guard:
            if self._is_closed:
                return
            self._is_closed = True
            self._shelf.release(self._reservation)
            if self._file is None:
                return
            try:
                self._file.close()  # flushes, and so fails where the disk is full
            finally:
                self._path.unlink(missing_ok=True)

    def _append(self, batch: Sequence[bytes]) -> BinaryIO:
        file = self._opened()
        if batch and self._is_adopted:
            raise ObjectRefusedError("InvalidRequest", "a file is a whole object. Send no bytes beside it")
        self._reserve(sum(map(len, batch)))
        for chunk in batch:
            for digest in self._digests:
                digest.update(chunk)
            self._checksum = checksum_of(chunk, self._checksum)
            file.write(chunk)
        return file

    def _opened(self) -> BinaryIO:
        if self._is_closed:
            raise ObjectRefusedError("IncompleteBody", "the draft was given up")
        if self._file is None:
            self._shelf.refuse_sealed(self._bucket, self._key)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
            self._file = os.fdopen(descriptor, "wb")
        return self._file

    def _reserve(self, size: int) -> None:
        if self._reservation is not None:
            self._shelf.reserve(self._reservation, size)


class FileDraft:
    """A draft in the staging folder of a shelf.

    A thread hashes and writes while the next bytes arrive.
    """

    def __init__(self, work: DraftFile, threads: Threads) -> None:
        self._work = work
        self._threads = threads
        self._batch: list[bytes] = []
        self._batched = 0
        self._writing: asyncio.Future[None] | None = None
        self._is_published = False

    async def write(self, chunk: bytes) -> None:
        """Append *chunk*."""
        self._batch.append(chunk)
        self._batched += len(chunk)
        if self._batched >= BATCH_BYTES:
            batch = await self._take_batch()
            self._writing = asyncio.ensure_future(self._threads.run(self._work.append, batch))

    async def absorb(self, bucket: str, key: str) -> None:
        """Append the bytes of another object."""
        await self._threads.run(self._work.absorb, await self._take_batch(), bucket, key)

    async def adopt(self, prefix: str, name: str, *, max_bytes: int) -> None:
        """Take the file *name* as the whole object."""
        await self._threads.run(self._work.adopt, await self._take_batch(), prefix, name, max_bytes)

    async def publish(
        self, *, condition: Condition | None = None, check: Callable[[], None] | None = None
    ) -> ObjectEntry:
        """Put the object in its place."""
        entry = await self._threads.run(self._work.publish, await self._take_batch(), condition, check)
        self._is_published = True
        return entry

    async def discard(self) -> None:
        """Remove what is not published; does nothing after `publish`."""
        if self._is_published:
            return
        if self._writing is not None:
            await asyncio.wait([self._writing])
            if not self._writing.cancelled():
                self._writing.exception()  # raised already, or of no interest any more
        await self._threads.run(self._work.discard)

    async def _take_batch(self) -> list[bytes]:
        if self._writing is not None:
            await asyncio.shield(self._writing)
        batch, self._batch, self._batched = self._batch, [], 0
        return batch
