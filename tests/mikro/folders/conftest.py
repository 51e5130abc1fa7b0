"""A hub behind a socket, and folders in memory."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.mikro.hub import Hub, serving


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with serving(tmp_path) as served:
        yield served
