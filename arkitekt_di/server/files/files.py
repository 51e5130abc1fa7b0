"""Files: records whose bytes are all there."""

from collections.abc import Callable
from dataclasses import dataclass

from arkitekt_di.errors import StoredFileNotFoundError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.server.blobs.store import BlobStore
from arkitekt_di.server.blobs.tables import BlobKind
from arkitekt_di.server.blobs.uploads import attach
from arkitekt_di.server.caretaker import Caretaker
from arkitekt_di.server.database import Database
from arkitekt_di.server.files.tables import File
from arkitekt_di.server.filing import FiledKind, FiledRecords
from arkitekt_di.server.folders.folders import checked_place
from arkitekt_di.server.journal import Event, Journal
from arkitekt_di.server.naming import checked_name, folded
from arkitekt_di.server.principal import Principal

FILE = FiledKind(File, RecordKind.FILE, "file", StoredFileNotFoundError)


@dataclass(frozen=True)
class FileDraft:
    """A file to be made of a finished upload."""

    blob_id: str
    name: str
    folder_id: str | None = None


class Files(FiledRecords[File]):
    """Files of the organizations of a hub; nobody sees another's.

    Parameters
    ----------
    database : Database
    journal : Journal
    store : BlobStore
    trash : Caretaker
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(
        self, database: Database, journal: Journal, store: BlobStore, trash: Caretaker, *, clock: Callable[[], float]
    ) -> None:
        super().__init__(FILE, database, journal, store, trash, clock=clock)

    async def create(self, principal: Principal, draft: FileDraft) -> File:
        """Create a file from a finished upload of this user; two files may have the same name.

        Raises
        ------
        StoreNotFoundError, FolderNotFoundError, RecordRefusedError
        """
        name, now = checked_name(draft.name, subject="the name of a file"), self._clock()
        async with self._journal.transaction(principal) as entry:
            blob = await attach(entry.session, principal, draft.blob_id, BlobKind.FILE)
            file = File(
                organization_id=principal.organization_id,
                user_id=principal.user_id,
                user_name=principal.user_name,
                client_id=principal.client_id,
                name=name,
                folded_name=folded(name),
                created_at=now,
                updated_at=now,
                folder_id=await checked_place(entry.session, principal, draft.folder_id),
                blob=blob,
            )
            entry.session.add(file)
            await entry.session.flush()
            entry.tell(self.change(Event.CREATED, file))
        return file
