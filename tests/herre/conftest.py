from collections.abc import AsyncIterator

import pytest

from arkitekt_di.settings.models import TransportSettings
from arkitekt_di.testing.hub import InMemoryHub
from arkitekt_di.transport.http import HttpClient


@pytest.fixture
async def hub() -> AsyncIterator[InMemoryHub]:
    async with InMemoryHub(mandate_key="the mandate key") as hub:
        yield hub


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with HttpClient(TransportSettings(connect_timeout_s=2, request_timeout_s=5)) as http:
        yield http
