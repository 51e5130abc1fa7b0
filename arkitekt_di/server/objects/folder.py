"""Objects on local disk.

Layout below the root::

    <bucket>/<key>                one file an object
    .uploads/<bucket>/<key>/...   parts of unfinished multipart uploads
    .sealed/<bucket>/<prefix>#    which prefixes are final
    .staging/                     drafts; emptied at the start
    .drafts/<bucket>/<prefix>/    drafts that clients on this machine write; emptied at the start

An object appears by one ``rename``, whole; a killed process leaves nothing half written in sight.
Single writes are not synced to the disk: `ObjectFolder.seal` syncs all that it seals.  A power cut can
therefore cost an upload that was not finished, and never one that was.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from os import fstat
from pathlib import Path
from typing import BinaryIO

from arkitekt_di.server.objects.promise import OpenObject, check_small
from arkitekt_di.server.objects.shelf import Shelf
from arkitekt_di.server.objects.shelved import OpenFile, ShelvedObjects
from arkitekt_di.server.objects.threads import Threads
from arkitekt_di.server.objects.tree import entry_of


class ObjectFolder(ShelvedObjects):
    """Keeps objects below a folder; one process at a time.

    Parameters
    ----------
    root : Path
        Created at the start; nobody else may write there, but for drafts of clients.
    takes_files : bool, default True
        Whether clients on this machine may write objects as files.
    """

    _shelf: Shelf

    def __init__(self, root: Path, *, takes_files: bool = True) -> None:
        super().__init__(Shelf(root, takes_files=takes_files), Threads(str(root)))

    @asynccontextmanager
    async def open(self, bucket: str, key: str) -> AsyncIterator[OpenObject | None]:
        """Open one object for reading."""
        file = await self._threads.open(self._shelf.open_file, _close, bucket, key)
        if file is None:
            yield None
            return
        with file:
            yield OpenFile(entry_of(key, fstat(file.fileno())), file, self._threads)

    async def read(self, bucket: str, key: str, *, max_bytes: int = 16 * 2**20) -> bytes | None:
        """Return a whole object."""
        return await self._threads.run(self._read, bucket, key, max_bytes)

    def _read(self, bucket: str, key: str, max_bytes: int) -> bytes | None:
        file = self._shelf.open_file(bucket, key)
        if file is None:
            return None
        with file:
            check_small(key, fstat(file.fileno()).st_size, max_bytes)
            return file.read()


def _close(file: BinaryIO | None) -> None:
    if file is not None:
        file.close()
