"""Files that live as long as the process: for tests, and to try things out without a hub."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

from arkitekt_di.errors import FolderNotFoundError, HubRefusedError, StoredFileNotFoundError
from arkitekt_di.messages.blobs import DATA
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.files import FileQuery, FileRecord, FileStore
from arkitekt_di.mikro.blobs.in_memory import InMemoryBlobUploads
from arkitekt_di.mikro.folders.in_memory import InMemoryFolderRecords
from arkitekt_di.mikro.in_memory_pixels import InMemoryPixelStore
from arkitekt_di.mikro.news import News


class InMemoryFileRecords(InMemoryBlobUploads):
    """Files in a dictionary, over objects in memory.

    Parameters
    ----------
    store : InMemoryPixelStore
        Where the bytes are.
    folders : InMemoryFolderRecords
        Where files are put.
    """

    def __init__(self, store: InMemoryPixelStore, folders: InMemoryFolderRecords) -> None:
        super().__init__(store)
        self._folders = folders
        self._files: dict[str, FileRecord] = {}
        self._news: News[FileRecord] = News()

    def is_shown(self, record_id: str) -> bool:
        """Tell whether a file is there, and neither it nor its folder is in the trash."""
        file = self._files.get(record_id)
        return file is not None and file.deleted_at is None and self._folders.is_live(file.folder_id)

    async def create(self, store_id: str, *, name: str, folder_id: str | None) -> FileRecord:
        """Create the record of a finished upload."""
        self._require_folder(folder_id)
        file_id = str(uuid.uuid4())
        blob = self.attach(store_id, file_id)
        store = FileStore(
            id=store_id, bucket="memory", key=f"{store_id}/{DATA}", size_bytes=blob.size, sha256=blob.sha256
        )
        file = FileRecord(
            id=file_id,
            name=_checked(name),
            store=store,
            folder_id=folder_id,
            content_type=blob.content_type,
            created_at=_now(),
        )
        return self._keep(ChangeKind.CREATED, file)

    async def get(self, file_id: str) -> FileRecord:
        """Return one file."""
        if not self.is_shown(file_id):
            raise StoredFileNotFoundError(file_id)
        return self._files[file_id]

    async def search(self, query: FileQuery) -> list[FileRecord]:
        """Return one page of files."""
        listed = list(self._files.values()) if query.is_oldest_first else list(reversed(self._files.values()))
        found = [file for file in listed if self._fits(file, query)]
        return found[query.offset : query.offset + query.limit]

    async def rename(self, file_id: str, name: str) -> FileRecord:
        """Change the name."""
        file = await self.get(file_id)
        return self._keep(ChangeKind.UPDATED, file.model_copy(update={"name": _checked(name)}))

    async def move(self, file_id: str, *, folder_id: str | None) -> FileRecord:
        """Put a file into a folder, or into none."""
        file = await self.get(file_id)
        self._require_folder(folder_id)
        return self._keep(ChangeKind.UPDATED, file.model_copy(update={"folder_id": folder_id}))

    async def delete(self, file_id: str) -> None:
        """Put a file into the trash."""
        file = await self.get(file_id)
        self._files[file_id] = file.model_copy(update={"deleted_at": _now()})
        self._news.tell(ChangeKind.DELETED, file_id, None)

    async def restore(self, file_id: str) -> FileRecord:
        """Take a file out of the trash."""
        file = self._files.get(file_id)
        if file is None or file.deleted_at is None:
            raise StoredFileNotFoundError(file_id)
        place = file.folder_id if self._folders.is_live(file.folder_id) else None
        return self._keep(ChangeKind.CREATED, file.model_copy(update={"deleted_at": None, "folder_id": place}))

    async def watch(
        self, *, folder_id: str | None
    ) -> AsyncGenerator[tuple[ChangeKind, str, FileRecord | None] | None, None]:
        """Yield the changes of files."""
        async with aclosing(self._news.watch()) as events:
            async for kind, file_id, record in events:
                if kind is None:
                    yield None
                elif folder_id in {None, self._files[file_id].folder_id}:
                    yield kind, file_id, record

    def _fits(self, file: FileRecord, query: FileQuery) -> bool:
        is_there = file.deleted_at is not None if query.is_trashed else self.is_shown(file.id)
        is_here = query.folder_id in {None, file.folder_id}
        return is_there and is_here and (query.text or "").casefold() in file.name.casefold()

    def _keep(self, kind: ChangeKind, file: FileRecord) -> FileRecord:
        self._files[file.id] = file
        self._news.tell(kind, file.id, file)
        return file

    def _require_folder(self, folder_id: str | None) -> None:
        if not self._folders.is_live(folder_id):
            raise FolderNotFoundError(str(folder_id))


def _checked(name: str) -> str:
    if not name.strip():
        raise HubRefusedError("File", ["the name of a file is empty"])
    return name


def _now() -> str:
    return datetime.now(UTC).isoformat()
