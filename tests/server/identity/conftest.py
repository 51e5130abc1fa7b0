import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from arkitekt_di.server.database import Database
from arkitekt_di.settings.models import DatabaseSettings
from tests.server.identity.harness import Browser, Hub, browsing, running


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys are made once: an RSA key takes longer than a test."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the migrations once: every hub starts with a copy of what they made."""
    folder = tmp_path_factory.mktemp("blank")

    async def migrate() -> None:
        database = Database(DatabaseSettings(), folder)
        await database.start()
        await database.stop()

    asyncio.run(migrate())
    return folder / "hub.sqlite"


@pytest.fixture
async def hub(tmp_path: Path, keys: Path, blank: Path, anyio_backend: str) -> AsyncIterator[Hub]:
    shutil.copy(blank, tmp_path)
    async with running(tmp_path, keys) as hub:
        yield hub


@pytest.fixture
async def browser(hub: Hub) -> AsyncIterator[Browser]:
    async with browsing(hub) as browser:
        yield browser
