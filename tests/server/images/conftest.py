"""A hub's image service with everything around it in memory, and people of two organizations."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from arkitekt_di.server.database import Database
from tests.server.images.image_hub import ImageHub, open_database, serve


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an empty database whose migrations have run."""

    async def migrate() -> None:
        async with open_database(folder):
            pass

    folder = tmp_path_factory.mktemp("migrated")
    asyncio.run(migrate())
    return folder


@pytest.fixture
async def database(tmp_path: Path, migrated: Path) -> AsyncIterator[Database]:
    """Return an open, empty database."""
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
    async with open_database(tmp_path) as opened:
        yield opened


@pytest.fixture
async def hub(database: Database) -> AsyncIterator[ImageHub]:
    """Return a hub that serves images."""
    async with serve(database) as served:
        yield served
