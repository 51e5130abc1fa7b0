"""The folders of an app: ``app.mikro.folders``."""

from arkitekt_di.messages.folders import FolderQuery, FolderRecord
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.watches import Told, Watches
from arkitekt_di.mikro.watching import Watch
from arkitekt_di.protocols.folders import FolderRecords
from arkitekt_di.protocols.koil import Bridge


class Folders:
    """Makes folders, finds them, and moves them about.

    Where a method takes a *folder* or *parent*, that is a `Folder`, or a path such as ``"2026/november"``, of which
    whatever is not there is made.

    Parameters
    ----------
    records : FolderRecords
        What the hub knows about folders.
    bridge : Bridge
        Takes blocking calls to the app's loop.
    """

    def __init__(self, records: FolderRecords, bridge: Bridge) -> None:
        self._records = records
        self._bridge = bridge
        self._watches = Watches(bridge)

    async def stop(self) -> None:
        """End what is watched."""
        await self._watches.stop()

    @property
    def bridge(self) -> Bridge:
        """The way to the app's loop."""
        return self._bridge

    async def acreate(self, name: str, *, parent: Folder | str | None = None) -> Folder:
        """Create a folder; refused where there is one of this name already."""
        return Folder(await self._records.create(name, parent_id=await self.aplace(parent)), self)

    async def aensure(self, path: str, *, parent: Folder | str | None = None) -> Folder:
        """Return the folder at a path, and make what of it is not there."""
        return Folder(await self._records.ensure(path, parent_id=await self.aplace(parent)), self)

    async def aplace(self, folder: Folder | str | None) -> str | None:
        """Return the identifier of a folder that something is to be put into; makes a path that is not there."""
        if isinstance(folder, str):
            return (await self._records.ensure(folder, parent_id=None)).id
        return _identifier(folder)

    async def aget(self, folder_id: str) -> Folder:
        """Return one folder by its identifier; raises `FolderNotFoundError`."""
        return Folder(await self._records.get(str(folder_id)), self)

    async def afind(self, path: str) -> Folder:
        """Return the folder at a path; raises `FolderNotFoundError`."""
        return Folder(await self._records.find(path), self)

    async def asearch(
        self,
        text: str | None = None,
        *,
        parent: Folder | str | None = None,
        outermost: bool = False,
        trashed: bool = False,
        limit: int = 50,
        offset: int = 0,
    ) -> list[Folder]:
        """Find folders by their names; see `arkitekt_di.mikro.search_folders`."""
        query = FolderQuery(
            text=text,
            parent_id=await self.aexisting(parent),
            is_outermost=outermost,
            is_trashed=trashed,
            limit=limit,
            offset=offset,
        )
        return [Folder(record, self) for record in await self._records.search(query)]

    def iterate(self, text: str | None = None, *, parent: Folder | str | None = None) -> Pages[Folder]:
        """Go through all folders that fit, by their names, with ``for`` or ``async for``."""

        async def fetch(limit: int, offset: int) -> list[Folder]:
            return await self.asearch(text, parent=parent, limit=limit, offset=offset)

        return Pages(self._bridge, fetch)

    async def arename(self, folder_id: str, name: str) -> Folder:
        """Change the name of a folder; raises `FolderNotFoundError`."""
        return Folder(await self._records.edit(str(folder_id), name=name), self)

    async def adescribe(self, folder_id: str, description: str) -> Folder:
        """Change the description of a folder; raises `FolderNotFoundError`."""
        return Folder(await self._records.edit(str(folder_id), description=description), self)

    async def amove(self, folder_id: str, parent: Folder | str | None) -> Folder:
        """Put a folder into another one; raises `FolderNotFoundError`."""
        return Folder(await self._records.move(str(folder_id), parent_id=await self.aplace(parent)), self)

    async def adelete(self, folder_id: str) -> None:
        """Put a folder, and everything in it, into the trash; raises `FolderNotFoundError`."""
        await self._records.delete(str(folder_id))

    async def arestore(self, folder_id: str) -> Folder:
        """Take a folder out of the trash; raises `FolderNotFoundError`."""
        return Folder(await self._records.restore(str(folder_id)), self)

    def watch(self, *, parent: Folder | str | None = None, folder: str | None = None) -> Watch[Folder]:
        """Tell of folders as they change: all, those right inside *parent*, or that of an identifier; see `Watch`."""

        async def begin() -> Told[FolderRecord]:
            return self._records.watch(parent_id=await self.aexisting(parent), folder_id=folder)

        return self._watches.watch(begin, lambda record: Folder(record, self))

    async def aexisting(self, folder: Folder | str | None) -> str | None:
        """Return the identifier of a folder that is asked about: asking makes none."""
        return (await self._records.find(folder)).id if isinstance(folder, str) else _identifier(folder)


def _identifier(folder: Folder | None) -> str | None:
    return None if folder is None else folder.id
