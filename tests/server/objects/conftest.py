"""A served endpoint for each test, over each store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from arkitekt_di.server.objects import InMemoryObjects, ObjectFolder
from tests.server.objects.live import LiveEndpoint


@pytest.fixture(params=["folder", "memory"])
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveEndpoint]:
    objects = ObjectFolder(tmp_path / "objects") if request.param == "folder" else InMemoryObjects()
    with LiveEndpoint(objects) as live:
        yield live


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[LiveEndpoint]:
    with LiveEndpoint(ObjectFolder(tmp_path / "objects")) as live:
        yield live
