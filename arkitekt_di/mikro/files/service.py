"""The files of an app: ``app.mikro.files``."""

import asyncio
import io
import mimetypes
import os
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

from arkitekt_di.errors import FileDamagedError, RecordRefusedError
from arkitekt_di.messages.files import FileQuery, FileRecord
from arkitekt_di.mikro.blobs.reading import buffered
from arkitekt_di.mikro.blobs.sending import BlobSender, Sent, Source
from arkitekt_di.mikro.blobs.uploads import object_name
from arkitekt_di.mikro.files.download import fetch, local_name, target_of
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.pixels.grants import RenewedSource
from arkitekt_di.mikro.pixels.progress import ProgressBar, ProgressListener, telling
from arkitekt_di.mikro.watching import Change, Stream, Watch
from arkitekt_di.protocols.files import FileRecords
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.mikro import PixelStore
from arkitekt_di.settings.models import MikroSettings

Readable = str | os.PathLike[str] | BinaryIO
"""What can be uploaded: a path, or a file that is open for reading bytes."""

_READERS: Final = 16
"""Requests to the object store at the same time, for files that several threads read."""


class Files:
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

    def __init__(
        self,
        records: FileRecords,
        store: PixelStore,
        folders: Folders,
        bridge: Bridge,
        settings: MikroSettings | None = None,
    ) -> None:
        chosen = settings or MikroSettings()
        self._records = records
        self._store = store
        self._folders = folders
        self._bridge = bridge
        self._margin_s = chosen.access_margin_s
        self._progress: Literal["auto", "never"] = chosen.progress
        self._sender = BlobSender(records, store, transfers=chosen.transfers, margin_s=self._margin_s)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="arkitekt-file")  # starts threads when used
        self._streams: set[Stream[Any]] = set()

    async def stop(self) -> None:
        """End what is watched."""
        for stream in list(self._streams):
            await stream.close()

    @property
    def bridge(self) -> Bridge:
        """The way to the app's loop."""
        return self._bridge

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
            return await self._same(sent, str(key))
        place = await self._folders.aplace(folder)
        return File(await self._records.create(sent.store_id, name=given, folder_id=place), self)

    async def _send(
        self, file: BinaryIO, name: str, content_type: str | None, key: str | None, listener: ProgressListener | None
    ) -> Sent:
        size = await asyncio.to_thread(_size_of, file)
        with ProgressBar(self._progress) as bar:
            source = Source(file, size, telling(name, size, bar, listener))
            return await self._sender.send(source, name=name, content_type=content_type, key=key)

    async def _same(self, sent: Sent, key: str) -> File:
        """Return the file that an earlier run with the same key made, if it has the same bytes."""
        record = await self._records.get(str(sent.record_id))
        if record.store.sha256 != sent.sha256:
            raise RecordRefusedError(
                f"the key {key!r} names file {record.id}, which has other bytes", "Choose another key"
            )
        return File(record, self)

    async def aget(self, file_id: str) -> File:
        """Return one file; raises `StoredFileNotFoundError`."""
        return File(await self._records.get(str(file_id)), self)

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

        async def fetch_page(limit: int, offset: int) -> list[File]:
            place = await self._folders.aexisting(folder)
            query = FileQuery(text=text, folder_id=place, is_oldest_first=True, limit=limit, offset=offset)
            return [File(record, self) for record in await self._records.search(query)]

        return Pages(self._bridge, fetch_page)

    async def arename(self, file_id: str, name: str) -> File:
        """Change the name of a file; raises `StoredFileNotFoundError`."""
        return File(await self._records.rename(str(file_id), name), self)

    async def amove(self, file_id: str, folder: Folder | str | None) -> File:
        """Put a file into a folder, or into none; raises `StoredFileNotFoundError`."""
        place = await self._folders.aplace(folder)
        return File(await self._records.move(str(file_id), folder_id=place), self)

    async def adelete(self, file_id: str) -> None:
        """Put a file into the trash; raises `StoredFileNotFoundError`."""
        await self._records.delete(str(file_id))

    async def arestore(self, file_id: str) -> File:
        """Take a file out of the trash; raises `StoredFileNotFoundError`."""
        return File(await self._records.restore(str(file_id)), self)

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

    def watch(self, *, folder: Folder | str | None = None) -> Watch[File]:
        """Tell of files as they change: all, or those in one folder; see `Watch`."""

        async def source() -> AsyncGenerator[Change[File] | None, None]:
            folder_id = await self._folders.aexisting(folder)
            async with aclosing(self._records.watch(folder_id=folder_id)) as events:
                async for event in events:
                    if event is None:
                        yield None
                    else:
                        kind, file_id, record = event
                        yield Change(kind, file_id, None if record is None else File(record, self))

        return Watch(self._bridge, source, self._streams)

    async def _open(self, record: FileRecord) -> RenewedSource:
        source = RenewedSource(
            self._records,
            self._store,
            self._bridge,
            self._readers,
            store_id=record.store.id,
            margin_s=self._margin_s,
        )
        await source.open()
        return source


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
