"""What files are asked with, in the words of mikro."""

from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from arkitekt_di.server.graphql.paging import Ordering
from arkitekt_di.server.graphql.scalars import ByteCount, stored

FileLike = NewType("FileLike", str)

SCALARS: dict[object, ScalarDefinition] = {FileLike: stored("FileLike", "a file")}
"""Scalars of files."""


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
