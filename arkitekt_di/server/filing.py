"""What is done with every record that lies in a folder and has its bytes in a blob."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from arkitekt_di.errors import NotFoundError, RecordRefusedError, StoreNotFoundError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.images import StoreGrant
from arkitekt_di.server.blobs.store import BlobStore
from arkitekt_di.server.blobs.tables import Blob, BlobState
from arkitekt_di.server.caretaker import Caretaker
from arkitekt_di.server.database import Database
from arkitekt_di.server.folders.folders import checked_place
from arkitekt_di.server.identifiers import is_identifier
from arkitekt_di.server.journal import Change, Event, Journal
from arkitekt_di.server.listing import Listing
from arkitekt_di.server.naming import checked_name, folded
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.records import Filed, named, named_anywhere, owned
from arkitekt_di.server.trash import oldest_deleted

T = TypeVar("T", bound="Stored")


class Stored(Filed):
    """Columns of a record whose bytes are in a blob."""

    blob_id: Mapped[str]
    blob: Mapped[Blob]


@dataclass(frozen=True)
class FiledKind(Generic[T]):
    """One kind of record.

    Attributes
    ----------
    table : type
        Its table.
    record : RecordKind
    word : str
        What people call it.
    missing : callable
        Makes the error for one that is not there.
    """

    table: type[T]
    record: RecordKind
    word: str
    missing: Callable[[str], NotFoundError]


@dataclass(frozen=True)
class FiledListing(Listing):
    """One page of records that lie in folders.

    Attributes
    ----------
    folder_id : str or None
        Only those right inside this folder.
    is_unfiled : bool
        Only those that are in no folder.
    is_trashed : bool
        Those in the trash that were deleted by themselves, in place of those that are not.
    """

    folder_id: str | None = None
    is_unfiled: bool = False
    is_trashed: bool = False

    def of(self, kind: type[T], principal: Principal) -> Select[T]:
        """Return the query for the records of the organization of *principal*, not yet cut to a page."""
        query = select(kind).where(owned(kind, principal))
        if self.is_trashed:
            query = query.where(kind.deleted_at.is_not(None), kind.deleted_with.is_(None))
        else:
            query = query.where(kind.deleted_at.is_(None))
        if self.folder_id is not None:
            query = query.where(kind.folder_id == self.folder_id)
        return query.where(kind.folder_id.is_(None)) if self.is_unfiled else query

    def select(self, kind: type[T], principal: Principal) -> Select[T]:
        """Return the query for this page."""
        return self.narrow(self.of(kind, principal), kind)


class FiledRecords(Generic[T]):
    """Finds, renames, moves, deletes and restores the records of one kind.

    Parameters
    ----------
    kind : FiledKind
    database : Database
    journal : Journal
        Told of every change.
    store : BlobStore
        Where their bytes are.
    trash : Caretaker
        Woken when something is put there.
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(
        self,
        kind: FiledKind[T],
        database: Database,
        journal: Journal,
        store: BlobStore,
        trash: Caretaker,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._kind = kind
        self._database = database
        self._journal = journal
        self._trash = trash
        self._clock = clock

    async def get(self, principal: Principal, record_id: str) -> T:
        """Return one record; raises what its kind raises where there is none."""
        async with self._database.transaction() as session:
            return await self._find(session, principal, record_id)

    async def load(self, principal: Principal, record_ids: Sequence[str]) -> Mapping[str, T]:
        """Return those of the records that there are, by their identifiers."""
        table = self._kind.table
        async with self._database.transaction() as session:
            there = table.id.in_(record_ids), owned(table, principal), table.deleted_at.is_(None)
            return {record.id: record for record in await session.scalars(select(table).where(*there))}

    async def grant_access(self, principal: Principal, blob_id: str) -> StoreGrant:
        """Return a grant to read the bytes of a record by its blob; raises `StoreNotFoundError`."""
        table = self._kind.table
        async with self._database.transaction() as session:
            mine = table.blob_id == blob_id, owned(table, principal), table.deleted_at.is_(None)
            record = await session.scalar(select(table).where(*mine)) if is_identifier(blob_id) else None
        if record is None:
            raise StoreNotFoundError(blob_id)
        return self._store.read_grant(record.blob)

    async def made_of(self, principal: Principal, blob: Blob) -> str | None:
        """Return the identifier of the record that was made of an upload; None where it is in the trash."""
        table = self._kind.table
        async with self._database.transaction() as session:
            there = table.blob_id == blob.id, owned(table, principal), table.deleted_at.is_(None)
            return await session.scalar(select(table.id).where(*there))

    async def page(self, query: Select[T]) -> Sequence[T]:
        """Return the records that *query* asks for."""
        async with self._database.transaction() as session:
            return (await session.scalars(query)).all()

    async def edit(
        self, principal: Principal, record_id: str, *, name: str | None, values: Mapping[str, object] | None = None
    ) -> T:
        """Change the name, and what else there is; None leaves it as it is."""
        async with self._journal.transaction(principal) as entry:
            record = await self._find(entry.session, principal, record_id)
            if name is not None:
                record.name = checked_name(name, subject=f"the name of a {self._kind.word}")
                record.folded_name = folded(name)
            for column, value in (values or {}).items():
                setattr(record, column, value)
            record.updated_at = self._clock()
            entry.tell(self.change(Event.UPDATED, record))
            return record

    async def move(self, principal: Principal, record_id: str, *, folder_id: str | None) -> T:
        """Put a record into a folder, or into none where that is None."""
        async with self._journal.transaction(principal) as entry:
            record = await self._find(entry.session, principal, record_id)
            former = record.folder_id
            record.folder_id = await checked_place(entry.session, principal, folder_id)
            record.updated_at = self._clock()
            entry.tell(self.change(Event.MOVED, record, former=former))
            return record

    async def delete(self, principal: Principal, record_id: str) -> None:
        """Put a record into the trash."""
        async with self._journal.transaction(principal) as entry:
            record = await self._find(entry.session, principal, record_id)
            record.deleted_at = self._clock()
            entry.tell(self.change(Event.DELETED, record))
        self._trash.wake()

    async def restore(self, principal: Principal, record_id: str) -> T:
        """Take a record out of the trash."""
        table = self._kind.table
        async with self._journal.transaction(principal) as entry:
            there = named_anywhere(table, principal, record_id)
            record = await entry.session.scalar(select(table).where(*there, table.deleted_at.is_not(None)))
            if record is None:
                raise self._kind.missing(record_id)
            if record.deleted_with is not None:
                raise RecordRefusedError(
                    f"the {self._kind.word} went into the trash with its folder",
                    f"Restore folder {record.deleted_with}",
                )
            if record.folder_id is not None and not await _is_live(entry.session, principal, record.folder_id):
                record.folder_id = None  # there is no such place any more; nothing is lost in the outermost one
            record.deleted_at = None
            entry.tell(self.change(Event.CREATED, record))
            return record

    def change(self, event: Event, record: Filed, *, former: str | None = None) -> Change:
        """Return what is told of a record."""
        return Change(
            event,
            self._kind.record,
            record.id,
            place_id=record.folder_id,
            former_place_id=former,
            state=None if event is Event.DELETED else record,
        )

    async def _find(self, session: AsyncSession, principal: Principal, record_id: str) -> T:
        record = await session.scalar(select(self._kind.table).where(*named(self._kind.table, principal, record_id)))
        if record is None:
            raise self._kind.missing(record_id)
        return record


class FiledBin:
    """The `Bin` of records of one kind; their bytes become garbage with them.

    Parameters
    ----------
    database : Database
    table : type
    collector : Caretaker
        Removes the bytes.
    """

    def __init__(self, database: Database, table: type[Stored], collector: Caretaker) -> None:
        self._database = database
        self._table = table
        self._collector = collector

    async def oldest(self) -> float | None:
        """Return when the record was deleted that has been here longest."""
        return await oldest_deleted(self._database, self._table)

    async def empty(self, deadline: float) -> None:
        """Remove records for good."""
        async with self._database.transaction() as session:
            gone = await session.execute(
                delete(self._table).where(self._table.deleted_at <= deadline).returning(self._table.blob_id)
            )
            for (blob_id,) in gone.all():
                await session.execute(
                    update(Blob).where(Blob.id == blob_id).values(state=BlobState.DISCARDED, upload_key=None)
                )
        self._collector.wake()


async def _is_live(session: AsyncSession, principal: Principal, folder_id: str) -> bool:
    try:
        await checked_place(session, principal, folder_id)
    except NotFoundError:
        return False
    return True
