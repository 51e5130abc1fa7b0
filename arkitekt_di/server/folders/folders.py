"""Folders: made, moved, put into the trash with everything in them, and brought back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.errors import FolderNotFoundError, RecordRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.server.database import Database
from arkitekt_di.server.folders.listing import FolderListing
from arkitekt_di.server.folders.tables import Folder, slot_of
from arkitekt_di.server.folders.tree import MAX_DEPTH, Placed, below, checked_folder_name, names_of, place
from arkitekt_di.server.journal import Change, Entry, Event, Journal
from arkitekt_di.server.naming import checked_description, folded
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.records import Filed, named, named_anywhere, owned


@dataclass(frozen=True)
class FolderEdit:
    """What is to change about a folder; None leaves it as it is."""

    name: str | None = None
    description: str | None = None


class Folders:
    """Folders of the organizations of a hub; nobody sees another's.

    Parameters
    ----------
    database : Database
    journal : Journal
        Told of every folder, and of everything that is deleted or restored with one.
    contents : mapping of RecordKind to type
        Tables of the records that lie in folders.
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        *,
        contents: Mapping[RecordKind, type[Filed]],
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._journal = journal
        self._contents = dict(contents)
        self._clock = clock

    # --- find -------------------------------------------------------------------------------------

    async def get(self, principal: Principal, folder_id: str) -> Placed:
        """Return one folder; raises `FolderNotFoundError`."""
        async with self._database.transaction() as session:
            return await _get(session, principal, folder_id)

    async def find(self, principal: Principal, path: str) -> Placed:
        """Return the folder at *path*; raises `FolderNotFoundError`."""
        async with self._database.transaction() as session:
            found: list[Folder] = []
            for name in names_of(path):
                inside = await _child(session, principal, found[-1].id if found else None, name)
                if inside is None:
                    raise FolderNotFoundError(path)
                found.append(inside)
            return Placed(found[-1], tuple(found[:-1]))

    async def list(self, principal: Principal, listing: FolderListing) -> Sequence[Placed]:
        """Return one page of folders."""
        async with self._database.transaction() as session:
            return await place(session, (await session.scalars(listing.select(principal))).all())

    async def load(self, principal: Principal, folder_ids: Sequence[str]) -> Mapping[str, Placed]:
        """Return those of the folders that there are, by their identifiers."""
        async with self._database.transaction() as session:
            there = Folder.id.in_(folder_ids), owned(Folder, principal), Folder.deleted_at.is_(None)
            found = await place(session, (await session.scalars(select(Folder).where(*there))).all())
            return {placed.folder.id: placed for placed in found}

    # --- make -------------------------------------------------------------------------------------

    async def create(self, principal: Principal, name: str, *, parent_id: str | None) -> Placed:
        """Create a folder; raises `RecordRefusedError` where its name is taken."""
        checked_folder_name(name)
        async with self._journal.transaction(principal) as entry:
            above = await _branch(entry.session, principal, parent_id)
            if await _child(entry.session, principal, parent_id, name) is not None:
                raise _taken(name)
            return await self._add(entry, principal, name, above)

    async def ensure(self, principal: Principal, path: str, *, parent_id: str | None = None) -> Placed:
        """Return the folder at *path*, below *parent_id*, and make what of it is not there yet.

        However many callers race, there is one folder of each name.
        """
        names = names_of(path)
        async with self._journal.transaction(principal) as entry:
            above = await _branch(entry.session, principal, parent_id)
            for name in names:
                inside = await _child(entry.session, principal, above[-1].id if above else None, name)
                above = (*above, inside or (await self._add(entry, principal, name, above)).folder)
            return Placed(above[-1], above[:-1])

    async def _add(self, entry: Entry, principal: Principal, name: str, above: tuple[Folder, ...]) -> Placed:
        if len(above) >= MAX_DEPTH:
            raise _too_deep()
        parent_id = above[-1].id if above else None
        now = self._clock()
        folder = Folder(
            organization_id=principal.organization_id,
            user_id=principal.user_id,
            user_name=principal.user_name,
            client_id=principal.client_id,
            parent_id=parent_id,
            name=name,
            folded_name=folded(name),
            slot=slot_of(principal.organization_id, parent_id, name),
            created_at=now,
            updated_at=now,
        )
        entry.session.add(folder)
        await entry.session.flush()
        entry.tell(_change(Event.CREATED, folder))
        return Placed(folder, above)

    # --- change -----------------------------------------------------------------------------------

    async def edit(self, principal: Principal, folder_id: str, edit: FolderEdit) -> Placed:
        """Change the name or the description; raises `FolderNotFoundError` and `RecordRefusedError`."""
        async with self._journal.transaction(principal) as entry:
            placed = await _get(entry.session, principal, folder_id)
            folder = placed.folder
            if edit.name is not None:
                folder.name = checked_folder_name(edit.name)
                folder.folded_name = folded(edit.name)
                await _take_slot(entry.session, folder)
            if edit.description is not None:
                folder.description = checked_description(edit.description)
            folder.updated_at = self._clock()
            entry.tell(_change(Event.UPDATED, folder))
            return placed

    async def move(self, principal: Principal, folder_id: str, *, parent_id: str | None) -> Placed:
        """Put a folder, with everything in it, into another one, or outermost where that is None.

        Raises
        ------
        FolderNotFoundError
        RecordRefusedError
            It would be inside itself, or too deep; or its name is taken there.
        """
        async with self._journal.transaction(principal) as entry:
            folder = (await _get(entry.session, principal, folder_id)).folder
            above = await _branch(entry.session, principal, parent_id)
            if folder.id in {other.id for other in above}:
                raise RecordRefusedError(f"{folder.name!r} would be inside itself", "Choose a folder outside of it")
            height = await entry.session.scalar(select(func.max(below(folder.id).c.level)))
            if len(above) + 1 + (height or 0) > MAX_DEPTH:
                raise _too_deep()
            former, folder.parent_id = folder.parent_id, parent_id
            await _take_slot(entry.session, folder)
            folder.updated_at = self._clock()
            entry.tell(_change(Event.MOVED, folder, former=former))
            return Placed(folder, above)

    # --- the trash --------------------------------------------------------------------------------

    async def delete(self, principal: Principal, folder_id: str) -> None:
        """Put a folder, and everything in it, into the trash; raises `FolderNotFoundError`."""
        async with self._journal.transaction(principal) as entry:
            folder = (await _get(entry.session, principal, folder_id)).folder
            now = self._clock()
            inside = select(below(folder.id).c.id)
            for kind, table in self._contents.items():
                gone = await entry.session.execute(
                    update(table)
                    .where(table.folder_id.in_(inside), table.deleted_at.is_(None))
                    .values(deleted_at=now, deleted_with=folder.id)
                    .returning(table.id, table.folder_id)
                    .execution_options(synchronize_session=False)
                )
                for record_id, place_id in gone.all():
                    entry.tell(Change(Event.DELETED, kind, record_id, place_id=place_id))
            for lost in (await entry.session.scalars(select(Folder).where(Folder.id.in_(inside)))).all():
                lost.deleted_at, lost.deleted_with, lost.slot = now, folder.id, None
                entry.tell(_change(Event.DELETED, lost))

    async def restore(self, principal: Principal, folder_id: str) -> Placed:
        """Take a folder, and everything that went with it, out of the trash.

        Raises
        ------
        FolderNotFoundError
            It is not in the trash, or not any more.
        RecordRefusedError
            The folder that it was in is in the trash itself, or its name is taken meanwhile.
        """
        async with self._journal.transaction(principal) as entry:
            folder = await _find_deleted(entry.session, principal, folder_id)
            if folder.parent_id is not None:
                await _require_live(entry.session, principal, folder.parent_id)
            if await _child(entry.session, principal, folder.parent_id, folder.name) is not None:
                raise _taken(folder.name)
            for found in (await entry.session.scalars(select(Folder).where(Folder.deleted_with == folder.id))).all():
                found.slot = slot_of(found.organization_id, found.parent_id, found.name)
                found.deleted_at = found.deleted_with = None
                entry.tell(_change(Event.CREATED, found))
            for kind, table in self._contents.items():
                back = await entry.session.execute(
                    update(table)
                    .where(table.deleted_with == folder.id)
                    .values(deleted_at=None, deleted_with=None)
                    .returning(table.id, table.folder_id)
                    .execution_options(synchronize_session=False)
                )
                for record_id, place_id in back.all():
                    entry.tell(Change(Event.CREATED, kind, record_id, place_id=place_id))
            return (await place(entry.session, [folder]))[0]


async def checked_place(session: AsyncSession, principal: Principal, folder_id: str | None) -> str | None:
    """Return *folder_id*; raises `FolderNotFoundError` where nothing can be put there."""
    if folder_id is None:
        return None
    return (await _get(session, principal, folder_id)).folder.id


async def _get(session: AsyncSession, principal: Principal, folder_id: str) -> Placed:
    folder = await session.scalar(select(Folder).where(*named(Folder, principal, folder_id)))
    if folder is None:
        raise FolderNotFoundError(folder_id)
    return (await place(session, [folder]))[0]


async def _branch(session: AsyncSession, principal: Principal, parent_id: str | None) -> tuple[Folder, ...]:
    """Return the folder *parent_id* and all above it, outermost first."""
    if parent_id is None:
        return ()
    placed = await _get(session, principal, parent_id)
    return (*placed.above, placed.folder)


async def _child(session: AsyncSession, principal: Principal, parent_id: str | None, name: str) -> Folder | None:
    return await session.scalar(
        select(Folder).where(Folder.slot == slot_of(principal.organization_id, parent_id, name))
    )


async def _take_slot(session: AsyncSession, folder: Folder) -> None:
    slot = slot_of(folder.organization_id, folder.parent_id, folder.name)
    if await session.scalar(select(Folder.id).where(Folder.slot == slot, Folder.id != folder.id)) is not None:
        raise _taken(folder.name)
    folder.slot = slot


async def _find_deleted(session: AsyncSession, principal: Principal, folder_id: str) -> Folder:
    folder = await session.scalar(select(Folder).where(*named_anywhere(Folder, principal, folder_id)))
    if folder is None or folder.deleted_with is None:
        raise FolderNotFoundError(folder_id)
    if folder.deleted_with != folder.id:
        raise RecordRefusedError(
            f"{folder.name!r} went into the trash with a folder that it is in", f"Restore folder {folder.deleted_with}"
        )
    return folder


async def _require_live(session: AsyncSession, principal: Principal, folder_id: str) -> None:
    parent = await session.scalar(select(Folder).where(*named_anywhere(Folder, principal, folder_id)))
    if parent is not None and parent.deleted_at is not None:
        raise RecordRefusedError(
            f"the folder {parent.name!r} that it was in is in the trash, too", f"Restore folder {parent.deleted_with}"
        )


def _change(event: Event, folder: Folder, *, former: str | None = None) -> Change:
    return Change(event, RecordKind.FOLDER, folder.id, place_id=folder.parent_id, former_place_id=former)


def _taken(name: str) -> RecordRefusedError:
    return RecordRefusedError(
        f"there is a folder {name!r} here already", "Choose another name, or use ensure_folder() to share it"
    )


def _too_deep() -> RecordRefusedError:
    return RecordRefusedError(
        f"folders would be more than {MAX_DEPTH} deep inside one another", "Put it nearer to the root"
    )
