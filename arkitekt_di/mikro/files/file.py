"""A stored file, as an object to work with."""

import io
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Protocol

from arkitekt_di.errors import OwnLoopError
from arkitekt_di.messages.files import FileRecord
from arkitekt_di.mikro.blobs.reading import BUFFER_BYTES
from arkitekt_di.mikro.crossing import across
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.protocols.koil import Bridge


class FileHome(Protocol):
    """What a file asks of the service that it comes from."""

    @property
    def bridge(self) -> Bridge:
        """The way to the app's loop."""
        ...

    def open(self, record: FileRecord, *, buffer_bytes: int) -> io.BufferedReader:
        """Open the bytes of a file."""
        ...

    async def aread(self, record: FileRecord, start: int, stop: int | None) -> bytes:
        """Read some bytes of a file."""
        ...

    async def adownload(self, record: FileRecord, path: Path, *, overwrite: bool) -> Path:
        """Write the bytes of a file to a path."""
        ...

    async def arename(self, file_id: str, /, name: str) -> "File":
        """Rename a file."""
        ...

    async def amove(self, file_id: str, /, folder: Folder | str | None) -> "File":
        """Move a file."""
        ...

    async def adelete(self, file_id: str, /) -> None:
        """Delete a file."""
        ...

    async def arestore(self, file_id: str, /) -> "File":
        """Restore a file."""
        ...


class File:
    """A stored file.

    It is a view of the moment it was asked for: renaming it gives another `File`.  Its bytes never change.  Two files
    are equal when they are the same file of the same hub.

    Attributes
    ----------
    id : str
        Identifier given by the hub.
    name : str
        Name; several files may have the same.
    size : int or None
        Bytes.
    sha256 : str or None
        SHA-256 of the bytes, hexadecimal; None where whoever sent the file did not say.
    content_type : str or None
        Media type, such as ``image/tiff``.
    folder_id : str or None
        Identifier of the folder that it is in.
    created_at : datetime.datetime or None
        With its time zone.
    is_deleted : bool
        Whether it is in the trash.
    """

    __slots__ = ("__weakref__", "_home", "_record")

    structure_identifier: ClassVar[str] = "@mikro/file"
    """Under which files travel by reference, as arguments and results of functions."""

    def __init__(self, record: FileRecord, home: FileHome) -> None:
        self._record = record
        self._home = home

    @property
    def id(self) -> str:
        """Identifier given by the hub."""
        return self._record.id

    @property
    def name(self) -> str:
        """Name, as it was when this object was made."""
        return self._record.name

    @property
    def size(self) -> int | None:
        """Bytes; None where the hub does not say."""
        return self._record.store.size_bytes

    @property
    def sha256(self) -> str | None:
        """SHA-256 of the bytes, hexadecimal."""
        return self._record.store.sha256

    @property
    def content_type(self) -> str | None:
        """Media type, such as ``image/tiff``."""
        return self._record.content_type

    @property
    def folder_id(self) -> str | None:
        """Identifier of the folder that it is in; None where it is in none."""
        return self._record.folder_id

    @property
    def created_at(self) -> datetime | None:
        """When it was created; None where the hub does not say."""
        return None if self._record.created_at is None else datetime.fromisoformat(self._record.created_at)

    @property
    def is_deleted(self) -> bool:
        """Whether it is in the trash."""
        return self._record.deleted_at is not None

    def open(self, *, buffer_bytes: int = BUFFER_BYTES) -> io.BufferedReader:
        """Open the file for reading from any place, as `open` does with a file of this machine.

        Only what is read travels.  For libraries that take an open file, such as `tifffile` and `zipfile`, and for
        sync code: in async code use `aread`, or hand it to a thread.

        Parameters
        ----------
        buffer_bytes : int, default 1 MiB
            What is fetched at least; less is better for few reads far apart.

        Returns
        -------
        io.BufferedReader
            To be used by one thread at a time; open another one for another thread.

        Raises
        ------
        StoreNotFoundError
            The file was deleted meanwhile.
        TransferError
            The object store does not answer.
        OwnLoopError
            This is the app's own loop, which must not block.
        """
        self._refuse_own_loop("open(...)", "aread(...)")
        return self._home.open(self._record, buffer_bytes=buffer_bytes)

    async def aread(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return the bytes from *start* up to *stop*, or to the end."""
        return await across(self._home.bridge, self._home.aread, self._record, start, stop)

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return the bytes from *start* up to *stop*, or to the end."""
        self._refuse_own_loop("read(...)", "aread(...)")
        return self._home.bridge.call(self.aread, start, stop)

    async def adownload(self, path: str | os.PathLike[str] = ".", *, overwrite: bool = False) -> Path:
        """Write the file to this machine; see `download`."""
        return await across(self._home.bridge, self._home.adownload, self._record, Path(path), overwrite=overwrite)

    def download(self, path: str | os.PathLike[str] = ".", *, overwrite: bool = False) -> Path:
        """Write the file to this machine.

        It appears under its name when every byte has come and the checksum is right; what breaks off leaves nothing.

        Parameters
        ----------
        path : str or os.PathLike, default "."
            Where to; in a folder it gets its own name.
        overwrite : bool, default False
            Whether a file that is there may be replaced.

        Returns
        -------
        Path
            The file that was written.

        Raises
        ------
        FileExistsError
            There is a file already, and *overwrite* is not set.
        FileDamagedError
            The bytes are not those that were stored.
        TransferError
            The object store does not answer.
        """
        self._refuse_own_loop("download(...)", "adownload(...)")
        return self._home.bridge.call(self.adownload, path, overwrite=overwrite)

    @contextmanager
    def as_path(self) -> Iterator[Path]:
        """Download the file for as long as the block lasts, for libraries that want a path.

        Yields
        ------
        Path
            The file, under its own name, in a temporary folder.
        """
        with tempfile.TemporaryDirectory(prefix="arkitekt-") as folder:
            yield self.download(folder)

    @asynccontextmanager
    async def aas_path(self) -> AsyncIterator[Path]:
        """Do as `as_path`, in async code."""
        with tempfile.TemporaryDirectory(prefix="arkitekt-") as folder:
            yield await self.adownload(folder)

    async def arename(self, name: str) -> "File":
        """Change the name, and return the file with it."""
        return await across(self._home.bridge, self._home.arename, self.id, name)

    async def amove(self, folder: Folder | str | None) -> "File":
        """Put it into a folder, or a path of folders, or none, and return it."""
        return await across(self._home.bridge, self._home.amove, self.id, folder)

    async def adelete(self) -> None:
        """Put it into the trash."""
        await across(self._home.bridge, self._home.adelete, self.id)

    async def arestore(self) -> "File":
        """Take it out of the trash."""
        return await across(self._home.bridge, self._home.arestore, self.id)

    def rename(self, name: str) -> "File":
        """Change the name; see `arename`."""
        self._refuse_own_loop("rename(...)", "arename(...)")
        return self._home.bridge.call(self.arename, name)

    def move(self, folder: Folder | str | None) -> "File":
        """Put it into a folder; see `amove`."""
        self._refuse_own_loop("move(...)", "amove(...)")
        return self._home.bridge.call(self.amove, folder)

    def delete(self) -> None:
        """Put it into the trash; see `adelete`."""
        self._refuse_own_loop("delete()", "adelete()")
        self._home.bridge.call(self.adelete)

    def restore(self) -> "File":
        """Take it out of the trash; see `arestore`."""
        self._refuse_own_loop("restore()", "arestore()")
        return self._home.bridge.call(self.arestore)

    def _refuse_own_loop(self, call: str, instead: str) -> None:
        if self._home.bridge.is_own_loop():
            raise OwnLoopError(f"file.{call}", f"file.{instead}")

    def __eq__(self, other: object) -> bool:
        # The place of the bytes is random, which keeps apart two hubs that both count from 1.
        return isinstance(other, File) and (self.id, self._record.store.key) == (other.id, other._record.store.key)

    def __hash__(self) -> int:
        return hash((self.id, self._record.store.key))

    def __repr__(self) -> str:
        size = "unknown size" if self.size is None else f"{self.size} bytes"
        return f"<File {self.name!r} {size}{' in the trash' if self.is_deleted else ''}, id {self.id}>"
