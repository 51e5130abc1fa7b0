"""fakts keeps its promises at a hub, and in memory."""

import pytest
from pydantic import SecretStr

from arkitekt_di.fakts import Fakts
from arkitekt_di.fakts.cache import InMemoryClaimCache
from arkitekt_di.fakts.discovery import StaticDiscovery
from arkitekt_di.fakts.facts import ConfiguredFacts
from arkitekt_di.fakts.grant import FirstGrant
from arkitekt_di.fakts.in_memory import InMemoryFakts
from arkitekt_di.fakts.mandate_key import MandateKeyGrant
from arkitekt_di.messages.fakts import Alias
from arkitekt_di.protocols.fakts import AliasSource, ClaimSource
from arkitekt_di.protocols.service import Service
from arkitekt_di.settings.models import FaktsSettings
from arkitekt_di.testing.fakts import ClaimSourceContract
from tests.fakts.hubs import MANIFEST, first_contact


class TestInMemoryFakts(ClaimSourceContract):
    @pytest.fixture
    def source(self):
        return InMemoryFakts(MANIFEST, {"mikro": Alias(id="a", host="mikro.lab", challenge="ht")})


class TestFaktsAtAHub(ClaimSourceContract):
    @pytest.fixture
    async def source(self, http, hub):
        settings = FaktsSettings(challenge_timeout_s=1)
        fakts = Fakts(
            manifest=MANIFEST,
            discovery=StaticDiscovery(hub.url, SecretStr("the mandate key")),
            grant=FirstGrant([MandateKeyGrant(http, settings)]),
            http=http,
            cache=InMemoryClaimCache(),
            facts=ConfiguredFacts(settings),
            first_contact=first_contact(),
            settings=settings,
        )
        await fakts.start()
        yield fakts
        await fakts.stop()


def keeps_its_promises(fakts: InMemoryFakts) -> tuple[AliasSource, ClaimSource, Service]:
    return fakts, fakts, fakts  # checked by mypy
