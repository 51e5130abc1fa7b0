"""Folders that live as long as the process: for tests, and to try things out without a hub."""

import uuid
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

from arkitekt_di.errors import FolderNotFoundError, HubRefusedError
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.folders import FolderQuery, FolderRecord
from arkitekt_di.mikro.news import News


@dataclass(eq=False)
class _Kept:
    """One folder; ``deleted_with`` names the folder whose deletion took it along, itself included."""

    id: str
    name: str
    parent_id: str | None
    created_at: str
    description: str | None = None
    deleted_at: str | None = None
    deleted_with: str | None = None


class InMemoryFolderRecords:
    """Folders in a dictionary."""

    def __init__(self) -> None:
        self._folders: dict[str, _Kept] = {}
        self._news: News[FolderRecord] = News()

    def is_live(self, folder_id: str | None) -> bool:
        """Tell whether something may be put there: it is the root, or a folder that is not in the trash."""
        if folder_id is None:
            return True
        return folder_id in self._folders and self._folders[folder_id].deleted_with is None

    async def create(self, name: str, *, parent_id: str | None) -> FolderRecord:
        """Create a folder."""
        self._require(parent_id)
        return self._add(_checked(name), parent_id)

    async def ensure(self, path: str, *, parent_id: str | None) -> FolderRecord:
        """Return the folder at *path*, and make what of it is not there."""
        self._require(parent_id)
        record = None
        for name in [_checked(part.strip()) for part in path.strip("/").split("/")]:
            inside = self._inside(parent_id, name)
            record = self._add(name, parent_id) if inside is None else self._record(inside)
            parent_id = record.id
        if record is None:
            raise FolderNotFoundError(path)
        return record

    async def get(self, folder_id: str) -> FolderRecord:
        """Return one folder."""
        return self._record(self._live(folder_id))

    async def find(self, path: str) -> FolderRecord:
        """Return the folder at *path*."""
        found: _Kept | None = None
        for name in path.strip("/").split("/"):
            found = self._inside(None if found is None else found.id, name.strip())
            if found is None:
                raise FolderNotFoundError(path)
        return self._record(self._live(found.id if found else path))

    async def search(self, query: FolderQuery) -> list[FolderRecord]:
        """Return one page of folders, by their names."""
        found = sorted((folder for folder in self._folders.values() if _fits(folder, query)), key=_order)
        return [self._record(folder) for folder in found[query.offset : query.offset + query.limit]]

    async def edit(self, folder_id: str, *, name: str | None = None, description: str | None = None) -> FolderRecord:
        """Change the name or the description."""
        folder = self._live(folder_id)
        if name is not None:
            self._refuse_taken(folder.parent_id, _checked(name), but=folder)
            folder.name = name
        if description is not None:
            folder.description = description
        return self._told(ChangeKind.UPDATED, folder)

    async def move(self, folder_id: str, *, parent_id: str | None) -> FolderRecord:
        """Put a folder into another one."""
        folder = self._live(folder_id)
        self._require(parent_id)
        if parent_id is not None and folder.id in {above.id for above in self._upwards(parent_id)}:
            raise HubRefusedError("MoveFolder", ["it would be inside itself"])
        self._refuse_taken(parent_id, folder.name, but=folder)
        folder.parent_id = parent_id
        return self._told(ChangeKind.UPDATED, folder)

    async def delete(self, folder_id: str) -> None:
        """Put a folder, and everything in it, into the trash."""
        top = self._live(folder_id)
        below = [folder for folder in self._folders.values() if self.is_live(folder.id) and self._is_below(folder, top)]
        for folder in below:
            folder.deleted_at, folder.deleted_with = _now(), top.id
            self._news.tell(ChangeKind.DELETED, folder.id, None)

    async def restore(self, folder_id: str) -> FolderRecord:
        """Take a folder, and everything that went with it, out of the trash."""
        top = self._folders.get(folder_id)
        if top is None or top.deleted_with is None:
            raise FolderNotFoundError(folder_id)
        if top.deleted_with != top.id or not self.is_live(top.parent_id):
            raise HubRefusedError("RestoreFolder", ["a folder that it was in is in the trash, too"])
        self._refuse_taken(top.parent_id, top.name, but=top)
        for folder in self._folders.values():
            if folder.deleted_with == top.id:
                folder.deleted_at = folder.deleted_with = None
                self._told(ChangeKind.CREATED, folder)
        return self._record(top)

    async def watch(
        self, *, parent_id: str | None, folder_id: str | None
    ) -> AsyncGenerator[tuple[ChangeKind, str, FolderRecord | None] | None, None]:
        """Yield the changes of folders."""
        async with aclosing(self._news.watch()) as events:
            async for kind, changed_id, record in events:
                if kind is None:
                    yield None
                elif self._is_watched(changed_id, parent_id, folder_id):
                    yield kind, changed_id, record

    def _is_watched(self, changed_id: str, parent_id: str | None, folder_id: str | None) -> bool:
        if folder_id not in {None, changed_id}:
            return False
        return parent_id is None or self._folders[changed_id].parent_id == parent_id

    def _add(self, name: str, parent_id: str | None) -> FolderRecord:
        self._refuse_taken(parent_id, name)
        folder = _Kept(str(uuid.uuid4()), name, parent_id, _now())
        self._folders[folder.id] = folder
        return self._told(ChangeKind.CREATED, folder)

    def _told(self, kind: ChangeKind, folder: _Kept) -> FolderRecord:
        record = self._record(folder)
        self._news.tell(kind, folder.id, record)
        return record

    def _live(self, folder_id: str) -> _Kept:
        if folder_id not in self._folders or not self.is_live(folder_id):
            raise FolderNotFoundError(folder_id)
        return self._folders[folder_id]

    def _require(self, parent_id: str | None) -> None:
        if not self.is_live(parent_id):
            raise FolderNotFoundError(str(parent_id))

    def _inside(self, parent_id: str | None, name: str) -> _Kept | None:
        found = (f for f in self._folders.values() if (f.parent_id, f.name) == (parent_id, name) and self.is_live(f.id))
        return next(found, None)

    def _refuse_taken(self, parent_id: str | None, name: str, *, but: _Kept | None = None) -> None:
        if self._inside(parent_id, name) not in {None, but}:
            raise HubRefusedError("Folder", [f"there is a folder {name!r} here already"])

    def _upwards(self, folder_id: str | None) -> Iterator[_Kept]:
        while folder_id is not None:
            folder = self._folders[folder_id]
            yield folder
            folder_id = folder.parent_id

    def _is_below(self, folder: _Kept, top: _Kept) -> bool:
        return any(above is top for above in self._upwards(folder.id))

    def _record(self, folder: _Kept) -> FolderRecord:
        return FolderRecord(
            id=folder.id,
            name=folder.name,
            path="/".join(reversed([above.name for above in self._upwards(folder.id)])),
            parent_id=folder.parent_id,
            description=folder.description,
            created_at=folder.created_at,
            deleted_at=folder.deleted_at,
        )


def _fits(folder: _Kept, query: FolderQuery) -> bool:
    is_there = folder.deleted_with == folder.id if query.is_trashed else folder.deleted_with is None
    is_here = query.parent_id in {None, folder.parent_id} and not (query.is_outermost and folder.parent_id is not None)
    return is_there and is_here and (query.text or "").casefold() in folder.name.casefold()


def _order(folder: _Kept) -> tuple[str, str]:
    return folder.name.casefold(), folder.created_at


def _checked(name: str) -> str:
    if not name.strip() or "/" in name or name in {".", ".."}:
        raise HubRefusedError("Folder", [f"{name!r} cannot be the name of a folder"])
    return name


def _now() -> str:
    return datetime.now(UTC).isoformat()
