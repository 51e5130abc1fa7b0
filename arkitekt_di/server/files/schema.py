"""The operations on files: each hands over to the domain and shows what comes back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, NewType, Self

import strawberry
from strawberry.types.scalar import ScalarDefinition

from arkitekt_di.messages.changes import ChangeKind, RecordKind
from arkitekt_di.messages.images import StoreGrant, UploadGrant
from arkitekt_di.server.blobs.store import key_of, path_of
from arkitekt_di.server.blobs.tables import Blob, BlobKind, BlobState
from arkitekt_di.server.blobs.uploads import BlobUploads, Wish
from arkitekt_di.server.files.files import FileDraft, Files
from arkitekt_di.server.files.tables import File as FileRow
from arkitekt_di.server.filing import FiledListing
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.paging import OffsetPaginationInput, Ordering, orders_of, page_of
from arkitekt_di.server.graphql.scalars import ByteCount
from arkitekt_di.server.graphql.watching import Told, tell
from arkitekt_di.server.journal import Scope

FileLike = NewType("FileLike", str)


def _read_store_id(value: object) -> FileLike:
    if not isinstance(value, str):
        message = "A file is named by the identifier of its store."
        raise TypeError(message)
    return FileLike(value)


SCALARS: dict[object, ScalarDefinition] = {
    FileLike: strawberry.scalar(
        name="FileLike", parse_value=_read_store_id, description="The store of a finished upload."
    )
}
"""Scalars of files."""


@strawberry.type(description="Where the bytes of a file are.")
class BigFileStore:
    """One stored object."""

    id: strawberry.ID
    bucket: str
    key: str
    path: str
    size_bytes: ByteCount | None
    sha256: str | None
    original_file_name: str | None
    content_type: str | None

    @classmethod
    def of(cls, blob: Blob) -> Self:
        """Show a row."""
        return cls(
            id=strawberry.ID(blob.id),
            bucket=blob.kind,
            key=key_of(blob),
            path=path_of(blob),
            size_bytes=None if blob.size_bytes is None else ByteCount(blob.size_bytes),
            sha256=blob.sha256,
            original_file_name=blob.original_name,
            content_type=blob.content_type,
        )


@strawberry.type(description="A file: bytes of any kind, with a name.")
class File:
    """A file."""

    id: strawberry.ID
    name: str
    store: BigFileStore
    folder_id: strawberry.ID | None
    size: float | None
    content_type: str | None
    created_at: datetime
    deleted_at: datetime | None

    @classmethod
    def of(cls, file: FileRow) -> Self:
        """Show a row."""
        return cls(
            id=strawberry.ID(file.id),
            name=file.name,
            store=BigFileStore.of(file.blob),
            folder_id=None if file.folder_id is None else strawberry.ID(file.folder_id),
            size=None if file.blob.size_bytes is None else float(file.blob.size_bytes),
            content_type=file.blob.content_type,
            created_at=datetime.fromtimestamp(file.created_at, UTC),
            deleted_at=None if file.deleted_at is None else datetime.fromtimestamp(file.deleted_at, UTC),
        )


@strawberry.type(description="One change of a file; at most one of create, update and delete is set.")
class FileEvent:
    """What a subscription sends."""

    cursor: str
    create: File | None = None
    update: File | None = None
    delete: strawberry.ID | None = None

    @classmethod
    def of(cls, told: Told) -> Self:
        """Show a change."""
        match told.kind:
            case ChangeKind.CREATED:
                return cls(cursor=told.cursor, create=File.of(told.record))
            case ChangeKind.UPDATED:
                return cls(cursor=told.cursor, update=File.of(told.record))
            case ChangeKind.DELETED:
                return cls(cursor=told.cursor, delete=strawberry.ID(str(told.record_id)))
        return cls(cursor=told.cursor)


@strawberry.type(description="Credentials for one object of the object store.")
class BigFileAccessGrant:
    """A grant to read one file."""

    access_key: str
    secret_key: str
    session_token: str
    bucket: str
    key: str
    path: str
    expires_in: int

    @classmethod
    def of(cls, grant: StoreGrant) -> Self:
        """Show a grant, secrets and all: this answer is their way to the client."""
        return cls(**_shown(grant))


@strawberry.type(description="Credentials to write one file.")
class BigFileUploadGrant:
    """A grant to write one file."""

    access_key: str
    secret_key: str
    session_token: str
    bucket: str
    key: str
    path: str
    expires_in: int
    store: str
    max_bytes: ByteCount
    status: str
    record: strawberry.ID | None

    @classmethod
    def of(cls, grant: UploadGrant, *, status: str = BlobState.OPEN, record: str | None = None) -> Self:
        """Show a grant, secrets and all: this answer is their way to the client."""
        return cls(
            **_shown(grant),
            store=grant.store,
            max_bytes=ByteCount(grant.max_bytes),
            status=status,
            record=None if record is None else strawberry.ID(record),
        )


def _shown(grant: StoreGrant) -> dict[str, Any]:
    return {
        "access_key": grant.access_key,
        "secret_key": grant.secret_key.get_secret_value(),
        "session_token": grant.session_token.get_secret_value(),
        "bucket": grant.bucket,
        "key": grant.key,
        "path": grant.path,
        "expires_in": grant.expires_in,
    }


@strawberry.input
class RequestBigFileUploadInput:
    """What a client knows of the file beforehand; with a key, an upload can be gone on with."""

    original_file_name: str | None = None
    file_size: ByteCount | None = None
    content_type: str | None = None
    upload_key: str | None = None


@strawberry.input
class RefreshBigFileUploadInput:
    """An upload that takes longer than its grant."""

    store_id: str


@strawberry.input
class FinishBigFileUploadInput:
    """The end of an upload; ``valid`` is false where it is given up."""

    store_id: str
    valid: bool = True
    sha256: str | None = None


@strawberry.input
class RequestBigFileAccessInput:
    """The store to read."""

    store_id: str


@strawberry.input(name="FromFileLike")
class FromFileLike:
    """A new file, made of a finished upload."""

    file: FileLike
    file_name: str
    folder: strawberry.ID | None = None


@strawberry.input
class UpdateFileInput:
    """What is to change; members that are left out stay as they are."""

    id: strawberry.ID
    name: str | None = None


@strawberry.input
class MoveFileInput:
    """Where a file goes; into no folder where that is null."""

    id: strawberry.ID
    folder: strawberry.ID | None = None


@strawberry.input
class DeleteFileInput:
    """The file that goes into the trash."""

    id: strawberry.ID


@strawberry.input
class RestoreFileInput:
    """The file that comes out of the trash."""

    id: strawberry.ID


@strawberry.input
class FileFilter:
    """Which files are asked for."""

    search: str | None = None
    ids: list[strawberry.ID] | None = None
    folder: strawberry.ID | None = None
    unfiled: bool | None = None
    trashed: bool | None = None


@strawberry.input(one_of=True)
class FileOrder:
    """One criterion of the order."""

    created_at: strawberry.Maybe[Ordering]
    name: strawberry.Maybe[Ordering]
    id: strawberry.Maybe[Ordering]


@strawberry.type
class FileQuery:
    """What can be asked about files."""

    @strawberry.field
    async def file(self, info: Info, id: strawberry.ID) -> File:
        """Return one file."""
        return File.of(await info.context.part(Files).get(await info.context.principal(), id))

    @strawberry.field
    async def files(
        self,
        info: Info,
        filters: FileFilter | None = None,
        ordering: list[FileOrder] = [],  # noqa: B006  # strawberry reads the default, nobody writes it
        pagination: OffsetPaginationInput | None = None,
    ) -> list[File]:
        """Return one page."""
        asked = filters or FileFilter()
        listing = FiledListing(
            page=page_of(pagination),
            search=asked.search,
            ids=asked.ids,
            folder_id=asked.folder,
            is_unfiled=bool(asked.unfiled),
            is_trashed=bool(asked.trashed),
            order=orders_of(ordering),
        )
        query = listing.select(FileRow, await info.context.principal())
        return [File.of(file) for file in await info.context.part(Files).page(query)]


@strawberry.type
class FileMutation:
    """What can be changed about files."""

    @strawberry.mutation
    async def request_bigfile_upload(self, info: Info, input: RequestBigFileUploadInput) -> BigFileUploadGrant:
        """Open an upload, or go on with one."""
        wish = Wish(BlobKind.FILE, input.original_file_name, input.content_type, input.upload_key)
        principal = await info.context.principal()
        opened = await info.context.part(BlobUploads).open(principal, wish)
        record = await info.context.part(Files).made_of(principal, opened.blob)
        return BigFileUploadGrant.of(opened.grant, status=opened.blob.state, record=record)

    @strawberry.mutation
    async def refresh_bigfile_upload(self, info: Info, input: RefreshBigFileUploadInput) -> BigFileUploadGrant:
        """Renew a grant."""
        uploads, principal = info.context.part(BlobUploads), await info.context.principal()
        return BigFileUploadGrant.of(await uploads.renew(principal, input.store_id, BlobKind.FILE))

    @strawberry.mutation
    async def finish_bigfile_upload(self, info: Info, input: FinishBigFileUploadInput) -> BigFileStore:
        """Finish an upload, or discard it."""
        uploads, principal = info.context.part(BlobUploads), await info.context.principal()
        if not input.valid:
            return BigFileStore.of(await uploads.discard(principal, input.store_id, BlobKind.FILE))
        blob = await uploads.finish(principal, input.store_id, BlobKind.FILE, sha256=input.sha256)
        return BigFileStore.of(blob)

    @strawberry.mutation
    async def request_bigfile_access(self, info: Info, input: RequestBigFileAccessInput) -> BigFileAccessGrant:
        """Grant access."""
        principal = await info.context.principal()
        return BigFileAccessGrant.of(await info.context.part(Files).grant_access(principal, input.store_id))

    @strawberry.mutation
    async def from_file_like(self, info: Info, input: FromFileLike) -> File:
        """Create a file."""
        principal = await info.context.principal()
        await info.context.part(BlobUploads).ensure_finished(principal, input.file, BlobKind.FILE)
        draft = FileDraft(input.file, input.file_name, input.folder)
        return File.of(await info.context.part(Files).create(principal, draft))

    @strawberry.mutation
    async def update_file(self, info: Info, input: UpdateFileInput) -> File:
        """Change the name of a file."""
        principal = await info.context.principal()
        return File.of(await info.context.part(Files).edit(principal, input.id, name=input.name))

    @strawberry.mutation
    async def move_file(self, info: Info, input: MoveFileInput) -> File:
        """Put a file into a folder."""
        principal = await info.context.principal()
        return File.of(await info.context.part(Files).move(principal, input.id, folder_id=input.folder))

    @strawberry.mutation
    async def delete_file(self, info: Info, input: DeleteFileInput) -> strawberry.ID:
        """Put a file into the trash."""
        await info.context.part(Files).delete(await info.context.principal(), input.id)
        return input.id

    @strawberry.mutation
    async def restore_file(self, info: Info, input: RestoreFileInput) -> File:
        """Take a file out of the trash."""
        return File.of(await info.context.part(Files).restore(await info.context.principal(), input.id))


@strawberry.type
class FileSubscription:
    """What can be watched about files."""

    @strawberry.subscription
    async def files(
        self,
        info: Info,
        folder: strawberry.ID | None = None,
        id: strawberry.ID | None = None,
        after: str | None = None,
    ) -> AsyncIterator[FileEvent]:
        """Send what was missed since a cursor, then changes as they happen, as long as the token holds."""
        scope = Scope(RecordKind.FILE, place_id=folder, subject_id=id)
        async for told in tell(info.context, scope, after, info.context.part(Files).load):
            yield FileEvent.of(told)
