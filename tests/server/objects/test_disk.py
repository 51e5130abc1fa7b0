"""What only a real disk can do: kill, restart, run full, hold links."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import obstore
import pytest
import zarr
from obstore.exceptions import BaseError
from zarr.storage import ObjectStore

from arkitekt_di.errors import ObjectRefusedError, StorageFullError
from arkitekt_di.server.objects import ObjectFolder
from arkitekt_di.server.objects.keys import UPLOADS
from arkitekt_di.server.objects.promise import Allowance
from arkitekt_di.server.objects.uploads import MultipartUploads
from arkitekt_di.testing.objects import BUCKET, keys_below, put
from tests.server.objects.live import LiveEndpoint, obstore_client

pytestmark = pytest.mark.anyio


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def test_a_killed_process_leaves_nothing_half_written(tmp_path: Path) -> None:
    """Kill -9 in the middle: the old object is whole, the new one is nowhere, and the next start cleans up."""
    script = str(Path(__file__).with_name("uploader.py"))
    process = await asyncio.create_subprocess_exec(sys.executable, script, str(tmp_path), stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"in the middle\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    staged = files_below(tmp_path / ".staging")

    objects = ObjectFolder(tmp_path)
    await objects.start()
    found = await keys_below(objects, "a")
    content = await objects.read(BUCKET, "a/whole")
    await MultipartUploads(objects, abandoned_after_s=0).sweep()
    await objects.stop()

    assert len(staged) == 2
    assert (found, content) == (["a/whole"], b"whole")
    assert files_below(tmp_path) == ["zarr/a/whole"]


async def test_uploads_that_go_on_are_not_swept(tmp_path: Path) -> None:
    """Only age makes an upload an abandoned one, and a restart does not."""
    objects = ObjectFolder(tmp_path)
    allowance = Allowance(BUCKET, "a", 2**20)
    await objects.start()
    upload = await MultipartUploads(objects, abandoned_after_s=60).begin(BUCKET, "a/b", allowance)
    await objects.stop()
    await objects.start()
    now = (tmp_path / UPLOADS / BUCKET / "a" / "b" / upload / "00000").stat().st_mtime_ns

    await MultipartUploads(objects, abandoned_after_s=60, clock_ns=lambda: now + 59 * 10**9).sweep()
    young = files_below(tmp_path / UPLOADS)
    await MultipartUploads(objects, abandoned_after_s=60, clock_ns=lambda: now + 60 * 10**9).sweep()
    old = files_below(tmp_path / UPLOADS)
    await objects.stop()

    assert (len(young), old) == (1, [])


async def test_seals_and_allowances_survive_a_restart(tmp_path: Path) -> None:
    """Both are read from the disk: nothing has to be told to a hub that starts again."""
    objects = ObjectFolder(tmp_path)
    await objects.start()
    await put(objects, "k/a", b"x" * 6)
    await put(objects, "q/a", b"x" * 6)
    await put(objects, "deep/er/a", b"")
    await objects.seal(BUCKET, "k")
    await objects.seal(BUCKET, "deep/er")
    await objects.stop()

    again = ObjectFolder(tmp_path)
    await again.start()
    for key in ("k/b", "deep/er/b/c"):
        with pytest.raises(ObjectRefusedError, match="AccessDenied"):
            await put(again, key, b"")
    await put(again, "deep/erased", b"")
    async with again.stage(BUCKET, "q/b", allowance=Allowance(BUCKET, "q", 10)) as draft:
        await draft.write(b"x" * 5)
        with pytest.raises(ObjectRefusedError, match="QuotaExceeded"):
            await draft.publish()
    await again.stop()


async def test_links_are_never_followed(tmp_path: Path) -> None:
    """A link to a file or a folder elsewhere is as good as nothing: not read, not listed, not written through."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    objects = ObjectFolder(tmp_path / "objects")
    await objects.start()
    await put(objects, "k/a", b"")
    bucket = tmp_path / "objects" / BUCKET
    (bucket / "k" / "file").symlink_to(outside / "secret")
    (bucket / "k" / "folder").symlink_to(outside)
    (bucket / "top").symlink_to(outside)

    read = [await objects.read(BUCKET, key) for key in ("k/file", "k/folder/secret", "top/secret")]
    listed = await keys_below(objects, "k") + await keys_below(objects, "top") + await keys_below(objects, "k/folder")
    for key in ("k/folder/new", "top/new"):
        with pytest.raises(ObjectRefusedError, match="KeyConflict"):
            await put(objects, key, b"")
    await put(objects, "k/file", b"replaces the link, not what it leads to")
    await objects.delete(BUCKET, ["k/folder/secret", "top/secret"])
    await objects.delete_prefix(BUCKET, "top")
    await objects.stop()

    assert (read, listed) == ([None, None, None], ["k/a"])
    assert (outside / "secret").read_bytes() == b"secret"
    assert files_below(outside) == ["secret"]


@pytest.fixture
def small_files() -> Iterator[int]:
    """No file of this process may be larger; a write beyond fails as on a full disk (setrlimit(2), RLIMIT_FSIZE)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = 3 * 2**20
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_takes_no_more_is_named(tmp_path: Path, small_files: int) -> None:
    """The error says where, nothing half written is left, and the store goes on."""
    objects = ObjectFolder(tmp_path)
    await objects.start()
    with pytest.raises(StorageFullError) as caught:
        await put(objects, "a/b", b"x" * (small_files + 1))
    await put(objects, "a/c", b"small")
    await objects.stop()

    assert caught.value.where == str(tmp_path)
    assert files_below(tmp_path) == ["zarr/a/c"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 4 MiB; only root can."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("mounting needs root; the same with RLIMIT_FSIZE runs everywhere")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_an_answer_and_frees_what_it_took(small_disk: Path) -> None:
    """507 over the wire; afterwards the space that the failed write took is there again."""
    with LiveEndpoint(ObjectFolder(small_disk / "objects")) as live:
        store = obstore_client(live, live.credentials(), retry_config={"max_retries": 0})
        for _ in range(2):
            with pytest.raises(BaseError, match="InsufficientStorage"):
                obstore.put(store, "large", b"x" * 6 * 2**20, use_multipart=False)
            obstore.put(store, "fits", b"x" * 2**20)
            obstore.delete(store, "fits")

        assert list(obstore.list(store)) == []
        assert files_below(small_disk) == []


def test_what_lies_on_disk_is_a_plain_zarr_array(tmp_path: Path) -> None:
    """The folder of a grant's prefix opens without the hub, and only its owner may read it."""
    pixels = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    with LiveEndpoint(ObjectFolder(tmp_path / "objects")) as live:
        store = ObjectStore(obstore_client(live, live.credentials()))
        zarr.create_array(store, data=pixels, chunks=(32, 32))

    folder = tmp_path / "objects" / BUCKET / "a" / "b"
    array = zarr.open_array(str(folder), mode="r")

    np.testing.assert_array_equal(array[:], pixels)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "zarr.json").stat().st_mode & 0o777 == 0o600


async def test_a_request_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    """Cancelling while a thread writes waits for the thread before the file is removed."""
    objects = ObjectFolder(tmp_path)
    await objects.start()
    begun = asyncio.Event()

    async def upload() -> None:
        async with objects.stage(BUCKET, "a/b") as draft:
            for _ in range(64):
                await draft.write(b"x" * 2**20)
                begun.set()
            await draft.publish()

    task = asyncio.create_task(upload())
    await begun.wait()
    task.cancel()
    await asyncio.wait([task])
    await objects.stop()

    assert task.cancelled()
    assert files_below(tmp_path) == []
