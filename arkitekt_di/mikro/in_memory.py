"""Image records that live as long as the process: for tests, and to try things out without a hub."""

import json
import uuid
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from datetime import UTC, datetime

from pydantic import SecretStr

from arkitekt_di.errors import (
    AppendConflictError,
    HubRefusedError,
    ImageNotFoundError,
    StoreNotFoundError,
    UploadIncompleteError,
)
from arkitekt_di.messages.changes import ChangeKind, RecordKind
from arkitekt_di.messages.descriptions import Acquisition, Creator, ImageEdit, ImageQuery
from arkitekt_di.messages.images import (
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
from arkitekt_di.messages.pixels import ATTRIBUTE, HEADER, PixelDocument
from arkitekt_di.messages.relations import Relation, RelationKind, added
from arkitekt_di.mikro.fitting import are_related, edited, fits, related_by, tags_of
from arkitekt_di.mikro.in_memory_pixels import InMemoryPixelStore, InMemoryPrefix
from arkitekt_di.mikro.news import News
from arkitekt_di.mikro.pixels.header import Header, read_header
from arkitekt_di.mikro.pixels.shard import checksum

__all__ = ["InMemoryImageRecords", "InMemoryPixelStore", "InMemoryPrefix"]

_BUCKET = "memory"
_GRANT_S = 3600
_MAX_BYTES = 2**40
_SHOWN = 10
_NOBODY = Creator(id="nobody", name="nobody")


class InMemoryImageRecords:
    """Records in a dictionary, over pixels in memory.

    Parameters
    ----------
    pixels : InMemoryPixelStore
        Where the grants are good.
    """

    def __init__(self, pixels: InMemoryPixelStore) -> None:
        self._pixels = pixels
        self._uploads: dict[str, UploadGrant] = {}
        self._finished: dict[str, Header] = {}
        self._records: dict[str, ImageRecord] = {}
        self._trash: dict[str, ImageRecord] = {}
        self._relations: dict[str, tuple[Relation, ...]] = {}
        self._news: News[ImageRecord] = News()
        self._writers: dict[str, str] = {}
        self._keyed: dict[UploadKey, tuple[str, ...]] = {}

    @property
    def open_uploads(self) -> tuple[str, ...]:
        """Uploads that are neither an image nor discarded."""
        records = (*self._records.values(), *self._trash.values())
        held = {level.store.id for record in records for level in record.levels}
        return tuple(store_id for store_id in (*self._uploads, *self._finished) if store_id not in held)

    async def request_upload(self) -> UploadGrant:
        """Open a fresh, empty place for one array."""
        return self._grant_upload(str(uuid.uuid4()))

    async def begin_uploads(self, count: int, *, key: UploadKey | None = None) -> OpenUploads:
        """Open places for the arrays of one image, or those that were opened under *key*."""
        stores = self._keyed.get(key, ()) if key is not None else ()
        made = next((record for record in self._records.values() if record.store.id in stores), None)
        if made is not None and key is not None and key.outlives_image:
            return OpenUploads(record=made)
        if made is None and len(stores) == count and all(store_id in self._uploads for store_id in stores):
            grants = tuple([await self.renew_upload(store_id) for store_id in stores])
        else:
            grants = tuple([await self.request_upload() for _ in range(count)])
        if key is not None:
            self._keyed[key] = tuple(grant.store for grant in grants)
        return OpenUploads(grants=grants, held=tuple(self._held(grant) for grant in grants))

    def _held(self, grant: UploadGrant) -> dict[str, StoredObject]:
        objects = self._pixels.under(grant.key)
        return {key: StoredObject(size=len(body), crc32=checksum(body)) for key, body in objects.items()}

    async def renew_upload(self, store_id: str) -> UploadGrant:
        """Return a new grant for an upload that is not finished."""
        if store_id not in self._uploads:
            raise StoreNotFoundError(store_id)
        return self._grant_upload(store_id)

    def _grant_upload(self, store_id: str) -> UploadGrant:
        grant = UploadGrant(store=store_id, max_bytes=_MAX_BYTES, **_granted(store_id).model_dump())
        self._pixels.allow(grant)
        self._uploads[store_id] = grant
        return grant

    async def finish_upload(self, store_id: str) -> ZarrStore:
        """Check the upload against its own manifest and close it for writing."""
        grant = self._uploads.get(store_id)
        if grant is None:
            raise StoreNotFoundError(store_id)
        objects = self._pixels.under(grant.key)
        if HEADER not in objects:
            raise UploadIncompleteError(store_id, [HEADER], 1)
        header = read_header(objects[HEADER])
        found = {key: StoredObject(size=len(body), crc32=checksum(body)) for key, body in objects.items()}
        faults = [] if header.document is None else header.document.faults(found)
        if faults:
            raise UploadIncompleteError(store_id, faults[:_SHOWN], len(faults))
        self._pixels.revoke(grant.access_key)
        self._finished[store_id] = header
        del self._uploads[store_id]
        return _store(store_id)

    async def discard_upload(self, store_id: str) -> None:
        """Give an upload up and remove what was written."""
        grant = self._uploads.pop(store_id, None)
        finished = self._finished.pop(store_id, None)
        if grant is None and finished is None:
            raise StoreNotFoundError(store_id)
        if grant is not None:
            self._pixels.revoke(grant.access_key)
        self._pixels.drop(store_id)

    async def publish(self, draft: ImageDraft) -> ImageRecord:
        """Finish the uploads of a draft and create the record."""
        for store_id in draft.store_ids():
            await self.finish_upload(store_id)
        return await self.create(draft)

    async def create(self, draft: ImageDraft) -> ImageRecord:
        """Create the record of finished uploads."""
        for store_id in (draft.store_id, *(level.store_id for level in draft.levels)):
            if store_id not in self._finished:
                raise StoreNotFoundError(store_id)
        await self._require(draft.relations)
        header = self._finished.pop(draft.store_id)
        coarser = [
            LevelRecord(
                level=level.level,
                shape=tuple(self._finished.pop(level.store_id).metadata["shape"]),
                store=_store(level.store_id),
            )
            for level in draft.levels
        ]
        if len(draft.axes) != len(header.metadata["shape"]):
            raise HubRefusedError("CreateImage", ["the axes are not those of the stored array"])
        record = ImageRecord(
            id=str(uuid.uuid4()),
            name=draft.name,
            axes=draft.axes,
            shape=tuple(header.metadata["shape"]),
            dtype=header.metadata["data_type"],
            store=_store(draft.store_id),
            levels=(
                LevelRecord(level=0, shape=tuple(header.metadata["shape"]), store=_store(draft.store_id)),
                *coarser,
            ),
            created_at=datetime.now(UTC).isoformat(),
            updated_at=datetime.now(UTC).isoformat(),
            folder_id=draft.folder_id,
            creator=_NOBODY,
            tags=tags_of(draft.tags),
            acquisition=draft.acquisition or Acquisition(),
            channels=draft.channels,
        )
        self._records[record.id] = record
        self._relations[record.id] = added(draft.relations)
        self._news.tell(ChangeKind.CREATED, record.id, record)
        return record

    async def open_append(self, image_id: str) -> OpenAppend:
        """Become the writer of an image that grows."""
        record = await self.get(image_id)
        if self._document(record).appends is None:
            raise HubRefusedError("OpenAppend", [f"the image {image_id} does not grow"])
        grant = await self.request_upload()
        self._writers[image_id] = grant.store
        return OpenAppend(grant=grant, record=record)

    def _document(self, record: ImageRecord) -> PixelDocument:
        document = read_header(self._pixels.under(record.store.key)[HEADER]).document
        return document or PixelDocument()

    async def append(self, image_id: str, batch: FrameBatch) -> ImageRecord:
        """Make frames part of an image."""
        record = await self.get(image_id)
        appends = self._document(record).appends
        axis = [named.name for named in record.axes].index(appends or "")
        self._check_writer(record, batch.store_id)
        if record.shape[axis] != batch.first:
            raise AppendConflictError(image_id, f"it has {record.shape[axis]} frames, and these begin at {batch.first}")
        staged = self._pixels.under(self._uploads[batch.store_id].key)
        for sent in batch.objects:
            body = staged.get(f"{sent.level}/{sent.key}", b"")
            if (len(body), checksum(body)) != (sent.size, sent.crc32):
                raise UploadIncompleteError(batch.store_id, [sent.key], 1)
            self._pixels.objects[f"{record.levels[sent.level].store.key}/{sent.key}"] = body
        levels = tuple(
            level.model_copy(update={"shape": _grown(level.shape, axis, batch.first + batch.count)})
            for level in record.levels
        )
        grown = record.model_copy(update={"shape": levels[0].shape, "levels": levels})
        self._records[image_id] = grown
        return grown

    async def close_append(self, image_id: str, store_id: str) -> ImageRecord:
        """End the growth of an image."""
        record = await self.get(image_id)
        self._check_writer(record, store_id)
        for level in record.levels:
            place = f"{level.store.key}/{HEADER}"
            metadata = json.loads(self._pixels.objects[place])
            bodies = {key: body for key, body in self._pixels.under(level.store.key).items() if key != HEADER}
            document = metadata["attributes"][ATTRIBUTE]
            del document["appends"]
            document["manifest"] = {key: len(body) for key, body in bodies.items()}
            document["checksums"] = {key: checksum(body) for key, body in bodies.items()}
            self._pixels.objects[place] = json.dumps(metadata | {"shape": list(level.shape)}).encode()
        del self._writers[image_id]
        await self.discard_upload(store_id)
        return record

    def _check_writer(self, record: ImageRecord, store_id: str) -> None:
        if self._writers.get(record.id) != store_id:
            raise AppendConflictError(record.id, "another writer took over")

    async def get(self, image_id: str) -> ImageRecord:
        """Return one record."""
        if (record := self._records.get(image_id)) is None:
            raise ImageNotFoundError(image_id)
        return record

    async def search(self, text: str | None, *, limit: int, offset: int) -> list[ImageRecord]:
        """Find images by a text, newest first."""
        found = [record for record in reversed(self._records.values()) if fits(record, ImageQuery(text=text))]
        return found[offset : offset + limit]

    async def find(self, query: ImageQuery, *, limit: int, offset: int) -> list[ImageRecord]:
        """Find images, oldest first."""
        records = self._trash if query.is_trashed else self._records
        found = [
            record
            for record in records.values()
            if fits(record, query) and are_related(self._relations.get(record.id, ()), query)
        ]
        return found[offset : offset + limit]

    async def rename(self, image_id: str, name: str) -> ImageRecord:
        """Change the name."""
        return await self.edit(image_id, ImageEdit(name=name))

    async def edit(self, image_id: str, edit: ImageEdit) -> ImageRecord:
        """Change what is said about an image."""
        record = await self.get(image_id)
        await self._require(edit.added_relations)
        related = related_by(self._relations.get(image_id, ()), edit)
        if len({one.subject.id for one in related if one.kind is RelationKind.LABEL_OF}) > 1:
            raise HubRefusedError("EditImage", ["an image labels one other image"])
        if any(self._comes_from(one.subject.id, image_id) for one in edit.added_relations):
            raise HubRefusedError("EditImage", [f"the image {image_id} would come from itself"])
        self._relations[image_id] = related
        return self._replace(edited(record, edit))

    async def _require(self, relations: Iterable[Relation]) -> None:
        for relation in relations:
            if relation.subject.kind is RecordKind.IMAGE:
                await self.get(relation.subject.id)

    def _comes_from(self, image_id: str, ancestor_id: str) -> bool:
        sources = [one.subject.id for one in self._relations.get(image_id, ())]
        return image_id == ancestor_id or any(self._comes_from(source, ancestor_id) for source in sources)

    async def move(self, image_id: str, folder_id: str | None) -> ImageRecord:
        """Put an image into a folder, or into none."""
        return self._replace((await self.get(image_id)).model_copy(update={"folder_id": folder_id}))

    def _replace(self, record: ImageRecord) -> ImageRecord:
        changed = record.model_copy(update={"updated_at": datetime.now(UTC).isoformat()})
        self._records[record.id] = changed
        self._news.tell(ChangeKind.UPDATED, record.id, changed)
        return changed

    async def delete(self, image_id: str) -> None:
        """Put the image into the trash."""
        self._trash[image_id] = await self.get(image_id)
        del self._records[image_id]
        self._news.tell(ChangeKind.DELETED, image_id, None)

    async def sources(self, image_id: str) -> list[ImageRecord]:
        """Return the images that one was made from."""
        made_from = [one.subject.id for one in await self.relations(image_id) if one.kind is RelationKind.DERIVED_FROM]
        return [self._records[source] for source in made_from if source in self._records]

    async def derived(self, image_id: str) -> list[ImageRecord]:
        """Return the images that were made from one."""
        await self.get(image_id)
        return await self.find(ImageQuery(derived_from=image_id), limit=len(self._records), offset=0)

    async def relations(self, image_id: str) -> list[Relation]:
        """Return what an image was made from, and which image it labels."""
        await self.get(image_id)
        said = self._relations.get(image_id, ())
        return [one for one in said if one.subject.kind is not RecordKind.IMAGE or one.subject.id in self._records]

    async def restore(self, image_id: str) -> ImageRecord:
        """Take an image out of the trash."""
        if (record := self._trash.pop(image_id, None)) is None:
            raise ImageNotFoundError(image_id)
        self._records[image_id] = record
        self._news.tell(ChangeKind.CREATED, image_id, record)
        return record

    async def watch(
        self, *, folder_id: str | None = None, image_id: str | None = None
    ) -> AsyncGenerator[ImageEvent | None, None]:
        """Yield what happens to images; None once it is taken note of."""
        async with aclosing(self._news.watch()) as events:
            async for kind, record_id, record in events:
                if kind is None:
                    yield None
                elif image_id in {None, record_id}:
                    yield ImageEvent(kind=kind, image_id=record_id, record=record)

    async def request_link(self, image_id: str, expires_in: int | None) -> str:
        """Refuse: nobody serves what is in memory."""
        await self.get(image_id)
        raise HubRefusedError("LinkImage", ["what is in memory has no address. Read the image with image.data"])

    async def request_access(self, store_id: str) -> StoreGrant:
        """Return a grant to read the pixels of one store."""
        if all(level.store.id != store_id for record in self._records.values() for level in record.levels):
            raise StoreNotFoundError(store_id)
        grant = _granted(store_id)
        self._pixels.allow(grant)
        return grant


def _grown(shape: tuple[int, ...], axis: int, length: int) -> tuple[int, ...]:
    return (*shape[:axis], length, *shape[axis + 1 :])


def _store(store_id: str) -> ZarrStore:
    return ZarrStore(id=store_id, bucket=_BUCKET, key=store_id, path=_path(store_id))


def _path(store_id: str) -> str:
    return f"memory://{_BUCKET}/{store_id}"


def _granted(store_id: str) -> StoreGrant:
    return StoreGrant(
        access_key=uuid.uuid4().hex,
        secret_key=SecretStr(uuid.uuid4().hex),
        session_token=SecretStr(uuid.uuid4().hex),
        bucket=_BUCKET,
        key=store_id,
        path=_path(store_id),
        expires_in=_GRANT_S,
    )
