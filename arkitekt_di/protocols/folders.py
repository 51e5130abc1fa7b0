"""What the folders of an app stand on."""

from collections.abc import AsyncGenerator
from typing import Protocol

from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.folders import FolderQuery, FolderRecord


class FolderRecords(Protocol):
    """Where the hub keeps what it knows about folders.

    Every method may raise `ConnectionLostError`, `LoginRequiredError` and `HubRefusedError`; those that name a folder
    raise `FolderNotFoundError` where it is not there for this user, or is in the trash.
    """

    async def create(self, name: str, *, parent_id: str | None) -> FolderRecord:
        """Create a folder; refused (`HubRefusedError`) where the name is taken."""
        ...

    async def ensure(self, path: str, *, parent_id: str | None) -> FolderRecord:
        """Return the folder at *path*, and make what of it is not there; however many race, there is one."""
        ...

    async def get(self, folder_id: str) -> FolderRecord:
        """Return one folder."""
        ...

    async def find(self, path: str) -> FolderRecord:
        """Return the folder at *path*."""
        ...

    async def search(self, query: FolderQuery) -> list[FolderRecord]:
        """Return one page of folders, by their names."""
        ...

    async def edit(self, folder_id: str, *, name: str | None = None, description: str | None = None) -> FolderRecord:
        """Change the name or the description; None leaves it as it is."""
        ...

    async def move(self, folder_id: str, *, parent_id: str | None) -> FolderRecord:
        """Put a folder into another one, or outermost where that is None."""
        ...

    async def delete(self, folder_id: str) -> None:
        """Put a folder, and everything in it, into the trash."""
        ...

    async def restore(self, folder_id: str) -> FolderRecord:
        """Take a folder, and everything that went with it, out of the trash."""
        ...

    def watch(
        self, *, parent_id: str | None, folder_id: str | None
    ) -> AsyncGenerator[tuple[ChangeKind, str, FolderRecord | None] | None, None]:
        """Yield the changes of folders; the first None says that the hub has taken note.

        Of all, of those right inside *parent_id*, or of the one *folder_id*.
        """
        ...
