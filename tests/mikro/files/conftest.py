"""A hub behind a socket, and files in memory with a loop of their own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from arkitekt_di.koil import Koil
from arkitekt_di.mikro.files.in_memory import InMemoryFileRecords
from arkitekt_di.mikro.files.service import Files
from arkitekt_di.mikro.folders.in_memory import InMemoryFolderRecords
from arkitekt_di.mikro.folders.service import Folders
from tests.mikro.hub import Hub, serving
from tests.mikro.stores import CountingStore


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    folder = tmp_path / "hub"
    folder.mkdir()
    async with serving(folder) as served:
        yield served


@pytest.fixture
def koil() -> Iterator[Koil]:
    with Koil() as opened:
        yield opened


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
def files(store: CountingStore, koil: Koil) -> Files:
    folders = InMemoryFolderRecords()
    return Files(InMemoryFileRecords(store, folders), store, Folders(folders, koil), koil)
