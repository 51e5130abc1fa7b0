"""What the files of an app stand on."""

from collections.abc import AsyncGenerator
from typing import Protocol

from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.files import FileQuery, FileRecord
from arkitekt_di.protocols.blobs import BlobUploads


class FileRecords(BlobUploads, Protocol):
    """Where the hub keeps what it knows about files.

    Every method may raise `ConnectionLostError`, `LoginRequiredError` and `HubRefusedError`; those that name a file
    raise `StoredFileNotFoundError` where it is not there for this user, or is in the trash.
    """

    async def create(self, store_id: str, *, name: str, folder_id: str | None) -> FileRecord:
        """Create the record of a finished upload; from now on the file is visible."""
        ...

    async def get(self, file_id: str) -> FileRecord:
        """Return one file."""
        ...

    async def search(self, query: FileQuery) -> list[FileRecord]:
        """Return one page of files."""
        ...

    async def rename(self, file_id: str, name: str) -> FileRecord:
        """Change the name."""
        ...

    async def move(self, file_id: str, *, folder_id: str | None) -> FileRecord:
        """Put a file into a folder, or into none."""
        ...

    async def delete(self, file_id: str) -> None:
        """Put a file into the trash."""
        ...

    async def restore(self, file_id: str) -> FileRecord:
        """Take a file out of the trash."""
        ...

    def watch(self, *, folder_id: str | None) -> AsyncGenerator[tuple[ChangeKind, str, FileRecord | None] | None, None]:
        """Yield the changes of files, or of those in one folder; the first None says that the hub has taken note."""
        ...
