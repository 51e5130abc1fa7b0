"""What every implementation of the promise of files has to pass."""

import asyncio
import hashlib
import json
from contextlib import aclosing

import pytest

from arkitekt_di.errors import (
    ArkitektError,
    FolderNotFoundError,
    PermissionDeniedError,
    StoredFileNotFoundError,
    StoreNotFoundError,
)
from arkitekt_di.messages.blobs import LIST, PARTS, Part, PartList, UploadState
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.files import FileQuery, FileRecord
from arkitekt_di.protocols.files import FileRecords
from arkitekt_di.protocols.folders import FolderRecords
from arkitekt_di.protocols.mikro import PixelStore

_UNKNOWN = "4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d"
_BODY = b"what a microscope wrote"


@pytest.mark.anyio
class FileRecordsContract:
    """Tests of `FileRecords`; a subclass has fixtures `files`, `folders` and `store`, empty, that belong together."""

    async def upload(self, files: FileRecords, store: PixelStore, body: bytes = _BODY, key: str | None = None) -> str:
        """Write and finish an upload; return its store."""
        upload = await files.request_upload(name="a.bin", content_type="text/plain", key=key)
        await (await store.open_sink(upload.grant)).put(upload.name, body)
        await files.finish_upload(upload.grant.store, sha256=hashlib.sha256(body).hexdigest())
        return upload.grant.store

    async def make_file(
        self, files: FileRecords, store: PixelStore, name: str = "a.bin", folder_id: str | None = None
    ) -> FileRecord:
        """Create a file."""
        return await files.create(await self.upload(files, store), name=name, folder_id=folder_id)

    async def test_a_file_is_found_as_it_was_created(
        self, files: FileRecords, folders: FolderRecords, store: PixelStore
    ) -> None:
        """Name, size, checksum and place come back, and so do its bytes."""
        folder = await folders.ensure("raw", parent_id=None)

        made = await self.make_file(files, store, folder_id=folder.id)

        found = await files.get(made.id)
        assert found == made
        assert (found.name, found.folder_id, found.content_type) == ("a.bin", folder.id, "text/plain")
        assert (found.store.size_bytes, found.store.sha256) == (len(_BODY), hashlib.sha256(_BODY).hexdigest())
        source = await store.open_source(await files.request_access(found.store.id))
        assert await asyncio.to_thread(source.read, found.store.key.rpartition("/")[2]) == _BODY

    async def test_parts_become_one_object(self, files: FileRecords, store: PixelStore) -> None:
        """In the order of their list."""
        bodies = [b"one", b"two", b"three"]
        upload = await files.request_upload(name=None, content_type=None, key=None)
        sink = await store.open_sink(upload.grant)
        parts = [
            Part(name=f"{number:06d}-{hashlib.blake2b(body, digest_size=16).hexdigest()}", size=len(body))
            for number, body in enumerate(bodies)
        ]
        for part, body in zip(parts, bodies, strict=True):
            await sink.put(f"{PARTS}/{part.name}", body)
        await sink.put(LIST, json.dumps(PartList(parts=tuple(parts)).model_dump()).encode())

        await files.finish_upload(upload.grant.store, sha256=hashlib.sha256(b"onetwothree").hexdigest())
        made = await files.create(upload.grant.store, name="joined", folder_id=None)

        source = await store.open_source(await files.request_access(made.store.id))
        assert await asyncio.to_thread(source.read, upload.name) == b"onetwothree"
        with pytest.raises(FileNotFoundError):
            await asyncio.to_thread(source.read, f"{PARTS}/{parts[0].name}")

    async def test_an_upload_that_lacks_a_part_is_not_finished(self, files: FileRecords, store: PixelStore) -> None:
        """The list says what has to be there."""
        upload = await files.request_upload(name=None, content_type=None, key=None)
        missing = Part(name=f"{0:06d}-{'0' * 32}", size=3)
        sink = await store.open_sink(upload.grant)
        await sink.put(LIST, json.dumps(PartList(parts=(missing,)).model_dump()).encode())

        with pytest.raises(ArkitektError, match=missing.name):
            await files.finish_upload(upload.grant.store, sha256="0" * 64)

    async def test_an_upload_without_bytes_is_not_finished(self, files: FileRecords) -> None:
        """Nothing is no file."""
        upload = await files.request_upload(name=None, content_type=None, key=None)

        with pytest.raises(ArkitektError):
            await files.finish_upload(upload.grant.store, sha256="0" * 64)

    async def test_other_bytes_than_were_sent_are_refused(self, files: FileRecords, store: PixelStore) -> None:
        """The checksum tells."""
        upload = await files.request_upload(name=None, content_type=None, key=None)
        await (await store.open_sink(upload.grant)).put(upload.name, b"other bytes")

        with pytest.raises(ArkitektError, match="not those that were sent"):
            await files.finish_upload(upload.grant.store, sha256=hashlib.sha256(_BODY).hexdigest())

    async def test_a_finished_upload_takes_no_more_bytes(self, files: FileRecords, store: PixelStore) -> None:
        """What was checked stays as it was."""
        upload = await files.request_upload(name=None, content_type=None, key=None)
        sink = await store.open_sink(upload.grant)
        await sink.put(upload.name, _BODY)
        await files.finish_upload(upload.grant.store, sha256=hashlib.sha256(_BODY).hexdigest())

        with pytest.raises(PermissionDeniedError):
            await sink.put(upload.name, b"other bytes")

    async def test_a_key_names_one_upload_and_then_its_file(self, files: FileRecords, store: PixelStore) -> None:
        """Asking again gives the same, however far it is."""
        first = await files.request_upload(name=None, content_type=None, key="run 7")
        again = await files.request_upload(name=None, content_type=None, key="run 7")
        other = await files.request_upload(name=None, content_type=None, key="run 8")
        store_id = await self.upload(files, store, key="run 7")
        finished = await files.request_upload(name=None, content_type=None, key="run 7")
        made = await files.create(store_id, name="seven", folder_id=None)
        attached = await files.request_upload(name=None, content_type=None, key="run 7")

        assert first.grant.store == again.grant.store == store_id != other.grant.store
        assert (finished.state, finished.record_id) == (UploadState.FINISHED, None)
        assert (attached.state, attached.record_id) == (UploadState.ATTACHED, made.id)

    async def test_one_upload_becomes_one_file(self, files: FileRecords, store: PixelStore) -> None:
        """A second file of the same bytes is refused, and so is one of an upload that is not finished."""
        store_id = await self.upload(files, store)
        await files.create(store_id, name="one", folder_id=None)
        unfinished = await files.request_upload(name=None, content_type=None, key=None)

        with pytest.raises(ArkitektError):
            await files.create(store_id, name="two", folder_id=None)
        with pytest.raises(ArkitektError):
            await files.create(unfinished.grant.store, name="three", folder_id=None)

    async def test_a_discarded_upload_is_gone(self, files: FileRecords, store: PixelStore) -> None:
        """It can be neither finished nor renewed."""
        upload = await files.request_upload(name=None, content_type=None, key=None)
        await (await store.open_sink(upload.grant)).put(upload.name, _BODY)

        await files.discard_upload(upload.grant.store)

        with pytest.raises(ArkitektError):
            await files.finish_upload(upload.grant.store, sha256="0" * 64)
        with pytest.raises(ArkitektError):
            await files.renew_upload(upload.grant.store)

    async def test_searches_find_parts_of_names_in_their_place(
        self, files: FileRecords, folders: FolderRecords, store: PixelStore
    ) -> None:
        """The newest come first; pages cut the same list; two files may have the same name."""
        folder = await folders.ensure("raw", parent_id=None)
        for name, place in (("Day 1", None), ("day 2", folder.id), ("night", folder.id), ("day 2", None)):
            await self.make_file(files, store, name, place)

        async def names(query: FileQuery) -> list[str]:
            return [file.name for file in await files.search(query)]

        assert await names(FileQuery(text="DAY")) == ["day 2", "day 2", "Day 1"]
        assert await names(FileQuery(folder_id=folder.id)) == ["night", "day 2"]
        assert await names(FileQuery(limit=2, offset=1, is_oldest_first=True)) == ["day 2", "night"]

    async def test_a_file_is_renamed_and_moved(
        self, files: FileRecords, folders: FolderRecords, store: PixelStore
    ) -> None:
        """The rest stays as it was."""
        folder = await folders.ensure("raw", parent_id=None)
        made = await self.make_file(files, store)

        await files.rename(made.id, "b.bin")
        moved = await files.move(made.id, folder_id=folder.id)

        assert moved == made.model_copy(update={"name": "b.bin", "folder_id": folder.id})
        with pytest.raises(FolderNotFoundError):
            await files.move(made.id, folder_id=_UNKNOWN)

    async def test_what_is_in_the_trash_is_gone_until_it_is_restored(
        self, files: FileRecords, store: PixelStore
    ) -> None:
        """Neither record nor bytes can be asked for."""
        made = await self.make_file(files, store)

        await files.delete(made.id)

        with pytest.raises(StoredFileNotFoundError):
            await files.get(made.id)
        with pytest.raises(StoreNotFoundError):
            await files.request_access(made.store.id)
        assert await files.search(FileQuery()) == []
        assert [file.id for file in await files.search(FileQuery(is_trashed=True))] == [made.id]
        assert await files.restore(made.id) == made
        assert await files.get(made.id) == made

    async def test_what_is_in_a_folder_goes_into_the_trash_with_it(
        self, files: FileRecords, folders: FolderRecords, store: PixelStore
    ) -> None:
        """And comes back with it."""
        folder = await folders.ensure("raw/today", parent_id=None)
        made = await self.make_file(files, store, folder_id=folder.id)

        await folders.delete(str(folder.parent_id))
        with pytest.raises(StoredFileNotFoundError):
            await files.get(made.id)
        await folders.restore(str(folder.parent_id))

        assert await files.get(made.id) == made

    async def test_what_does_not_exist_is_not_found(self, files: FileRecords) -> None:
        """Every operation says the same."""
        with pytest.raises(StoredFileNotFoundError):
            await files.get(_UNKNOWN)
        with pytest.raises(StoredFileNotFoundError):
            await files.rename(_UNKNOWN, "x")
        with pytest.raises(StoredFileNotFoundError):
            await files.move(_UNKNOWN, folder_id=None)
        with pytest.raises(StoredFileNotFoundError):
            await files.delete(_UNKNOWN)
        with pytest.raises(StoredFileNotFoundError):
            await files.restore(_UNKNOWN)
        with pytest.raises(StoreNotFoundError):
            await files.request_access(_UNKNOWN)
        with pytest.raises(StoreNotFoundError):
            await files.finish_upload(_UNKNOWN, sha256="0" * 64)

    async def test_changes_are_told_in_their_order(
        self, files: FileRecords, folders: FolderRecords, store: PixelStore
    ) -> None:
        """Those of the folder that is watched, and no others."""
        folder = await folders.ensure("raw", parent_id=None)

        async with aclosing(files.watch(folder_id=folder.id)) as events:
            assert await anext(events) is None
            await self.make_file(files, store, "elsewhere")
            made = await self.make_file(files, store, "here", folder.id)
            created = await anext(events)
            await files.delete(made.id)
            deleted = await anext(events)

        assert created == (ChangeKind.CREATED, made.id, made)
        assert deleted == (ChangeKind.DELETED, made.id, None)
