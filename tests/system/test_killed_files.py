"""A client that is killed while it stores a file leaves none to be seen, and the next try sends what is missing."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from arkitekt_di import easy
from arkitekt_di.messages.blobs import PARTS
from arkitekt_di.mikro import Progress, search_files, upload_file
from tests.serving import ServedHub, serving

SCRIPT = Path(__file__).with_name("killed_file.py")
MIB = 2**20
SIZE = 5 * 16 * MIB + 1
PARTS_AND_END = 7


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    with serving(tmp_path_factory.mktemp("hub") / "data", "--auto-approve") as hub:
        yield hub


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("file") / "plate.bin"
    path.write_bytes(random.Random(0).randbytes(SIZE))  # noqa: S311  # contents, not a secret
    return path


def parts_of(hub: ServedHub) -> dict[Path, int]:
    """Return the parts in the hub, and when each was written."""
    return {
        found: found.stat().st_mtime_ns
        for found in (hub.data / "objects").rglob(f"{PARTS}/*")
        if ".staging" not in found.parts
    }


def kill_after(hub: ServedHub, path: Path, key: str, lines: int) -> None:
    """Start the client, and kill it when it has reported so many parts."""
    client = subprocess.Popen(
        [sys.executable, str(SCRIPT), hub.url, str(path), key],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with client:
        assert client.stdout is not None
        assert client.stdout.readline() == "begun\n"
        for _ in range(lines):
            client.stdout.readline()
        client.kill()


def killed_and_gone_on_with(hub: ServedHub, path: Path, key: str, lines: int) -> None:
    kill_after(hub, path, key, lines)
    stored = parts_of(hub)
    told: list[Progress] = []

    with easy("killed", url=hub.url, headless=True, no_cache=True):
        before = {file.id for file in search_files(key)}
        file = upload_file(path, name=key, key=key, progress=told.append)
        with file.open() as opened:
            assert opened.read() == path.read_bytes()
        assert {found.id for found in search_files(key)} == {file.id}
        assert before <= {file.id}
        assert all(found.stat().st_mtime_ns == written for found, written in stored.items() if found.exists())


def test_a_file_whose_client_was_killed_is_gone_on_with(hub: ServedHub, path: Path) -> None:
    kill_after(hub, path, "seen", 2)
    with easy("killed", url=hub.url, headless=True, no_cache=True):
        assert list(search_files()) == []

    assert len(parts_of(hub)) >= 2
    killed_and_gone_on_with(hub, path, "seen", 1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_a_file_whose_client_was_killed_anywhere_is_gone_on_with(hub: ServedHub, path: Path, seed: int) -> None:
    lines = random.Random(seed).randrange(PARTS_AND_END)  # noqa: S311  # a moment, not a secret
    killed_and_gone_on_with(hub, path, f"seed {seed}", lines)
