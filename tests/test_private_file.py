"""Files that only their owner may read: whole or not at all, whatever happens meanwhile."""

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from arkitekt_di import private_file
from arkitekt_di.private_file import keep_secret, read_private, write_private

OLD, NEW = b"old" * 100_000, b"new" * 90_000


def test_a_disk_that_is_full_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "login.json"
    write_private(path, OLD)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_private(path, NEW)

    assert read_private(path) == OLD
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_sees_the_old_or_the_new_and_never_a_part(tmp_path: Path) -> None:
    path = tmp_path / "login.json"
    write_private(path, OLD)

    def write() -> None:
        for number in range(60):
            write_private(path, OLD if number % 2 else NEW)

    with ThreadPoolExecutor(1) as aside:
        writing = aside.submit(write)
        seen = {read_private(path)}
        while not writing.done():
            seen.add(read_private(path))
        writing.result()

    assert seen <= {OLD, NEW}


def test_no_mask_of_the_system_opens_it_to_others(tmp_path: Path) -> None:
    path = tmp_path / "made" / "when needed" / "login.json"
    before = os.umask(0)
    try:
        write_private(path, NEW)
    finally:
        os.umask(before)

    modes = [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "login.json", tmp_path / "elsewhere"
    elsewhere.write_bytes(b"somebody else's")
    path.symlink_to(elsewhere)

    write_private(path, NEW)

    assert elsewhere.read_bytes() == b"somebody else's"
    assert not path.is_symlink()


def test_who_comes_second_takes_the_secret_of_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys" / "forms.key"

    def be_late(draft: Path, content: bytes) -> None:
        write_private(draft, content)
        write_private(path, b"the secret of another process")

    monkeypatch.setattr(private_file, "write_private", be_late)

    assert keep_secret(path) == b"the secret of another process"


def test_all_who_ask_at_once_get_one_secret(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "forms.key"

    with ThreadPoolExecutor(8) as threads:
        secrets = set(threads.map(lambda _: keep_secret(path), range(32)))

    assert secrets == {read_private(path)}
    assert [len(secret) for secret in secrets] == [32]
    assert list(path.parent.iterdir()) == [path]
