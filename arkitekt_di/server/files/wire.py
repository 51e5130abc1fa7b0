"""Files as mikro's GraphQL shows them."""

from datetime import UTC, datetime
from typing import Self

import strawberry

from arkitekt_di.messages.images import UploadGrant
from arkitekt_di.server.blobs.store import key_of, path_of
from arkitekt_di.server.blobs.tables import Blob, BlobState
from arkitekt_di.server.files.tables import File as FileRow
from arkitekt_di.server.graphql.grants import AccessGrant, Credentials, credentials
from arkitekt_di.server.graphql.scalars import ByteCount
from arkitekt_di.server.graphql.watching import Told


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
        return cls(cursor=told.cursor, **told.members(File.of))


@strawberry.type(description="Credentials for one object of the object store.")
class BigFileAccessGrant(AccessGrant):
    """A grant to read one file."""


@strawberry.type(description="Credentials to write one file.")
class BigFileUploadGrant(Credentials):
    """A grant to write one file."""

    store: str
    max_bytes: ByteCount
    status: str
    record: strawberry.ID | None

    @classmethod
    def of(cls, grant: UploadGrant, *, status: str = BlobState.OPEN, record: str | None = None) -> Self:
        """Show a grant, secrets and all: this answer is their way to the client."""
        return cls(
            **credentials(grant),
            store=grant.store,
            max_bytes=ByteCount(grant.max_bytes),
            status=status,
            record=None if record is None else strawberry.ID(record),
        )
