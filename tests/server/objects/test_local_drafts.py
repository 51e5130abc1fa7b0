"""Files that a client of the hub's own user writes on its machine become objects; whatever else it finds is refused."""

import asyncio
import mmap
import os
import zlib
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

import obstore
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from obstore.exceptions import BaseError, PermissionDeniedError
from obstore.store import S3Store

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.messages.images import DRAFT
from arkitekt_di.server.address import is_local
from arkitekt_di.server.objects import ObjectFolder
from arkitekt_di.server.objects.local_drafts import LocalDrafts
from arkitekt_di.settings.models import ObjectSettings
from arkitekt_di.testing.objects import BUCKET
from tests.server.objects.live import LiveEndpoint, exchange, obstore_client, signed_headers

NAME = "0123456789abcdef" * 2
BODY = bytes(range(256)) * 4096
NOBODY = 65534

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders of a user, as POSIX has them")


def drafts_of(live: LiveEndpoint, prefix: str = "a/b") -> Path:
    """Return the folder for the drafts of a prefix."""
    folder = live.do(live.objects.open_drafts(BUCKET, prefix))
    assert Path(folder.path, folder.proof).read_bytes() == b""
    return Path(folder.path)


def hand_over(store: S3Store, key: str = "object", name: str = NAME) -> None:
    """Say that a file is an object, with one try."""
    obstore.put(store, key, b"", attributes={DRAFT: name}, use_multipart=False)


def files_below(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if not path.is_dir()}


def test_a_file_becomes_an_object(on_disk: LiveEndpoint) -> None:
    folder, store = drafts_of(on_disk), obstore_client(on_disk, on_disk.credentials())
    folder.joinpath(NAME).write_bytes(BODY)

    hand_over(store)

    assert obstore.get(store, "object").bytes() == BODY
    assert on_disk.do(on_disk.objects.checksums(BUCKET, ["a/b/object"])) == [zlib.crc32(BODY)]
    assert not folder.joinpath(NAME).exists()
    with pytest.raises(BaseError, match="not there"):
        hand_over(store)
    assert obstore.get(store, "object").bytes() == BODY


def linked(folder: Path) -> None:
    folder.joinpath("secret").write_bytes(BODY)
    folder.joinpath(NAME).symlink_to(folder / "secret")


def linked_twice(folder: Path) -> None:
    folder.joinpath("other").write_bytes(BODY)
    folder.joinpath(NAME).hardlink_to(folder / "other")


def of_another_user(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    folder.joinpath(NAME).write_bytes(BODY)
    os.chown(folder / NAME, NOBODY, NOBODY)


def pipe(folder: Path) -> None:
    os.mkfifo(folder / NAME)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (linked, "plain file"),
        (linked_twice, "another name"),
        (of_another_user, "another user"),
        (pipe, "plain file"),
        (lambda folder: folder.joinpath(NAME).mkdir(), "plain file"),
        (lambda _: None, "not there"),
    ],
)
def test_what_is_no_file_of_ones_own_is_refused(
    on_disk: LiveEndpoint, tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    folder, store = drafts_of(on_disk), obstore_client(on_disk, on_disk.credentials())
    make(folder)

    with pytest.raises(BaseError, match=reason):
        hand_over(store)

    assert [entry for page in obstore.list(store) for entry in page] == []
    assert files_below(tmp_path / "objects" / ".staging") == set()


def test_a_file_that_is_open_for_writing_is_refused(on_disk: LiveEndpoint) -> None:
    folder, store = drafts_of(on_disk), obstore_client(on_disk, on_disk.credentials())

    with folder.joinpath(NAME).open("wb") as file:
        file.write(BODY)
        file.flush()
        with pytest.raises(BaseError, match="open for writing"):
            hand_over(store)


def test_a_file_that_is_mapped_for_writing_is_refused(on_disk: LiveEndpoint) -> None:
    """The file is closed, and could be changed all the same."""
    folder, store = drafts_of(on_disk), obstore_client(on_disk, on_disk.credentials())
    folder.joinpath(NAME).write_bytes(BODY)
    with folder.joinpath(NAME).open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)

    with mapped, pytest.raises(BaseError, match="open for writing"):
        hand_over(store)


def test_nobody_writes_to_a_file_while_it_is_summed_up(tmp_path: Path) -> None:
    """Whoever tries has to wait, and the hub is not ended by the signal that tells it so."""
    drafts = LocalDrafts(tmp_path / "drafts", tmp_path)
    drafts.prepare()
    named = drafts.open(BUCKET, "a")
    assert named is not None
    Path(named.path, NAME).write_bytes(BODY)

    with drafts.take(BUCKET, "a", NAME, tmp_path / "taken") as file:
        with pytest.raises(BlockingIOError):
            os.open(tmp_path / "taken", os.O_WRONLY | os.O_NONBLOCK)
        assert file.read() == BODY
    tmp_path.joinpath("taken").write_bytes(b"")


class Swapped(LocalDrafts):
    """Drafts in whose place something else is put between the look at them and the move."""

    def __init__(self, folder: Path, swap: Callable[[Path], None]) -> None:
        super().__init__(folder / "drafts", folder)
        self._swap = swap

    def take(self, bucket: str, prefix: str, name: str, goal: Path) -> BufferedReader:
        with pytest.MonkeyPatch.context() as patch:
            rename = Path.rename

            def swapped(path: Path, target: Path) -> Path:
                path.unlink()
                self._swap(path.parent)
                return rename(path, target)

            patch.setattr(Path, "rename", swapped)
            return super().take(bucket, prefix, name, goal)


@pytest.mark.parametrize("swap", [linked, pipe, linked_twice, lambda folder: folder.joinpath(NAME).mkdir()])
def test_what_is_put_in_place_of_a_file_at_the_last_moment_is_refused(
    tmp_path: Path, swap: Callable[[Path], None]
) -> None:
    drafts = Swapped(tmp_path, swap)
    drafts.prepare()
    named = drafts.open(BUCKET, "a")
    assert named is not None
    Path(named.path, NAME).write_bytes(BODY)

    with pytest.raises(ObjectRefusedError, match="not taken"):
        drafts.take(BUCKET, "a", NAME, tmp_path / "taken")

    assert not os.path.lexists(tmp_path / "taken")


@pytest.mark.parametrize("name", ["", "..", "../../../zarr/a/b/other", "A" * 32, NAME + "/", "/etc/passwd", NAME * 2])
def test_a_name_that_leads_elsewhere_is_refused(on_disk: LiveEndpoint, name: str) -> None:
    drafts_of(on_disk)
    credentials = on_disk.credentials()
    headers = signed_headers(on_disk, credentials, "PUT", "/zarr/a/b/o", headers={f"x-amz-meta-{DRAFT}": name})

    answer = exchange(on_disk, "PUT", "/zarr/a/b/o", headers)

    assert (answer.status, b"32 hexadecimal digits" in answer.body) == (400, True)


def test_the_drafts_of_another_grant_are_not_taken(on_disk: LiveEndpoint) -> None:
    drafts_of(on_disk, "a/b")
    other = drafts_of(on_disk, "a/other")
    other.joinpath(NAME).write_bytes(BODY)

    with pytest.raises(BaseError, match="not there"):
        hand_over(obstore_client(on_disk, on_disk.credentials("a/b")))

    assert other.joinpath(NAME).exists()


def test_a_link_in_place_of_the_folder_is_not_followed(on_disk: LiveEndpoint, tmp_path: Path) -> None:
    folder = drafts_of(on_disk)
    moved = folder.rename(tmp_path / "moved")
    folder.symlink_to(moved)
    moved.joinpath(NAME).write_bytes(BODY)

    with pytest.raises(BaseError, match="not there"):
        hand_over(obstore_client(on_disk, on_disk.credentials()))

    assert moved.joinpath(NAME).read_bytes() == BODY


def test_a_body_beside_a_file_is_refused(on_disk: LiveEndpoint) -> None:
    folder, store = drafts_of(on_disk), obstore_client(on_disk, on_disk.credentials())
    folder.joinpath(NAME).write_bytes(BODY)

    with pytest.raises(BaseError, match="EntityTooLarge"):
        obstore.put(store, "object", b"body", attributes={DRAFT: NAME}, use_multipart=False)

    assert folder.joinpath(NAME).exists()


def test_a_grant_holds_no_more_than_it_is_for(on_disk: LiveEndpoint, tmp_path: Path) -> None:
    folder, store = drafts_of(on_disk), obstore_client(on_disk, on_disk.credentials(max_bytes=len(BODY) + 1))
    folder.joinpath(NAME).write_bytes(BODY)
    hand_over(store, "first")
    folder.joinpath(NAME).write_bytes(BODY)

    with pytest.raises(PermissionDeniedError, match="QuotaExceeded"):
        hand_over(store, "second")

    obstore.put(store, "third", b"x", use_multipart=False)
    assert files_below(tmp_path / "objects" / ".staging") == set()


def test_an_object_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with LiveEndpoint(ObjectFolder(tmp_path), ObjectSettings(max_object_mib=0.5)) as live:
        drafts_of(live).joinpath(NAME).write_bytes(BODY)

        with pytest.raises(BaseError, match="EntityTooLarge"):
            hand_over(obstore_client(live, live.credentials()))


def test_what_is_sealed_takes_no_file_and_has_no_folder(on_disk: LiveEndpoint, tmp_path: Path) -> None:
    folder, store = drafts_of(on_disk), obstore_client(on_disk, on_disk.credentials())
    folder.joinpath(NAME).write_bytes(BODY)

    on_disk.do(on_disk.objects.seal(BUCKET, "a/b"))

    assert not folder.exists()
    assert on_disk.do(on_disk.objects.open_drafts(BUCKET, "a/b")) is None
    with pytest.raises(PermissionDeniedError, match="final"):
        hand_over(store)
    assert files_below(tmp_path / "objects") == {"b#"}


def test_what_a_killed_client_left_goes_with_its_upload_or_at_the_next_start(
    on_disk: LiveEndpoint, tmp_path: Path
) -> None:
    given_up, forgotten = drafts_of(on_disk, "given-up"), drafts_of(on_disk, "forgotten")
    given_up.joinpath(NAME).write_bytes(BODY)
    forgotten.joinpath(NAME).write_bytes(BODY)

    on_disk.do(on_disk.objects.delete_prefix(BUCKET, "given-up"))
    assert not given_up.exists()
    on_disk.do(on_disk.objects.stop())
    on_disk.do(on_disk.objects.start())

    assert files_below(tmp_path / "objects") == set()


def test_a_store_that_was_told_so_takes_no_files(tmp_path: Path) -> None:
    with LiveEndpoint(ObjectFolder(tmp_path, takes_files=False)) as live:
        assert live.do(live.objects.open_drafts(BUCKET, "a/b")) is None
        with pytest.raises(BaseError, match="Send the bytes"):
            hand_over(obstore_client(live, live.credentials()))


@pytest.mark.anyio
async def test_a_draft_is_a_file_or_bytes_and_never_both(tmp_path: Path) -> None:
    objects = ObjectFolder(tmp_path)
    await objects.start()
    folder = await objects.open_drafts(BUCKET, "a")
    assert folder is not None
    await asyncio.to_thread(Path(folder.path, NAME).write_bytes, BODY)

    async with objects.stage(BUCKET, "a/o") as draft:
        await draft.write(b"bytes")
        with pytest.raises(ObjectRefusedError, match="Send the bytes"):
            await draft.adopt("a", NAME, max_bytes=2**30)
    async with objects.stage(BUCKET, "a/o") as draft:
        await draft.adopt("a", NAME, max_bytes=2**30)
        await draft.write(b"bytes")
        with pytest.raises(ObjectRefusedError, match="whole object"):
            await draft.publish()

    assert await objects.read(BUCKET, "a/o") is None
    await objects.stop()


@pytest.mark.parametrize(
    ("remote", "headers", "expected"),
    [
        ("127.0.0.1", {"Host": "localhost:8000"}, True),
        ("::1", {"Host": "[::1]:8000"}, True),
        ("127.0.0.1", {"Host": "hub.lab.org"}, False),
        ("10.0.0.7", {"Host": "127.0.0.1:8000"}, False),
        ("127.0.0.1", {"Host": "127.0.0.1", "X-Forwarded-For": "10.0.0.7"}, False),
        ("127.0.0.1", {"Host": "127.0.0.1", "Forwarded": "for=10.0.0.7"}, False),
    ],
)
def test_the_folder_is_told_on_this_machine_alone(remote: str, headers: dict[str, str], *, expected: bool) -> None:
    request: web.Request = make_mocked_request("POST", "/mikro/graphql", headers=headers).clone(remote=remote)

    assert is_local(request) is expected
