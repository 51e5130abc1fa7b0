from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.identity.harness import Browser, Hub, browsing, running


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys are made once: an RSA key takes longer than a test."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
async def hub(tmp_path: Path, keys: Path, anyio_backend: str) -> AsyncIterator[Hub]:
    async with running(tmp_path, keys) as hub:
        yield hub


@pytest.fixture
async def browser(hub: Hub) -> AsyncIterator[Browser]:
    async with browsing(hub) as browser:
        yield browser
