"""What the tests of herre share."""

from contextlib import asynccontextmanager

from arkitekt_di.fakts import Fakts
from arkitekt_di.fakts.device_code import DeviceCodeGrant
from arkitekt_di.fakts.discovery import StaticDiscovery
from arkitekt_di.fakts.facts import ConfiguredFacts
from arkitekt_di.fakts.first_contact import FirstContact
from arkitekt_di.fakts.grant import FirstGrant
from arkitekt_di.fakts.mandate_key import MandateKeyGrant
from arkitekt_di.fakts.person import Nobody
from arkitekt_di.fakts.pins import InMemoryHubPins
from arkitekt_di.fakts.presenter import PrintPresenter
from arkitekt_di.fakts.refresh_token import RefreshTokenGrant
from arkitekt_di.herre import Herre
from arkitekt_di.herre.claim import ClaimFlow
from arkitekt_di.messages.manifest import Manifest, Requirement
from arkitekt_di.settings.models import FaktsSettings, HerreSettings
from arkitekt_di.testing.clock import ManualClock

MANIFEST = Manifest(identifier="my-analysis", requirements=(Requirement(key="mikro", service="live.arkitekt.mikro"),))


def make_fakts(http, url, cache, *, key=None, **members):
    settings = FaktsSettings(**members)
    clock = ManualClock()
    device = DeviceCodeGrant(http, PrintPresenter(), clock=clock, sleep=clock.sleep)
    return Fakts(
        manifest=MANIFEST,
        discovery=StaticDiscovery(url, key),
        grant=FirstGrant([RefreshTokenGrant(http, settings), MandateKeyGrant(http, settings), device]),
        http=http,
        cache=cache,
        facts=ConfiguredFacts(settings),
        first_contact=FirstContact(InMemoryHubPins(), Nobody(), settings),
        settings=settings,
    )


@asynccontextmanager
async def logged_in(fakts, http, store, clock, settings=None, flow=None):
    """Start fakts and herre as an app does; without a *flow*, fakts asks the hub."""
    herre = Herre(fakts, flow or ClaimFlow(fakts, http, clock), store, settings or HerreSettings(), clock)
    await fakts.start()
    try:
        await herre.start()
        try:
            yield herre
        finally:
            await herre.stop()
    finally:
        await fakts.stop()
