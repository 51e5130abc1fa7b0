"""The operations on folders: each hands over to the domain and shows what comes back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Self

import strawberry

from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.server.folders.folders import FolderEdit, Folders
from arkitekt_di.server.folders.listing import BY_NAME, FolderListing
from arkitekt_di.server.folders.tree import Placed, checked_folder_name
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.paging import OffsetPaginationInput, Ordering, orders_of, page_of
from arkitekt_di.server.graphql.watching import Told, tell
from arkitekt_di.server.journal import Scope


@strawberry.type(description="A folder: images, files, tables and other folders are filed in it.")
class Folder:
    """A folder."""

    placed: strawberry.Private[Placed]
    id: strawberry.ID
    name: str
    description: str | None
    path: str
    created_at: datetime
    deleted_at: datetime | None
    is_default: bool = False

    @classmethod
    def of(cls, placed: Placed) -> Self:
        """Show a row."""
        folder = placed.folder
        return cls(
            placed=placed,
            id=strawberry.ID(folder.id),
            name=folder.name,
            description=folder.description,
            path=placed.path,
            created_at=datetime.fromtimestamp(folder.created_at, UTC),
            deleted_at=None if folder.deleted_at is None else datetime.fromtimestamp(folder.deleted_at, UTC),
        )

    @strawberry.field
    def parent(self) -> "Folder | None":
        """Return the folder that it is in."""
        above = self.placed.above
        return Folder.of(Placed(above[-1], above[:-1])) if above else None


@strawberry.type(description="One change of a folder; at most one of create, update and delete is set.")
class FolderEvent:
    """What a subscription sends."""

    cursor: str
    create: Folder | None = None
    update: Folder | None = None
    delete: strawberry.ID | None = None

    @classmethod
    def of(cls, told: Told) -> Self:
        """Show a change."""
        return cls(cursor=told.cursor, **told.members(Folder.of))


@strawberry.input
class CreateFolderInput:
    """A new folder; without a parent it is outermost."""

    name: str
    parent: strawberry.ID | None = None


@strawberry.input
class EnsureFolderPathInput:
    """Names with slashes between them, such as ``2026/november/embryos``."""

    path: str
    parent: strawberry.ID | None = None


@strawberry.input
class ChangeFolderInput:
    """What is to change; a parent that is left out stays as it is."""

    id: strawberry.ID
    name: str | None = None
    parent: strawberry.ID | None = None
    description: str | None = None


@strawberry.input
class MoveFolderInput:
    """Where a folder goes; outermost where the parent is null."""

    id: strawberry.ID
    parent: strawberry.ID | None = None


@strawberry.input
class DeleteFolderInput:
    """The folder that goes into the trash, with everything in it."""

    id: strawberry.ID


@strawberry.input
class RestoreFolderInput:
    """The folder that comes out of the trash, with everything that went with it."""

    id: strawberry.ID


@strawberry.input
class FolderFilter:
    """Which folders are asked for."""

    search: str | None = None
    ids: list[strawberry.ID] | None = None
    parent: strawberry.ID | None = None
    parentless: bool | None = None
    trashed: bool | None = None


@strawberry.input(one_of=True)
class FolderOrder:
    """One criterion of the order."""

    created_at: strawberry.Maybe[Ordering]
    name: strawberry.Maybe[Ordering]
    id: strawberry.Maybe[Ordering]


@strawberry.type
class FolderQuery:
    """What can be asked about folders."""

    @strawberry.field
    async def folder(self, info: Info, id: strawberry.ID) -> Folder:
        """Return one folder."""
        return Folder.of(await info.context.part(Folders).get(await info.context.principal(), id))

    @strawberry.field
    async def folder_at(self, info: Info, path: str) -> Folder:
        """Return the folder at a path."""
        return Folder.of(await info.context.part(Folders).find(await info.context.principal(), path))

    @strawberry.field
    async def folders(
        self,
        info: Info,
        filters: FolderFilter | None = None,
        ordering: list[FolderOrder] = [],  # noqa: B006  # strawberry reads the default, nobody writes it
        pagination: OffsetPaginationInput | None = None,
    ) -> list[Folder]:
        """Return one page."""
        asked = filters or FolderFilter()
        listing = FolderListing(
            page=page_of(pagination),
            search=asked.search,
            ids=asked.ids,
            parent_id=asked.parent,
            is_outermost=bool(asked.parentless),
            is_trashed=bool(asked.trashed),
            order=orders_of(ordering) or BY_NAME,
        )
        found = await info.context.part(Folders).list(await info.context.principal(), listing)
        return [Folder.of(placed) for placed in found]


@strawberry.type
class FolderMutation:
    """What can be changed about folders."""

    @strawberry.mutation
    async def create_folder(self, info: Info, input: CreateFolderInput) -> Folder:
        """Create a folder; its name must be free."""
        principal = await info.context.principal()
        return Folder.of(await info.context.part(Folders).create(principal, input.name, parent_id=input.parent))

    @strawberry.mutation
    async def ensure_folder(self, info: Info, input: CreateFolderInput) -> Folder:
        """Return the folder of this name, and make it where it is not there."""
        return await _ensure(info, checked_folder_name(input.name), input.parent)

    @strawberry.mutation
    async def ensure_folder_path(self, info: Info, input: EnsureFolderPathInput) -> Folder:
        """Return the folder at a path, and make what of it is not there."""
        return await _ensure(info, input.path, input.parent)

    @strawberry.mutation
    async def update_folder(self, info: Info, input: ChangeFolderInput) -> Folder:
        """Change a folder."""
        principal, folders = await info.context.principal(), info.context.part(Folders)
        if input.parent is not None:
            await folders.move(principal, input.id, parent_id=input.parent)
        edit = FolderEdit(name=input.name, description=input.description)
        return Folder.of(await folders.edit(principal, input.id, edit))

    @strawberry.mutation
    async def move_folder(self, info: Info, input: MoveFolderInput) -> Folder:
        """Put a folder into another one."""
        principal = await info.context.principal()
        return Folder.of(await info.context.part(Folders).move(principal, input.id, parent_id=input.parent))

    @strawberry.mutation
    async def delete_folder(self, info: Info, input: DeleteFolderInput) -> strawberry.ID:
        """Put a folder into the trash."""
        await info.context.part(Folders).delete(await info.context.principal(), input.id)
        return input.id

    @strawberry.mutation
    async def restore_folder(self, info: Info, input: RestoreFolderInput) -> Folder:
        """Take a folder out of the trash."""
        return Folder.of(await info.context.part(Folders).restore(await info.context.principal(), input.id))


@strawberry.type
class FolderSubscription:
    """What can be watched about folders."""

    @strawberry.subscription
    async def folders(
        self,
        info: Info,
        parent: strawberry.ID | None = None,
        id: strawberry.ID | None = None,
        after: str | None = None,
    ) -> AsyncIterator[FolderEvent]:
        """Send what was missed since a cursor, then changes as they happen, as long as the token holds."""
        scope = Scope(RecordKind.FOLDER, place_id=parent, subject_id=id)
        async for told in tell(info.context, scope, after, info.context.part(Folders).load):
            yield FolderEvent.of(told)


async def _ensure(info: Info, path: str, parent_id: str | None) -> Folder:
    principal = await info.context.principal()
    return Folder.of(await info.context.part(Folders).ensure(principal, path, parent_id=parent_id))
