"""Image records over GraphQL."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from arkitekt_di.errors import (
    AppendConflictError,
    ArkitektError,
    FolderNotFoundError,
    HubRefusedError,
    ImageNotFoundError,
    ProtocolMismatchError,
    StoreNotFoundError,
)
from arkitekt_di.koil.many import run_all
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.descriptions import Creator, ImageEdit, ImageQuery
from arkitekt_di.messages.images import (
    Axis,
    FrameBatch,
    ImageDraft,
    ImageEvent,
    ImageRecord,
    LevelRecord,
    OpenAppend,
    OpenUploads,
    StoredObject,
    StoreGrant,
    UploadGrant,
    UploadKey,
    ZarrStore,
)
from arkitekt_di.messages.relations import Relation
from arkitekt_di.mikro import documents
from arkitekt_di.mikro.relations import related
from arkitekt_di.protocols.transport import GraphQL

_UNKNOWN_FIELD: Final = "Cannot query field"
"""Words of the GraphQL reference implementation for an operation that a schema does not have."""

_CONFLICT: Final = "APPEND_CONFLICT"
"""Code that the hub gives to a writer in whose place another one has come."""

_NOT_FOUND: Final = "NOT_FOUND"
"""Code that the hub gives to what does not exist, or not for this user."""


_MEMBERS: Final = {ChangeKind.CREATED: "create", ChangeKind.UPDATED: "update", ChangeKind.DELETED: "delete"}
"""Member of an event that tells of each kind of change."""

M = TypeVar("M", UploadGrant, StoreGrant, ZarrStore, Relation)


class GraphQLImageRecords:
    """Records that a hub keeps, the embedded one or any deployment of the real mikro.

    Parameters
    ----------
    graphql : GraphQL
    """

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql
        self._is_plain = False

    async def request_upload(self) -> UploadGrant:
        """Open a fresh, empty place for one array."""
        answer = await self._graphql.execute(documents.OPEN_UPLOAD, {"input": {}})
        return _upload_grant(answer)

    async def begin_uploads(self, count: int, *, key: UploadKey | None = None) -> OpenUploads:
        """Open places for the arrays of one image, or those that were opened under *key*.

        A mikro that does not know how to resume opens fresh ones.
        """
        try:
            return await self._resume_uploads(count, key)
        except HubRefusedError as error:
            if not _is_unknown(error):
                raise
        answer = await self._graphql.execute(documents.open_uploads(count), {"input": {}})
        grants = tuple(_read(UploadGrant, answer.get(f"grant{number}")) for number in range(count))
        return OpenUploads(grants=grants, held=({},) * count)

    async def _resume_uploads(self, count: int, key: UploadKey | None) -> OpenUploads:
        named = {} if key is None else {"key": key.text, "outlivesImage": key.outlives_image}
        input_ = {"count": count, **named}
        answer = (await self._graphql.execute(documents.RESUME_UPLOADS, {"input": input_})).get("uploads") or {}
        return OpenUploads(
            grants=tuple(_read(UploadGrant, grant) for grant in answer.get("grants") or ()),
            held=tuple(_held(place) for place in answer.get("held") or ()),
            record=None if answer.get("record") is None else _record(answer["record"]),
        )

    async def renew_upload(self, store_id: str) -> UploadGrant:
        """Return a new grant for an upload that is not finished."""
        answer = await self._ask(documents.RENEW_UPLOAD, {"storeId": store_id}, StoreNotFoundError(store_id))
        return _upload_grant(answer)

    async def finish_upload(self, store_id: str) -> ZarrStore:
        """Tell that every byte of the array is in; the hub checks it."""
        return await self._end_upload(store_id, is_valid=True)

    async def discard_upload(self, store_id: str) -> None:
        """Give an upload up; the hub removes what was written."""
        await self._end_upload(store_id, is_valid=False)

    async def _end_upload(self, store_id: str, *, is_valid: bool) -> ZarrStore:
        input_ = {"storeId": store_id, "valid": is_valid}
        answer = await self._ask(documents.END_UPLOAD, input_, StoreNotFoundError(store_id))
        return _read(ZarrStore, answer.get("store"))

    async def request_link(self, image_id: str, expires_in: int | None) -> str:
        """Return an address under which any OME-Zarr reader opens the image; raises `ImageNotFoundError`."""
        input_ = {"image": image_id, "expiresIn": expires_in}
        answer = await self._ask(documents.LINK_IMAGE, input_, ImageNotFoundError(image_id))
        return str((answer.get("link") or {}).get("url") or "")

    async def request_access(self, store_id: str) -> StoreGrant:
        """Return a grant to read the pixels of one store."""
        answer = await self._ask(documents.OPEN_ACCESS, {"storeId": store_id}, StoreNotFoundError(store_id))
        return _read(StoreGrant, answer.get("grant"))

    async def publish(self, draft: ImageDraft) -> ImageRecord:
        """Finish the uploads of *draft* and create their record, in one request where the hub has one for it."""
        try:
            return await self._create(documents.PUBLISH_IMAGE, draft)
        except HubRefusedError as error:
            if not _is_unknown(error):
                raise
        await run_all([self.finish_upload(store_id) for store_id in draft.store_ids()])
        return await self.create(draft)

    async def create(self, draft: ImageDraft) -> ImageRecord:
        """Create the record of finished uploads."""
        return await self._create(documents.CREATE_IMAGE, draft)

    async def _create(self, document: str, draft: ImageDraft) -> ImageRecord:
        axes = [
            axis.model_dump(mode="json", by_alias=True, include={"name", "type", "long_name", "description"})
            for axis in draft.axes
        ]
        scales = [
            {"level": level.level, "array": level.store_id}
            | ({} if level.method is None else {"scaleMethod": level.method.value})
            for level in draft.levels
        ]
        input_ = {"data": draft.store_id, "scales": scales, "name": draft.name, "axes": axes, **_said(draft)}
        answer = await self._ask(document, input_, StoreNotFoundError(draft.store_id))
        return _record(answer.get("record"))

    async def open_append(self, image_id: str) -> OpenAppend:
        """Become the writer of an image that grows."""
        answer = await self._execute(documents.OPEN_APPEND, {"image": image_id}, ImageNotFoundError(image_id))
        opened = answer.get("append") or {}
        return OpenAppend(grant=_upload_grant(opened), record=_record(opened.get("record")))

    async def append(self, image_id: str, batch: FrameBatch) -> ImageRecord:
        """Make frames part of an image; raises `AppendConflictError`."""
        variables = {"image": image_id, "input": batch.model_dump(by_alias=True)}
        return await self._grow(documents.APPEND_FRAMES, variables, image_id)

    async def close_append(self, image_id: str, store_id: str) -> ImageRecord:
        """End the growth of an image; raises `AppendConflictError`."""
        return await self._grow(documents.CLOSE_APPEND, {"image": image_id, "storeId": store_id}, image_id)

    async def _grow(self, document: str, variables: dict[str, Any], image_id: str) -> ImageRecord:
        try:
            answer = await self._execute(document, variables, ImageNotFoundError(image_id))
        except HubRefusedError as error:
            if _CONFLICT in error.codes:
                reason = error.messages[0].partition(": ")[2].partition(". Let one writer")[0]
                raise AppendConflictError(image_id, reason or "another writer took over") from error
            raise
        return _record(answer.get("record"))

    async def get(self, image_id: str) -> ImageRecord:
        """Return one record; raises `ImageNotFoundError`."""
        missing = ImageNotFoundError(image_id)
        answer = await self._execute(documents.READ_IMAGE, {"id": image_id}, missing)
        if answer.get("record") is None:
            raise missing
        return _record(answer["record"])

    async def search(self, text: str | None, *, limit: int, offset: int) -> list[ImageRecord]:
        """Find images by a text, newest first; all where it is None."""
        return await self._find({"search": text} if text else {}, "DESC", limit, offset)

    async def find(self, query: ImageQuery, *, limit: int, offset: int) -> list[ImageRecord]:
        """Find images, oldest first."""
        given = query.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        names = {"text": "search", "folderId": "folder", "creator": "owner", "isTrashed": "trashed"}
        filters = {names.get(name, name): value for name, value in given.items()}
        return await self._find(filters, "ASC", limit, offset)

    async def _find(self, filters: dict[str, Any], direction: str, limit: int, offset: int) -> list[ImageRecord]:
        variables = {
            "filters": filters,
            "ordering": [{"createdAt": direction}, {"id": direction}],
            "pagination": {"limit": limit, "offset": offset},
        }
        answer = await self._run(documents.FIND_IMAGES, variables)
        return [_record(record) for record in answer.get("records") or ()]

    async def rename(self, image_id: str, name: str) -> ImageRecord:
        """Change the name; raises `ImageNotFoundError`."""
        return await self.edit(image_id, ImageEdit(name=name))

    async def edit(self, image_id: str, edit: ImageEdit) -> ImageRecord:
        """Change what is said about an image; raises `ImageNotFoundError`."""
        changed = edit.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
        answer = await self._ask(documents.EDIT_IMAGE, {"id": image_id, **changed}, ImageNotFoundError(image_id))
        return _record(answer.get("record"))

    async def move(self, image_id: str, folder_id: str | None) -> ImageRecord:
        """Put an image into a folder, or into none; raises `ImageNotFoundError` and `FolderNotFoundError`."""
        image = await self.get(image_id)
        if folder_id is not None:
            input_ = {"selfs": [image_id], "other": folder_id}
            await self._ask(documents.PUT_IMAGES, input_, FolderNotFoundError(folder_id))
        elif image.folder_id is not None:
            input_ = {"selfs": [image_id], "other": image.folder_id}
            await self._ask(documents.RELEASE_IMAGES, input_, ImageNotFoundError(image_id))
        return await self.get(image_id)

    async def sources(self, image_id: str) -> list[ImageRecord]:
        """Return the images that one was made from; raises `ImageNotFoundError`."""
        answer = await self._execute(documents.READ_SOURCES, {"id": image_id}, ImageNotFoundError(image_id))
        return [_record(record) for record in answer.get("records") or ()]

    async def derived(self, image_id: str) -> list[ImageRecord]:
        """Return the images that were made from one; raises `ImageNotFoundError`."""
        answer = await self._execute(documents.READ_DERIVED, {"id": image_id}, ImageNotFoundError(image_id))
        return [_record(record) for record in answer.get("records") or ()]

    async def relations(self, image_id: str) -> list[Relation]:
        """Return what an image was made from, and which image it labels; raises `ImageNotFoundError`."""
        answer = await self._execute(documents.READ_RELATIONS, {"id": image_id}, ImageNotFoundError(image_id))
        return [_read(Relation, relation) for relation in answer.get("relations") or ()]

    async def restore(self, image_id: str) -> ImageRecord:
        """Take an image out of the trash; raises `ImageNotFoundError`."""
        answer = await self._ask(documents.RESTORE_IMAGE, {"id": image_id}, ImageNotFoundError(image_id))
        return _record(answer.get("record"))

    async def delete(self, image_id: str) -> None:
        """Put the image into the trash; raises `ImageNotFoundError`."""
        await self._ask(documents.DELETE_IMAGE, {"id": image_id}, ImageNotFoundError(image_id))

    async def watch(
        self, *, folder_id: str | None = None, image_id: str | None = None
    ) -> AsyncGenerator[ImageEvent | None, None]:
        """Yield what happens to all images, to those of one folder or to one; None once the hub has taken note."""
        variables = {"folder": folder_id, "id": image_id}
        async with aclosing(self._graphql.follow(documents.WATCH_IMAGES, variables)) as events:
            async for event in events:
                yield _event(event)

    async def _ask(self, document: str, input_: dict[str, Any], missing: ArkitektError) -> dict[str, Any]:
        return await self._execute(document, {"input": input_}, missing)

    async def _execute(self, document: str, variables: dict[str, Any], missing: ArkitektError) -> dict[str, Any]:
        try:
            return await self._run(document, variables)
        except HubRefusedError as error:
            if _NOT_FOUND in error.codes:
                raise missing from error
            raise

    async def _run(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Run one operation, in the words that the hub was found to know."""
        if not self._is_plain:
            try:
                return await self._graphql.execute(document, variables)
            except HubRefusedError as error:
                if documents.plain(document) == document or not _is_unknown(error):
                    raise
            self._is_plain = True
        return await self._graphql.execute(documents.plain(document), variables)


def _upload_grant(answer: dict[str, Any]) -> UploadGrant:
    return _read(UploadGrant, answer.get("grant"))


def _record(given: Any) -> ImageRecord:
    """Read a record: its axes are those of the pixel grid, its pixels those of the finest level."""
    try:
        grid = given["intrinsicSystem"]
        levels = sorted(given["dataArrays"], key=lambda array: int(array["level"]))
        level = levels[0]
        return ImageRecord(
            id=given["id"],
            name=given["name"],
            axes=tuple(Axis.model_validate(axis) for axis in sorted(grid["axes"], key=lambda axis: int(axis["order"]))),
            shape=tuple(level["shape"]),
            dtype=level["store"].get("dtype"),
            store=ZarrStore.model_validate(level["store"]),
            levels=tuple(LevelRecord.model_validate(array) for array in levels),
            created_at=grid.get("createdAt"),
            **_described(given),
        )
    except (KeyError, TypeError, ValueError) as error:  # ValidationError is a ValueError
        raise _mismatch(ImageRecord) from error


def _held(place: Any) -> dict[str, StoredObject]:
    return {held["key"]: StoredObject(size=held["size"], crc32=held["crc32"]) for held in place.get("objects") or ()}


def _said(draft: ImageDraft) -> dict[str, Any]:
    """Return what is said about a new image, and nothing where nothing is: not every mikro has words for it."""
    members = {"folder_id", "tags", "acquisition", "channels"}
    given = draft.model_dump(mode="json", by_alias=True, exclude_defaults=True, include=members)
    if "folderId" in given:
        given["folder"] = given.pop("folderId")
    return given | related(draft.relations)


def _is_unknown(error: HubRefusedError) -> bool:
    return any(_UNKNOWN_FIELD in message for message in error.messages)


def _event(given: dict[str, Any]) -> ImageEvent | None:
    for kind, member in _MEMBERS.items():
        if (told := given.get(member)) is not None:
            record = None if kind is ChangeKind.DELETED else _record(told)
            return ImageEvent(kind=kind, image_id=str(told) if record is None else record.id, record=record)
    return None


def _described(given: dict[str, Any]) -> dict[str, Any]:
    """Return what people said about an image, as far as the hub tells."""
    names = {"description": "description", "folderId": "folder_id", "updatedAt": "updated_at", "pageUrl": "page_url"}
    said = {member: given[name] for name, member in names.items() if name in given}
    said |= {name: tuple(given[name]) for name in ("tags", "channels") if name in given}
    if (creator := given.get("creator")) is not None:
        said["creator"] = Creator(id=creator["sub"], name=creator["preferredUsername"])
    if (acquisition := given.get("acquisition")) is not None:
        said["acquisition"] = acquisition
    return said


def _read(kind: type[M], given: Any) -> M:
    try:
        return kind.model_validate(given)
    except ValidationError:
        # Not chained: the text of a validation error shows its input, and that holds keys.
        raise _mismatch(kind) from None


def _mismatch(kind: type) -> ProtocolMismatchError:
    return ProtocolMismatchError("the hub's image service", f"a complete {kind.__name__}", "an answer without one")
