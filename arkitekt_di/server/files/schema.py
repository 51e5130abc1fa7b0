"""The operations of files: each hands over to the domain and shows what comes back."""

from collections.abc import AsyncIterator

import strawberry

from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.server.blobs.tables import BlobKind
from arkitekt_di.server.blobs.uploads import BlobUploads, Wish
from arkitekt_di.server.files.files import FileDraft, Files
from arkitekt_di.server.files.inputs import (
    DeleteFileInput,
    FileFilter,
    FileOrder,
    FinishBigFileUploadInput,
    FromFileLike,
    MoveFileInput,
    RefreshBigFileUploadInput,
    RequestBigFileAccessInput,
    RequestBigFileUploadInput,
    RestoreFileInput,
    UpdateFileInput,
)
from arkitekt_di.server.files.tables import File as FileRow
from arkitekt_di.server.files.wire import BigFileAccessGrant, BigFileStore, BigFileUploadGrant, File, FileEvent
from arkitekt_di.server.filing import FiledListing
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.paging import OffsetPaginationInput, orders_of, page_of
from arkitekt_di.server.graphql.watching import tell
from arkitekt_di.server.journal import Scope


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
