import asyncio
import hashlib
import io
import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.errors import FileDamagedError, OwnLoopError, RecordRefusedError, StorageFullError, TransferError
from arkitekt_di.koil import Koil
from arkitekt_di.messages.blobs import LIST
from arkitekt_di.messages.images import UploadGrant
from arkitekt_di.mikro import paging
from arkitekt_di.mikro.blobs import sending
from arkitekt_di.mikro.blobs.reading import StoredObject
from arkitekt_di.mikro.files.download import local_name
from arkitekt_di.mikro.files.in_memory import InMemoryFileRecords
from arkitekt_di.mikro.files.records import GraphQLFileRecords
from arkitekt_di.mikro.files.service import Files
from arkitekt_di.mikro.folders.in_memory import InMemoryFolderRecords
from arkitekt_di.mikro.folders.records import GraphQLFolderRecords
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.in_memory import InMemoryPixelStore, InMemoryPrefix
from arkitekt_di.mikro.pixels.progress import Progress
from tests.mikro.hub import Hub
from tests.mikro.stores import CountingPrefix, CountingStore, FailingStore

KIB = 1024


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let parts have 64 KiB, so that a small file has many."""
    monkeypatch.setattr(sending, "PART_BYTES", 64 * KIB)
    return 64 * KIB


def written(folder: Path, size: int, name: str = "scan.bin") -> Path:
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("size", [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 300 * KIB])
def test_a_file_comes_back_as_it_was(files: Files, koil: Koil, tmp_path: Path, size: int) -> None:
    path = written(tmp_path, size)

    file = koil.call(files.aupload, path, folder="raw/today")

    assert (file.name, file.size) == ("scan.bin", size)
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file.read() == path.read_bytes()
    assert file.download(tmp_path / "copy").read_bytes() == path.read_bytes()
    with file.open() as opened:
        assert opened.read() == path.read_bytes()


def test_an_open_file_is_sent_from_where_it_stands(files: Files, koil: Koil) -> None:
    stream = io.BytesIO(b"header|body")
    stream.seek(7)

    file = koil.call(files.aupload, stream, name="body.txt")

    assert (file.read(), file.content_type) == (b"body", "text/plain")
    with pytest.raises(RecordRefusedError, match="name"):
        koil.call(files.aupload, io.BytesIO(b"x"))


def test_files_of_one_name_never_replace_one_another(files: Files, koil: Koil) -> None:
    first = koil.call(files.aupload, io.BytesIO(b"one"), name="a")
    second = koil.call(files.aupload, io.BytesIO(b"two"), name="a")

    assert (first.read(), second.read()) == (b"one", b"two")
    assert [file.id for file in files.iterate("a")] == [first.id, second.id]


class Breaking(CountingStore):
    """Lets so many objects in, and then no more."""

    left: int | None = None

    async def open_sink(self, grant: UploadGrant) -> "BreakingPrefix":
        return BreakingPrefix(self, grant)


class BreakingPrefix(CountingPrefix):
    def __init__(self, store: Breaking, grant: UploadGrant) -> None:
        super().__init__(store, grant)
        self._breaks = store

    async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
        if self._breaks.left is not None:
            self._breaks.left -= 1
            if self._breaks.left < 0:
                raise TransferError("the store", "the line is cut")
        await super().put(key, body)


@pytest.mark.usefixtures("small_parts")
def test_an_upload_with_a_key_goes_on_where_it_broke_off(koil: Koil, tmp_path: Path) -> None:
    store, folders = Breaking(), InMemoryFolderRecords()
    files = Files(InMemoryFileRecords(store, folders), store, Folders(folders, koil), koil)
    path = written(tmp_path, 640 * KIB)

    store.left = 6
    with pytest.raises(TransferError):
        koil.call(files.aupload, path, key="plate 7")
    before, store.left = len(store.writes), None
    file = koil.call(files.aupload, path, key="plate 7")
    again = koil.call(files.aupload, path, key="plate 7")

    assert file.read() == path.read_bytes()
    assert again == file
    assert before == 6
    assert len(store.writes) == 10 + 1  # every part once, and their list
    path.write_bytes(b"other bytes")
    with pytest.raises(RecordRefusedError, match="plate 7"):
        koil.call(files.aupload, path, key="plate 7")


@pytest.mark.usefixtures("small_parts")
def test_an_upload_that_fails_without_a_key_leaves_nothing(koil: Koil, tmp_path: Path) -> None:
    store, folders = Breaking(), InMemoryFolderRecords()
    files = Files(InMemoryFileRecords(store, folders), store, Folders(folders, koil), koil)

    store.left = 3
    with pytest.raises(TransferError):
        koil.call(files.aupload, written(tmp_path, 640 * KIB))

    assert store.objects == {}
    assert list(files.iterate()) == []


def test_memory_does_not_grow_with_the_file(koil: Koil, monkeypatch: pytest.MonkeyPatch) -> None:
    class Void(InMemoryPixelStore):
        async def open_sink(self, grant: UploadGrant) -> InMemoryPrefix:
            return VoidPrefix(self, grant)

    class VoidPrefix(InMemoryPrefix):
        async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
            raise_at_the_end = key == LIST
            if raise_at_the_end:
                raise TransferError("the store", "it was all for nothing")

    class Zeros(io.RawIOBase):
        left = 256 * sending.PART_BYTES // 16

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1, /) -> bytes:
            taken = min(size, self.left)
            self.left -= taken
            return bytes(taken)

    monkeypatch.setattr(sending, "PART_BYTES", sending.PART_BYTES // 16)
    store, folders = Void(), InMemoryFolderRecords()
    files = Files(InMemoryFileRecords(store, folders), store, Folders(folders, koil), koil)

    tracemalloc.start()
    with pytest.raises(TransferError):
        koil.call(files.aupload, Zeros(), name="zeros")  # type: ignore[arg-type]  # all that is used of a binary file
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 16 * sending.PART_BYTES  # of 256 parts


def test_libraries_read_what_they_need_and_no_more(
    files: Files, store: CountingStore, koil: Koil, tmp_path: Path
) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20):
            archive.writestr(f"{number}.bin", os.urandom(100 * KIB))
    file = koil.call(files.aupload, path)

    with file.open(buffer_bytes=16 * KIB) as opened, zipfile.ZipFile(opened) as archive:
        names, third = archive.namelist(), archive.read("3.bin")

    assert len(names) == 20
    assert len(third) == 100 * KIB
    assert sum(size for _, size in store.reads) < 300 * KIB  # of 2 MB


class Bytes:
    """A source that holds one object."""

    address = "memory"

    def __init__(self, body: bytes) -> None:
        self.body = body

    def read(self, key: str) -> bytes:
        return self.body

    def read_ranges(self, key: str, ranges: list[tuple[int, int]]) -> list[bytes]:
        return [self.body[start:stop] for start, stop in ranges]

    def size(self, key: str) -> int:
        return len(self.body)


@given(
    body=st.binary(max_size=200),
    steps=st.lists(st.tuples(st.sampled_from(["read", "seek", "end", "here"]), st.integers(-50, 250)), max_size=20),
)
def test_a_stored_object_reads_as_a_file_of_this_machine_does(body: bytes, steps: list[tuple[str, int]]) -> None:
    ours, theirs = StoredObject(Bytes(body), "data", len(body)), io.BytesIO(body)  # type: ignore[arg-type]  # a list is a sequence

    for step, number in steps:
        if step == "read":
            assert ours.read(number) == theirs.read(number)
        elif step == "seek" and number >= 0:
            assert ours.seek(number) == theirs.seek(number)
        elif step == "end" and number >= -len(body):
            assert ours.seek(number, io.SEEK_END) == theirs.seek(number, io.SEEK_END)
        assert ours.tell() == theirs.tell()


def test_a_download_never_replaces_a_file_unless_it_is_told_to(files: Files, koil: Koil, tmp_path: Path) -> None:
    file = koil.call(files.aupload, io.BytesIO(b"new"), name="notes.txt")
    (tmp_path / "notes.txt").write_text("old")

    with pytest.raises(FileExistsError, match="overwrite=True"):
        file.download(tmp_path)
    kept = (tmp_path / "notes.txt").read_text()
    file.download(tmp_path, overwrite=True)

    assert kept == "old"
    assert (tmp_path / "notes.txt").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_damaged_file_is_an_error_and_leaves_nothing(
    files: Files, store: CountingStore, koil: Koil, tmp_path: Path
) -> None:
    file = koil.call(files.aupload, io.BytesIO(b"precious"), name="a")
    (key,) = store.objects

    store.objects[key] = b"damaged!"
    with pytest.raises(FileDamagedError, match="not those that were stored"):
        file.download(tmp_path)
    del store.objects[key]
    with pytest.raises(FileDamagedError, match="missing"):
        file.download(tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "local"),
    [("a.tif", "a.tif"), ("../../etc/passwd", "passwd"), ("c:\\x\\b.czi", "b.czi"), ("..", "file"), ("/", "file")],
)
def test_a_name_never_leads_out_of_the_folder(name: str, local: str) -> None:
    assert local_name(name) == local


def test_a_path_is_there_as_long_as_the_block(files: Files, koil: Koil) -> None:
    file = koil.call(files.aupload, io.BytesIO(b"x"), name="a.txt")

    with file.as_path() as path:
        seen = path.name, path.read_bytes()

    assert seen == ("a.txt", b"x")
    assert not path.exists()


def test_the_apps_own_loop_is_never_blocked(files: Files, koil: Koil) -> None:
    async def work() -> bytes:
        file = await files.aupload(io.BytesIO(b"x"), name="a")
        with pytest.raises(OwnLoopError, match="aread"):
            file.open()
        async with file.aas_path() as path:
            assert await asyncio.to_thread(path.read_bytes) == b"x"
        return await file.aread(0, 1)

    assert koil.call(work) == b"x"


@pytest.mark.anyio
@pytest.mark.usefixtures("small_parts")
async def test_a_file_in_parts_goes_through_the_hub(hub: Hub, tmp_path: Path) -> None:
    async with Koil() as koil:
        folders = Folders(GraphQLFolderRecords(hub.graphql), koil)
        files = Files(GraphQLFileRecords(hub.graphql), hub.pixels, folders, koil)
        path = written(tmp_path, 1000 * KIB)

        file = await files.aupload(path, folder="raw/today", key="one")
        again = await files.aupload(path, key="one")

        assert again == file
        assert await file.aread(500 * KIB, 700 * KIB) == path.read_bytes()[500 * KIB : 700 * KIB]
        copy = await file.adownload(tmp_path / "copy")
        assert copy.read_bytes() == path.read_bytes()
        assert [found.id for found in await files.asearch("scan", folder="raw/today")] == [file.id]


@pytest.mark.usefixtures("small_parts")
def test_progress_is_told_part_by_part_and_reaches_the_end(files: Files, koil: Koil, tmp_path: Path) -> None:
    told: list[Progress] = []

    koil.call(files.aupload, written(tmp_path, 200 * KIB), progress=told.append)

    done = [progress.done_bytes for progress in told]
    assert done == sorted(done)
    assert (len(done), done[-1]) == (4, 200 * KIB)
    assert {(progress.name, progress.total_bytes) for progress in told} == {("scan.bin", 200 * KIB)}


def test_a_full_store_is_told_and_nothing_is_left(koil: Koil, tmp_path: Path) -> None:
    store, folders = FailingStore(StorageFullError("http://hub"), at=0), InMemoryFolderRecords()
    files = Files(InMemoryFileRecords(store, folders), store, Folders(folders, koil), koil)

    with pytest.raises(StorageFullError):
        koil.call(files.aupload, written(tmp_path, KIB))

    assert store.objects == {}
    assert list(files.iterate()) == []


def test_pages_go_on_to_the_end(files: Files, koil: Koil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE", 2)
    made = [koil.call(files.aupload, io.BytesIO(b"x"), name=f"{number}").id for number in range(5)]

    async def collected() -> list[str]:
        return [file.id async for file in files.iterate()]

    assert [file.id for file in files.iterate()] == made
    assert koil.call(collected) == made
    assert asyncio.run(collected()) == made
    koil.call(files.adelete, made.pop())
    assert [file.id for file in files.iterate()] == made  # full pages alone: the last one is asked for and empty


def test_tifffile_reads_one_page_of_a_stored_file(
    files: Files, store: CountingStore, koil: Koil, tmp_path: Path
) -> None:
    tifffile = pytest.importorskip("tifffile")
    stack = np.random.default_rng(7).integers(0, 2**16, (20, 128, 128), "uint16")
    tifffile.imwrite(tmp_path / "stack.tif", stack)
    file = koil.call(files.aupload, tmp_path / "stack.tif")

    with file.open(buffer_bytes=16 * KIB) as opened, tifffile.TiffFile(opened) as tiff:
        page = tiff.pages[7].asarray()

    assert np.array_equal(page, stack[7])
    assert sum(size for _, size in store.reads) < stack.nbytes / 4
