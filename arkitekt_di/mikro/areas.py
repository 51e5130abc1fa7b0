"""The areas of the data service beside images."""

from dataclasses import dataclass

from arkitekt_di.mikro.folders.service import Folders


@dataclass(frozen=True)
class Areas:
    """What ``app.mikro`` has beside images; each a service of its own.

    Attributes
    ----------
    folders : Folders
    """

    folders: Folders

    async def stop(self) -> None:
        """End what is watched."""
        await self.folders.stop()
