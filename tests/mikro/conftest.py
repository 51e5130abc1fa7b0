"""An image service over memory, with a loop of its own."""

from collections.abc import Iterator

import pytest

from arkitekt_di.koil import Koil
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.settings.models import MikroSettings


@pytest.fixture
def koil() -> Iterator[Koil]:
    with Koil() as opened:
        yield opened


@pytest.fixture
def pixels() -> InMemoryPixelStore:
    return InMemoryPixelStore()


@pytest.fixture
def records(pixels: InMemoryPixelStore) -> InMemoryImageRecords:
    return InMemoryImageRecords(pixels)


@pytest.fixture
def mikro(records: InMemoryImageRecords, pixels: InMemoryPixelStore, koil: Koil) -> Mikro:
    return Mikro(records, pixels, koil, MikroSettings(chunk_px=64, shard_mib=0.25))
