"""The files of an app: ``app.mikro.files``."""

import asyncio
import io
import mimetypes
import os
from pathlib import Path
from typing import BinaryIO

from arkitekt_di.errors import FileDamagedError, RecordRefusedError
from arkitekt_di.messages.files import FileQuery, FileRecord
from arkitekt_di.mikro.blobs.reading import buffered
from arkitekt_di.mikro.blobs.sending import Sent, Source
from arkitekt_di.mikro.blobs.uploads import object_name
from arkitekt_di.mikro.filed import Filed
from arkitekt_di.mikro.files.download import fetch, local_name, target_of
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.pixels.progress import ProgressBar, ProgressListener, telling
from arkitekt_di.protocols.files import FileRecords
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.mikro import PixelStore
from arkitekt_di.settings.models import MikroSettings

Readable = str | os.PathLike[str] | BinaryIO
"""What can be uploaded: a path, or a file that is open for reading bytes."""


class Files(Filed[FileRecord, File]):
    """Stores files, and finds and reads them again.

    Parameters
    ----------
    records : FileRecords
        What the hub knows about files.
    store : PixelStore
        Where the bytes are.
    folders : Folders
        Where files are put.
    bridge : Bridge
        Takes blocking calls to the app's loop.
    settings : MikroSettings
        How many parts are sent at the same time.
    """

    _noun = "file"

    def __init__(
        self,
        records: FileRecords,
        store: PixelStore,
        folders: Folders,
        bridge: Bridge,
        settings: MikroSettings | None = None,
    ) -> None:
        super().__init__(records, store, folders, bridge, settings)
        self._records = records

    def _shown(self, record: FileRecord) -> File:
        return File(record, self)

    async def aupload(
        self,
        source: Readable,
        *,
        name: str | None = None,
        folder: Folder | str | None = None,
        content_type: str | None = None,
        key: str | None = None,
        progress: ProgressListener | None = None,
    ) -> File:
        """Store a file; see `arkitekt_di.mikro.upload_file`."""
        given = name or _name_of(source)
        if not given.strip():
            raise RecordRefusedError("the file has no name", "Pass name=...")
        kind = content_type or mimetypes.guess_type(given)[0]
        if isinstance(source, str | os.PathLike):
            file = await asyncio.to_thread(Path(source).open, "rb")
            with file:
                sent = await self._send(file, given, kind, key, progress)
        else:
            sent = await self._send(source, given, kind, key, progress)
        if sent.record_id is not None:
            return await self._same(sent, str(key), "bytes")
        place = await self._folders.aplace(folder)
        return File(await self._records.create(sent.store_id, name=given, folder_id=place), self)

    async def _send(
        self, file: BinaryIO, name: str, content_type: str | None, key: str | None, listener: ProgressListener | None
    ) -> Sent:
        size = await asyncio.to_thread(_size_of, file)
        with ProgressBar(self._progress) as bar:
            source = Source(file, size, telling(name, size, bar, listener))
            return await self._sender.send(source, name=name, content_type=content_type, key=key)

    async def asearch(
        self,
        text: str | None = None,
        *,
        folder: Folder | str | None = None,
        trashed: bool = False,
        limit: int = 50,
        offset: int = 0,
    ) -> list[File]:
        """Find files by their names, newest first; see `arkitekt_di.mikro.search_files`."""
        place = await self._folders.aexisting(folder)
        query = FileQuery(text=text, folder_id=place, is_trashed=trashed, limit=limit, offset=offset)
        return [File(record, self) for record in await self._records.search(query)]

    def iterate(self, text: str | None = None, *, folder: Folder | str | None = None) -> Pages[File]:
        """Go through all files that fit, from the oldest on, with ``for`` or ``async for``."""

        async def find(folder_id: str | None, limit: int, offset: int) -> list[FileRecord]:
            query = FileQuery(text=text, folder_id=folder_id, is_oldest_first=True, limit=limit, offset=offset)
            return await self._records.search(query)

        return self._pages(folder, find)

    def open(self, record: FileRecord, *, buffer_bytes: int) -> io.BufferedReader:
        """Open the bytes of a file."""
        source = self._bridge.call(self._open, record)
        return buffered(source, object_name(record.store.key), _known_size(record), buffer_bytes=buffer_bytes)

    async def aread(self, record: FileRecord, start: int, stop: int | None) -> bytes:
        """Read some bytes of a file."""
        size = _known_size(record)
        first, last, _ = slice(start, stop).indices(size)
        if last <= first:
            return b""
        source = await self._open(record)
        (body,) = await asyncio.to_thread(source.read_ranges, object_name(record.store.key), [(first, last)])
        return body

    async def adownload(self, record: FileRecord, path: Path, *, overwrite: bool) -> Path:
        """Write the bytes of a file to a path."""
        target = await asyncio.to_thread(target_of, path, record.name, may_overwrite=overwrite)
        source = await self._open(record)
        await asyncio.to_thread(
            fetch,
            source,
            object_name(record.store.key),
            size=_known_size(record),
            sha256=record.store.sha256,
            to=(target, overwrite),
            file_id=record.id,
        )
        return target


def _name_of(source: Readable) -> str:
    if isinstance(source, str | os.PathLike):
        return Path(source).name
    name = getattr(source, "name", "")
    return local_name(name) if isinstance(name, str) and name else ""


def _size_of(file: BinaryIO) -> int | None:
    """Return how many bytes there are from here on; None where the file cannot tell."""
    if not file.seekable():
        return None
    here = file.tell()
    size = file.seek(0, os.SEEK_END) - here
    file.seek(here)
    return size


def _known_size(record: FileRecord) -> int:
    if record.store.size_bytes is None:
        raise FileDamagedError(record.id, "the hub does not know its size")
    return record.store.size_bytes
