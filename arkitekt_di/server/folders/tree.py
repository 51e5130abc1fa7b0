"""The tree that folders make: what is above one, and what is below."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import CTE, Select, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.server.folders.tables import Folder
from arkitekt_di.server.naming import checked_name

MAX_DEPTH = 32
"""Folders inside one another, at most; a path of names of full length stays within 8 KiB."""

_RESERVED = frozenset({".", ".."})


@dataclass(frozen=True)
class Placed:
    """A folder and where it is.

    Attributes
    ----------
    folder : Folder
    above : tuple of Folder
        The folders that it is in, the outermost first.
    """

    folder: Folder
    above: tuple[Folder, ...]

    @property
    def path(self) -> str:
        """The names from the outermost folder to this one, with slashes between them."""
        return "/".join([*(folder.name for folder in self.above), self.folder.name])


def checked_folder_name(name: str) -> str:
    """Return *name*; raises `RecordRefusedError` where it cannot be a part of a path."""
    checked_name(name, subject="the name of a folder")
    if "/" in name:
        raise RecordRefusedError("the name of a folder holds a slash", "Make one folder inside the other")
    if name in _RESERVED or name != name.strip():
        raise RecordRefusedError(f"{name!r} cannot be the name of a folder", "Leave out blanks at its ends, and dots")
    return name


def names_of(path: str) -> tuple[str, ...]:
    """Return the names in *path*, such as ``a/b/c``; raises `RecordRefusedError` where it is none."""
    names = tuple(name.strip() for name in path.strip().strip("/").split("/"))
    if len(names) > MAX_DEPTH:
        raise RecordRefusedError(f"the path has {len(names)} folders", f"Make it {MAX_DEPTH} or fewer")
    return tuple(checked_folder_name(name) for name in names)


def below(folder_id: str) -> CTE:
    """Return the folder and all that are below it and not in the trash, as a table of ``id`` and ``level``."""
    tree = select(Folder.id.label("id"), literal(0).label("level")).where(Folder.id == folder_id).cte(recursive=True)
    child = aliased(Folder)
    return tree.union_all(
        select(child.id, tree.c.level + 1).where(
            child.parent_id == tree.c.id, child.deleted_at.is_(None), tree.c.level < MAX_DEPTH
        )
    )


async def place(session: AsyncSession, folders: Iterable[Folder]) -> list[Placed]:
    """Return *folders* with what is above each, at the cost of one query."""
    listed = list(folders)
    known = {folder.id: folder for folder in listed}
    missing = {folder.parent_id for folder in listed if folder.parent_id is not None} - known.keys()
    if missing:
        known |= {folder.id: folder for folder in await session.scalars(_with_all_above(sorted(missing)))}
    return [Placed(folder, _chain(folder, known)) for folder in listed]


def _with_all_above(folder_ids: Sequence[str]) -> Select[Folder]:
    up = select(Folder.id.label("id"), Folder.parent_id.label("parent_id")).where(Folder.id.in_(folder_ids))
    chain = up.cte(recursive=True)
    parent = aliased(Folder)
    chain = chain.union(select(parent.id, parent.parent_id).where(parent.id == chain.c.parent_id))
    return select(Folder).where(Folder.id.in_(select(chain.c.id)))


def _chain(folder: Folder, known: Mapping[str, Folder]) -> tuple[Folder, ...]:
    above: list[Folder] = []
    while folder.parent_id is not None and len(above) < MAX_DEPTH:
        folder = known[folder.parent_id]
        above.append(folder)
    return tuple(reversed(above))
