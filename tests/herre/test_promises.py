"""herre keeps its promise at a hub, and in memory."""

import time

import numpy as np
import pytest

from arkitekt_di import embedded
from arkitekt_di.fakts.cache import InMemoryClaimCache
from arkitekt_di.fakts.in_memory import InMemoryFakts
from arkitekt_di.herre.in_memory import InMemoryHerre
from arkitekt_di.herre.store import InMemoryTokenStore
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.mikro import from_xarray, search_images
from arkitekt_di.protocols.herre import WideningTokenSource
from arkitekt_di.protocols.service import Service
from arkitekt_di.settings.models import HerreSettings
from arkitekt_di.testing.clock import ManualClock
from arkitekt_di.testing.herre import TokenSourceContract
from tests.apps import Quiet
from tests.herre.logins import logged_in, make_fakts


class TestInMemoryHerre(TokenSourceContract):
    @pytest.fixture
    async def source(self):
        herre = InMemoryHerre()
        await herre.start()
        return herre

    @pytest.mark.anyio
    async def test_a_wider_token_is_another_one_once(self, source: InMemoryHerre):
        narrow = await source.aget_token()

        wide = await source.awiden_token(["write"])

        assert wide != narrow
        assert await source.awiden_token(["write"]) == wide
        assert source.scopes == ("write",)


class TestHerreAtAHub(TokenSourceContract):
    @pytest.fixture
    async def source(self, http, hub):
        fakts = make_fakts(http, hub.url, InMemoryClaimCache())
        async with logged_in(fakts, http, InMemoryTokenStore(), ManualClock(time.time()), HerreSettings()) as herre:
            yield herre


def keeps_its_promise(herre: InMemoryHerre) -> tuple[WideningTokenSource, Service]:
    return herre, herre  # checked by mypy


def test_an_app_of_which_every_service_is_in_memory_needs_no_hub():
    everything = {
        "hub": Quiet("hub"),
        "fakts": InMemoryFakts(Manifest(identifier="test")),
        "herre": InMemoryHerre(),
    }
    settings = {"mikro.kind": "in_memory", "rekuest.kind": "in_memory"}

    with embedded("test", overrides=everything, settings=settings):
        from_xarray(np.eye(4), name="small")
        assert [image.name for image in search_images()] == ["small"]
