"""A hub behind a socket, and tables in memory with a loop of their own."""

from collections.abc import Iterator

import pytest

from arkitekt_di.koil import Koil
from arkitekt_di.mikro.folders.in_memory import InMemoryFolderRecords
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.tables.in_memory import InMemoryTableRecords
from arkitekt_di.mikro.tables.service import Tables
from tests.mikro.files.conftest import hub
from tests.mikro.stores import CountingStore

__all__ = ["hub"]


@pytest.fixture
def koil() -> Iterator[Koil]:
    with Koil() as opened:
        yield opened


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
def tables(store: CountingStore, koil: Koil) -> Tables:
    folders = InMemoryFolderRecords()
    return Tables(InMemoryTableRecords(store, folders), store, Folders(folders, koil), koil)
