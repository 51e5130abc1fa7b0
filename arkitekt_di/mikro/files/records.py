"""Files over GraphQL."""

from collections.abc import AsyncGenerator
from typing import Any

from arkitekt_di.errors import FolderNotFoundError, StoredFileNotFoundError, StoreNotFoundError
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.files import FileQuery, FileRecord
from arkitekt_di.mikro.answers import ask, read
from arkitekt_di.mikro.blobs.uploads import Documents, GraphQLBlobUploads
from arkitekt_di.mikro.events import follow
from arkitekt_di.mikro.files import documents
from arkitekt_di.protocols.transport import GraphQL

_UPLOADS = Documents(
    documents.OPEN_FILE_UPLOAD, documents.RENEW_FILE_UPLOAD, documents.END_FILE_UPLOAD, documents.OPEN_FILE_ACCESS
)


class GraphQLFileRecords(GraphQLBlobUploads):
    """Files that a hub keeps.

    Parameters
    ----------
    graphql : GraphQL
    """

    def __init__(self, graphql: GraphQL) -> None:
        super().__init__(graphql, _UPLOADS)
        self._graphql = graphql

    async def create(self, store_id: str, *, name: str, folder_id: str | None) -> FileRecord:
        """Create the record of a finished upload."""
        input_ = {"file": store_id, "fileName": name, "folder": folder_id}
        missing = StoreNotFoundError(store_id) if folder_id is None else FolderNotFoundError(folder_id)
        answer = await ask(self._graphql, documents.CREATE_FILE, {"input": input_}, missing=missing)
        return read(FileRecord, answer["record"])

    async def get(self, file_id: str) -> FileRecord:
        """Return one file."""
        missing = StoredFileNotFoundError(file_id)
        answer = await ask(self._graphql, documents.READ_FILE, {"id": file_id}, missing=missing)
        return read(FileRecord, answer["record"])

    async def search(self, query: FileQuery) -> list[FileRecord]:
        """Return one page of files."""
        filters = {"search": query.text or None, "folder": query.folder_id, "trashed": query.is_trashed or None}
        variables = {
            "filters": {name: value for name, value in filters.items() if value is not None},
            "ordering": [{"createdAt": "ASC"}] if query.is_oldest_first else [],
            "pagination": {"limit": query.limit, "offset": query.offset},
        }
        answer = await self._graphql.execute(documents.FIND_FILES, variables)
        return [read(FileRecord, record) for record in answer["records"]]

    async def rename(self, file_id: str, name: str) -> FileRecord:
        """Change the name."""
        return await self._change(documents.RENAME_FILE, {"id": file_id, "name": name})

    async def move(self, file_id: str, *, folder_id: str | None) -> FileRecord:
        """Put a file into a folder, or into none."""
        try:
            return await self._change(documents.MOVE_FILE, {"id": file_id, "folder": folder_id})
        except StoredFileNotFoundError:
            await self.get(file_id)  # raises where it is the file that is not there
            raise FolderNotFoundError(str(folder_id)) from None

    async def delete(self, file_id: str) -> None:
        """Put a file into the trash."""
        missing = StoredFileNotFoundError(file_id)
        await ask(self._graphql, documents.DELETE_FILE, {"input": {"id": file_id}}, missing=missing)

    async def restore(self, file_id: str) -> FileRecord:
        """Take a file out of the trash."""
        return await self._change(documents.RESTORE_FILE, {"id": file_id})

    def watch(self, *, folder_id: str | None) -> AsyncGenerator[tuple[ChangeKind, str, FileRecord | None] | None, None]:
        """Yield the changes of files."""
        return follow(
            self._graphql, documents.WATCH_FILES, {"folder": folder_id}, lambda given: read(FileRecord, given)
        )

    async def _change(self, document: str, input_: dict[str, Any]) -> FileRecord:
        missing = StoredFileNotFoundError(str(input_["id"]))
        answer = await ask(self._graphql, document, {"input": input_}, missing=missing)
        return read(FileRecord, answer["record"])
