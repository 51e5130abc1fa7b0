"""The areas of the data service beside images."""

from dataclasses import dataclass

from arkitekt_di.mikro.files.service import Files
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.tables.service import Tables


@dataclass(frozen=True)
class Areas:
    """What ``app.mikro`` has beside images; each a service of its own.

    Attributes
    ----------
    folders : Folders
    files : Files
    tables : Tables
    """

    folders: Folders
    files: Files
    tables: Tables

    async def stop(self) -> None:
        """End what is watched."""
        for area in (self.folders, self.files, self.tables):
            await area.stop()
