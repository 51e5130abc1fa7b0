"""Folders over GraphQL."""

from collections.abc import AsyncGenerator
from typing import Any

from arkitekt_di.errors import FolderNotFoundError
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.folders import FolderQuery, FolderRecord
from arkitekt_di.mikro.answers import ask, read
from arkitekt_di.mikro.events import follow
from arkitekt_di.mikro.folders import documents
from arkitekt_di.protocols.transport import GraphQL


class GraphQLFolderRecords:
    """Folders that a hub keeps.

    Parameters
    ----------
    graphql : GraphQL
    """

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql

    async def create(self, name: str, *, parent_id: str | None) -> FolderRecord:
        """Create a folder."""
        return await self._change(documents.CREATE_FOLDER, {"name": name, "parent": parent_id}, parent_id or "")

    async def ensure(self, path: str, *, parent_id: str | None) -> FolderRecord:
        """Return the folder at *path*, and make what of it is not there."""
        return await self._change(documents.ENSURE_FOLDER_PATH, {"path": path, "parent": parent_id}, parent_id or "")

    async def get(self, folder_id: str) -> FolderRecord:
        """Return one folder."""
        missing = FolderNotFoundError(folder_id)
        return _record((await ask(self._graphql, documents.READ_FOLDER, {"id": folder_id}, missing=missing))["record"])

    async def find(self, path: str) -> FolderRecord:
        """Return the folder at *path*."""
        missing = FolderNotFoundError(path)
        return _record((await ask(self._graphql, documents.READ_FOLDER_AT, {"path": path}, missing=missing))["record"])

    async def search(self, query: FolderQuery) -> list[FolderRecord]:
        """Return one page of folders."""
        filters = {
            "search": query.text or None,
            "parent": query.parent_id,
            "parentless": query.is_outermost or None,
            "trashed": query.is_trashed or None,
        }
        variables = {
            "filters": {name: value for name, value in filters.items() if value is not None},
            "pagination": {"limit": query.limit, "offset": query.offset},
        }
        answer = await self._graphql.execute(documents.FIND_FOLDERS, variables)
        return [_record(record) for record in answer["records"]]

    async def edit(self, folder_id: str, *, name: str | None = None, description: str | None = None) -> FolderRecord:
        """Change the name or the description."""
        input_ = {"id": folder_id, "name": name, "description": description}
        return await self._change(documents.EDIT_FOLDER, input_, folder_id)

    async def move(self, folder_id: str, *, parent_id: str | None) -> FolderRecord:
        """Put a folder into another one."""
        return await self._change(documents.MOVE_FOLDER, {"id": folder_id, "parent": parent_id}, folder_id)

    async def delete(self, folder_id: str) -> None:
        """Put a folder, and everything in it, into the trash."""
        missing = FolderNotFoundError(folder_id)
        await ask(self._graphql, documents.DELETE_FOLDER, {"input": {"id": folder_id}}, missing=missing)

    async def restore(self, folder_id: str) -> FolderRecord:
        """Take a folder out of the trash."""
        return await self._change(documents.RESTORE_FOLDER, {"id": folder_id}, folder_id)

    def watch(
        self, *, parent_id: str | None, folder_id: str | None
    ) -> AsyncGenerator[tuple[ChangeKind, str, FolderRecord | None] | None, None]:
        """Yield the changes of folders."""
        return follow(self._graphql, documents.WATCH_FOLDERS, {"parent": parent_id, "id": folder_id}, _record)

    async def _change(self, document: str, input_: dict[str, Any], folder_id: str) -> FolderRecord:
        missing = FolderNotFoundError(folder_id)
        return _record((await ask(self._graphql, document, {"input": input_}, missing=missing))["record"])


def _record(given: Any) -> FolderRecord:
    if isinstance(given, dict):
        given = given | {"parentId": (given.get("parent") or {}).get("id")}
    return read(FolderRecord, given)
