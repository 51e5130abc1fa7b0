"""What the tables of an app stand on."""

from collections.abc import AsyncGenerator
from typing import Protocol

from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.tables import TableDraft, TableQuery, TableRecord
from arkitekt_di.protocols.blobs import BlobUploads


class TableRecords(BlobUploads, Protocol):
    """Where the hub keeps what it knows about tables.

    Every method may raise `ConnectionLostError`, `LoginRequiredError` and `HubRefusedError`; those that name a table
    raise `TableNotFoundError` where it is not there for this user, or is in the trash.
    """

    async def create(self, draft: TableDraft) -> TableRecord:
        """Create the record of a finished upload; from now on the table is visible."""
        ...

    async def get(self, table_id: str) -> TableRecord:
        """Return one table."""
        ...

    async def search(self, query: TableQuery) -> list[TableRecord]:
        """Return one page of tables."""
        ...

    async def rename(self, table_id: str, name: str) -> TableRecord:
        """Change the name."""
        ...

    async def move(self, table_id: str, *, folder_id: str | None) -> TableRecord:
        """Put a table into a folder, or into none."""
        ...

    async def relate(self, table_id: str, *, image_id: str | None) -> TableRecord:
        """Say which image a table is about, or that it is about none; raises `ImageNotFoundError`, too."""
        ...

    async def delete(self, table_id: str) -> None:
        """Put a table into the trash."""
        ...

    async def restore(self, table_id: str) -> TableRecord:
        """Take a table out of the trash."""
        ...

    def watch(
        self, *, folder_id: str | None
    ) -> AsyncGenerator[tuple[ChangeKind, str, TableRecord | None] | None, None]:
        """Yield the changes of tables, or of those in one folder; the first None says that the hub has taken note."""
        ...
