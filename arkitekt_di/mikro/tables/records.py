"""Tables over GraphQL."""

from collections.abc import AsyncGenerator
from typing import Any

from arkitekt_di.errors import FolderNotFoundError, ImageNotFoundError, StoreNotFoundError, TableNotFoundError
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.tables import TableDraft, TableQuery, TableRecord
from arkitekt_di.mikro.answers import ask, read
from arkitekt_di.mikro.blobs.uploads import Documents, GraphQLBlobUploads
from arkitekt_di.mikro.events import follow
from arkitekt_di.mikro.tables import documents
from arkitekt_di.protocols.transport import GraphQL

_UPLOADS = Documents(
    documents.OPEN_TABLE_UPLOAD, documents.RENEW_TABLE_UPLOAD, documents.END_TABLE_UPLOAD, documents.OPEN_TABLE_ACCESS
)


class GraphQLTableRecords(GraphQLBlobUploads):
    """Tables that a hub keeps.

    Parameters
    ----------
    graphql : GraphQL
    """

    def __init__(self, graphql: GraphQL) -> None:
        super().__init__(graphql, _UPLOADS)
        self._graphql = graphql

    async def create(self, draft: TableDraft) -> TableRecord:
        """Create the record of a finished upload."""
        input_ = {
            "data": draft.store_id,
            "name": draft.name,
            "columns": [column.model_dump(mode="json", by_alias=True) for column in draft.columns],
            "rowCount": draft.row_count,
            "description": draft.description,
            "folder": draft.folder_id,
            "image": draft.image_id,
        }
        missing = (
            StoreNotFoundError(draft.store_id) if draft.folder_id is None else FolderNotFoundError(draft.folder_id)
        )
        answer = await ask(self._graphql, documents.CREATE_TABLE, {"input": input_}, missing=missing)
        return read(TableRecord, answer["record"])

    async def get(self, table_id: str) -> TableRecord:
        """Return one table."""
        missing = TableNotFoundError(table_id)
        answer = await ask(self._graphql, documents.READ_TABLE, {"id": table_id}, missing=missing)
        return read(TableRecord, answer["record"])

    async def search(self, query: TableQuery) -> list[TableRecord]:
        """Return one page of tables."""
        filters = {
            "search": query.text or None,
            "folder": query.folder_id,
            "image": query.image_id,
            "trashed": query.is_trashed or None,
        }
        variables = {
            "filters": {name: value for name, value in filters.items() if value is not None},
            "ordering": [{"createdAt": "ASC"}] if query.is_oldest_first else [],
            "pagination": {"limit": query.limit, "offset": query.offset},
        }
        answer = await self._graphql.execute(documents.FIND_TABLES, variables)
        return [read(TableRecord, record) for record in answer["records"]]

    async def rename(self, table_id: str, name: str) -> TableRecord:
        """Change the name."""
        return await self._change(documents.RENAME_TABLE, {"id": table_id, "name": name})

    async def move(self, table_id: str, *, folder_id: str | None) -> TableRecord:
        """Put a table into a folder, or into none."""
        try:
            return await self._change(documents.MOVE_TABLE, {"id": table_id, "folder": folder_id})
        except TableNotFoundError:
            await self.get(table_id)  # raises where it is the table that is not there
            raise FolderNotFoundError(str(folder_id)) from None

    async def relate(self, table_id: str, *, image_id: str | None) -> TableRecord:
        """Say which image a table is about, or that it is about none."""
        try:
            return await self._change(documents.RELATE_TABLE, {"id": table_id, "image": image_id})
        except TableNotFoundError:
            await self.get(table_id)  # raises where it is the table that is not there
            raise ImageNotFoundError(str(image_id)) from None

    async def delete(self, table_id: str) -> None:
        """Put a table into the trash."""
        missing = TableNotFoundError(table_id)
        await ask(self._graphql, documents.DELETE_TABLE, {"input": {"id": table_id}}, missing=missing)

    async def restore(self, table_id: str) -> TableRecord:
        """Take a table out of the trash."""
        return await self._change(documents.RESTORE_TABLE, {"id": table_id})

    def watch(
        self, *, folder_id: str | None
    ) -> AsyncGenerator[tuple[ChangeKind, str, TableRecord | None] | None, None]:
        """Yield the changes of tables."""
        variables = {"folder": folder_id}
        return follow(self._graphql, documents.WATCH_TABLES, variables, lambda given: read(TableRecord, given))

    async def _change(self, document: str, input_: dict[str, Any]) -> TableRecord:
        missing = TableNotFoundError(str(input_["id"]))
        answer = await ask(self._graphql, document, {"input": input_}, missing=missing)
        return read(TableRecord, answer["record"])
