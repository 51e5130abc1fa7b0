"""Folders in the trash."""

from sqlalchemy import delete

from arkitekt_di.server.database import Database
from arkitekt_di.server.folders.tables import Folder
from arkitekt_di.server.trash import oldest_deleted


class FolderBin:
    """The `Bin` of folders; what was in them is in bins of its own.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def oldest(self) -> float | None:
        """Return when the folder was deleted that has been here longest."""
        return await oldest_deleted(self._database, Folder)

    async def empty(self, deadline: float) -> None:
        """Remove folders for good; one that is inside another went with it, or before."""
        async with self._database.transaction() as session:
            await session.execute(delete(Folder).where(Folder.deleted_at <= deadline))
