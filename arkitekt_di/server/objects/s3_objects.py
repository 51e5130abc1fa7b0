"""Objects in a bucket of a foreign S3: Ceph, MinIO, AWS, or a program that speaks it.

Layout in the bucket, below the prefix of the settings::

    <bucket>/<key>                one object each
    .uploads/<bucket>/<key>/...   parts of unfinished multipart uploads to the hub
    .sealed/<bucket>/<prefix>/=   which prefixes are final

A draft is a file on the hub's own disk until it is published; an object appears by one request, or by the one that
completes its parts.  The hub is the only writer: conditions and keys in each other's way are tested by it, under a
claim on the key, and conditions by the store as well where it can.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from arkitekt_di.server.objects.promise import ObjectEntry, OpenObject
from arkitekt_di.server.objects.s3_bucket import S3Bucket
from arkitekt_di.server.objects.s3_shelf import S3Shelf
from arkitekt_di.server.objects.shelved import OpenFile, ShelvedObjects
from arkitekt_di.server.objects.threads import Threads
from arkitekt_di.settings.models import S3Settings

SMALL_BYTES: Final = 2**20
"""An object up to here is fetched whole when it is opened: its version cannot be lost any more."""

REQUESTS: Final = 32
"""Requests to the store at the same time: threads that wait for the network."""


class S3Objects(ShelvedObjects):
    """Keeps objects in a bucket; one hub at a time.

    Parameters
    ----------
    settings : S3Settings
    folder : Path
        On local disk; drafts are kept there until they are sent.
    """

    _shelf: S3Shelf

    def __init__(self, settings: S3Settings, folder: Path) -> None:
        super().__init__(S3Shelf(S3Bucket(settings), folder / ".staging"), Threads(str(folder), count=REQUESTS))

    @asynccontextmanager
    async def open(self, bucket: str, key: str) -> AsyncIterator[OpenObject | None]:
        """Open one object for reading; a large one that is replaced meanwhile is refused, never mixed."""
        entry = await self._threads.run(self._shelf.head, bucket, key)
        if entry is not None and entry.size > SMALL_BYTES and self._shelf.bucket.gives_ranges:
            yield _RemoteObject(entry, f"{bucket}/{key}", self._shelf.bucket, self._threads)
            return
        fetched = None if entry is None else await self._threads.open(self._shelf.fetch, _close, bucket, key)
        if fetched is None:
            yield None
            return
        with fetched[1]:
            yield OpenFile(*fetched, self._threads)


def _close(fetched: tuple[ObjectEntry, BinaryIO] | None) -> None:
    if fetched is not None:
        fetched[1].close()


@dataclass(frozen=True)
class _RemoteObject:
    entry: ObjectEntry
    path: str
    bucket: S3Bucket
    threads: Threads
    file: BinaryIO | None = None

    async def read(self, start: int, stop: int) -> bytes:
        return await self.threads.run(self.bucket.span, self.path, self.entry.etag, start, stop)
