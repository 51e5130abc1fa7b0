"""The contract of hubs, passed by the real one inside an app."""

from collections.abc import AsyncIterator

import pytest

from arkitekt_di import App, embedded
from arkitekt_di.testing.rekuest import Bench, TaskHubContract, offer_all

BENCH = Bench()


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def shared_app(anyio_backend: str) -> AsyncIterator[App]:
    async with embedded("tasks") as opened:
        offer_all(opened, BENCH)
        async with opened.rekuest.serving():
            yield opened


@pytest.fixture
def bench() -> Bench:
    BENCH.reset()
    return BENCH


@pytest.fixture
def app(shared_app: App, bench: Bench) -> App:
    return shared_app


class TestHub(TaskHubContract):
    pass
