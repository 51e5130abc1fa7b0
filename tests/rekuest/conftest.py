"""An app whose hub for functions is in memory."""

from collections.abc import AsyncIterator

import pytest

from arkitekt_di import App
from arkitekt_di.rekuest.in_memory import InMemoryTaskHub
from arkitekt_di.testing.rekuest import Bench, offer_all
from tests.apps import Quiet, offline_app


class Ada(Quiet):
    """Gives tokens of one person."""

    url = "memory://hub"

    async def aget_token(self) -> str:
        return "ada"

    async def arefresh_token(self, stale: str) -> str:
        return stale


@pytest.fixture
def task_hub() -> InMemoryTaskHub:
    return InMemoryTaskHub()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def closed_app(task_hub: InMemoryTaskHub) -> App:
    ada = Ada("herre")
    return offline_app("tasks", fakts=ada, herre=ada, **{"rekuest.door": task_hub, "rekuest.desk": task_hub})


@pytest.fixture
async def app(closed_app: App, bench: Bench, anyio_backend: str) -> AsyncIterator[App]:
    async with closed_app as opened:
        offer_all(opened, bench)
        async with opened.rekuest.serving():
            yield opened
