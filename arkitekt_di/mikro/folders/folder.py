"""A folder, as an object to work with."""

from datetime import datetime
from typing import Protocol

from arkitekt_di.errors import OwnLoopError
from arkitekt_di.messages.folders import FolderRecord
from arkitekt_di.mikro.crossing import across
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.protocols.koil import Bridge


class FolderHome(Protocol):
    """What a folder asks of the service that it comes from."""

    @property
    def bridge(self) -> Bridge:
        """The way to the app's loop."""
        ...

    def iterate(self, text: str | None = None, *, parent: "Folder | str | None" = None) -> Pages["Folder"]:
        """Go through folders."""
        ...

    async def arename(self, folder_id: str, name: str) -> "Folder":
        """Rename a folder."""
        ...

    async def amove(self, folder_id: str, parent: "Folder | str | None") -> "Folder":
        """Move a folder."""
        ...

    async def adelete(self, folder_id: str) -> None:
        """Delete a folder."""
        ...

    async def arestore(self, folder_id: str) -> "Folder":
        """Restore a folder."""
        ...


class Folder:
    """A folder.

    It is a view of the moment it was asked for: renaming or moving it gives another `Folder`.  Two folders are equal
    when they are the same folder of the same hub.

    Attributes
    ----------
    id : str
        Identifier given by the hub.
    name : str
    path : str
        Names from the outermost folder to this one, with slashes between them, such as ``2026/november``.
    description : str or None
    parent_id : str or None
        Identifier of the folder that it is in; None for an outermost one.
    created_at : datetime.datetime or None
        With its time zone.
    is_deleted : bool
        Whether it is in the trash.
    """

    __slots__ = ("__weakref__", "_home", "_record")

    def __init__(self, record: FolderRecord, home: FolderHome) -> None:
        self._record = record
        self._home = home

    @property
    def id(self) -> str:
        """Identifier given by the hub."""
        return self._record.id

    @property
    def name(self) -> str:
        """Name, as it was when this object was made."""
        return self._record.name

    @property
    def path(self) -> str:
        """Names from the outermost folder to this one, with slashes between them."""
        return self._record.path

    @property
    def description(self) -> str | None:
        """What somebody wrote about it."""
        return self._record.description

    @property
    def parent_id(self) -> str | None:
        """Identifier of the folder that it is in; None for an outermost one."""
        return self._record.parent_id

    @property
    def created_at(self) -> datetime | None:
        """When it was created; None where the hub does not say."""
        return None if self._record.created_at is None else datetime.fromisoformat(self._record.created_at)

    @property
    def is_deleted(self) -> bool:
        """Whether it is in the trash."""
        return self._record.deleted_at is not None

    def children(self) -> Pages["Folder"]:
        """Return the folders right inside, to go through with ``for`` or ``async for``."""
        return self._home.iterate(parent=self)

    async def arename(self, name: str) -> "Folder":
        """Change the name, and return the folder with it."""
        return await across(self._home.bridge, self._home.arename, self.id, name)

    async def amove(self, parent: "Folder | str | None") -> "Folder":
        """Put it, with everything in it, into another folder, and return it; None makes it outermost."""
        return await across(self._home.bridge, self._home.amove, self.id, parent)

    async def adelete(self) -> None:
        """Put it, and everything in it, into the trash."""
        await across(self._home.bridge, self._home.adelete, self.id)

    async def arestore(self) -> "Folder":
        """Take it, and everything that went with it, out of the trash."""
        return await across(self._home.bridge, self._home.arestore, self.id)

    def rename(self, name: str) -> "Folder":
        """Change the name; see `arename`."""
        self._refuse_own_loop("rename")
        return self._home.bridge.call(self.arename, name)

    def move(self, parent: "Folder | str | None") -> "Folder":
        """Put it into another folder; see `amove`."""
        self._refuse_own_loop("move")
        return self._home.bridge.call(self.amove, parent)

    def delete(self) -> None:
        """Put it into the trash; see `adelete`."""
        self._refuse_own_loop("delete")
        self._home.bridge.call(self.adelete)

    def restore(self) -> "Folder":
        """Take it out of the trash; see `arestore`."""
        self._refuse_own_loop("restore")
        return self._home.bridge.call(self.arestore)

    def _refuse_own_loop(self, method: str) -> None:
        if self._home.bridge.is_own_loop():
            raise OwnLoopError(f"folder.{method}(...)", f"folder.a{method}(...)")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Folder) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<Folder {self.path!r}{' in the trash' if self.is_deleted else ''}, id {self.id}>"
