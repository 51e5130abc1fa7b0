import asyncio
import time

import pytest
from pydantic import SecretStr
from rich.console import Console

from arkitekt_di.errors import (
    AppStateError,
    ConnectionLostError,
    HubUnreachableError,
    LoginRequiredError,
    ServiceNotGrantedError,
    ServiceUnreachableError,
)
from arkitekt_di.fakts import Fakts
from arkitekt_di.fakts.cache import ClaimKey, InMemoryClaimCache
from arkitekt_di.fakts.device_code import DeviceCodeGrant
from arkitekt_di.fakts.discovery import StaticDiscovery
from arkitekt_di.fakts.facts import ConfiguredFacts
from arkitekt_di.fakts.grant import FirstGrant
from arkitekt_di.fakts.mandate_key import MandateKeyGrant
from arkitekt_di.messages.fakts import ActiveFakts
from arkitekt_di.protocols.fakts import AliasSource, ClaimSource
from arkitekt_di.settings.models import FaktsSettings
from arkitekt_di.testing.clock import ManualClock
from arkitekt_di.testing.fakts import configuration
from tests.fakts.hubs import MANIFEST, Memo, first_contact

pytestmark = pytest.mark.anyio

KEY = SecretStr("the mandate key")


@pytest.fixture
def cache():
    return InMemoryClaimCache()


@pytest.fixture
def make(http, hub, cache):
    def make(*, key=None, manifest=MANIFEST, **members):
        settings = FaktsSettings(challenge_timeout_s=1, **members)
        clock = ManualClock()
        device = DeviceCodeGrant(http, Memo(), clock=clock, sleep=clock.sleep)
        return Fakts(
            manifest=manifest,
            discovery=StaticDiscovery(hub.url, key),
            grant=FirstGrant([MandateKeyGrant(http, settings), device]),
            http=http,
            cache=cache,
            facts=ConfiguredFacts(settings),
            first_contact=first_contact(),
            settings=settings,
        )

    return make


async def entered(fakts):
    await fakts.start()
    await fakts.aclaim()
    return fakts


def keeps_its_promises(fakts: Fakts) -> tuple[AliasSource, ClaimSource]:
    return fakts, fakts  # checked by mypy


async def test_a_claim_gives_a_token_bound_to_the_address_of_the_hub(make, hub):
    fakts = make()
    await fakts.start()
    hub.access_token_s = 100

    token = await fakts.aclaim()

    assert token.issuer == hub.url == fakts.url
    assert token.expires_at == pytest.approx(time.time() + 100, abs=10)
    assert token.refresh_token is not None
    assert token.scopes == ("openid",)
    assert fakts.hub.name == "hub in a test"


async def test_a_hub_that_borrows_a_name_gets_no_token_of_the_other(make, hub):
    hub.document["issuer"] = "https://good.example/o"
    fakts = make()
    await fakts.start()

    assert (await fakts.aclaim()).issuer == hub.url


async def test_the_configuration_holds_no_token(make):
    fakts = await entered(make())

    assert type(fakts.active) is ActiveFakts
    assert "token" not in fakts.active.model_dump_json()


async def test_the_configuration_can_be_looked_into(make, hub):
    fakts = await entered(make())

    assert fakts.get("mikro")["aliases"][0]["path"] == "mikro"
    assert fakts.get("self") == {"deployment_name": "hub in a test", "sub": "ada", "organization": "lab"}
    with pytest.raises(ServiceNotGrantedError, match="mikro"):
        fakts.get("rekuest")


async def test_before_the_login_there_is_no_configuration(make):
    fakts = make()
    await fakts.start()

    assert not fakts.is_configured
    with pytest.raises(LoginRequiredError):
        fakts.get("mikro")


async def test_before_the_start_there_is_no_hub(make):
    with pytest.raises(AppStateError, match="with app:"):
        make().url  # noqa: B018  # reading it is the test


async def test_after_the_stop_there_is_no_hub(make):
    fakts = await entered(make())

    await fakts.stop()

    with pytest.raises(AppStateError):
        fakts.hub  # noqa: B018  # reading it is the test


async def test_an_earlier_configuration_is_recalled(make):
    await entered(make())

    again = make()
    await again.start()

    assert again.is_configured
    assert again.active.self.sub == "ada"


async def test_an_app_that_asks_for_something_else_is_not_given_the_earlier_configuration(make):
    await entered(make())

    other = make(manifest=MANIFEST.model_copy(update={"version": "2"}))
    await other.start()

    assert not other.is_configured


async def test_what_a_key_gives_is_not_kept(make, cache, hub):
    fakts = await entered(make(key=KEY))

    assert fakts.is_silent
    assert cache.load(ClaimKey(hub.url, MANIFEST.digest())) is None


async def test_a_hub_that_does_not_answer_ends_the_start(make, hub):
    fakts = make()
    await hub.stop()

    with pytest.raises(HubUnreachableError):
        await fakts.start()


async def test_an_address_is_challenged_once_for_all_who_ask(make, hub):
    fakts = await entered(make())

    aliases = await asyncio.gather(*(fakts.aget_alias("mikro") for _ in range(20)))

    assert {alias.url("graphql") for alias in aliases} == {f"{hub.url}/mikro/graphql"}
    assert sum(path == "/mikro/ht" for _, path, _ in hub.requests) == 1


async def test_a_service_that_was_not_granted_is_told(make):
    fakts = await entered(make())

    with pytest.raises(ServiceNotGrantedError) as caught:
        await fakts.aget_alias("s3")

    assert caught.value.granted == ("mikro",)


async def test_a_service_that_is_down_is_told_and_asked_anew_the_next_time(make, hub):
    fakts = await entered(make())
    hub.answers["/mikro/ht"] = (503, None, {})
    with pytest.raises(ServiceUnreachableError, match="503"):
        await fakts.aget_alias("mikro")

    hub.answers.clear()

    assert (await fakts.aget_alias("mikro")).path == "mikro"


@pytest.fixture
async def stale(make, hub):
    """Return fakts with a configuration of an earlier run, in which the service was elsewhere."""
    hub.service_path = "moved"
    await entered(make())
    hub.service_path = "mikro"
    fakts = make()
    await fakts.start()
    return fakts


class Renewal:
    """Stands for herre: brings a fresh configuration."""

    def __init__(self, bring):
        self.bring = bring
        self.times = 0

    async def __call__(self):
        self.times += 1
        await self.bring()


async def test_a_stale_configuration_is_fetched_again(stale):
    renewal = Renewal(stale.aclaim)
    stale.renew_with(renewal)

    assert (await stale.aget_alias("mikro")).path == "mikro"
    assert renewal.times == 1


async def test_a_configuration_is_fetched_again_once_and_then_told(stale, hub):
    hub.service_path = "gone"
    renewal = Renewal(stale.aclaim)
    stale.renew_with(renewal)

    for _ in range(2):
        with pytest.raises(ServiceUnreachableError, match="gone"):
            await stale.aget_alias("mikro")
    assert renewal.times == 1


async def test_where_nothing_renews_a_stale_configuration_is_told(stale):
    with pytest.raises(ServiceUnreachableError, match="moved"):
        await stale.aget_alias("mikro")


async def test_a_renewal_that_fails_is_the_cause(stale, hub):
    async def fail():
        raise ConnectionLostError(hub.url, "gone")

    renewal = Renewal(fail)
    stale.renew_with(renewal)

    with pytest.raises(ServiceUnreachableError, match="moved") as caught:
        await stale.aget_alias("mikro")
    assert isinstance(caught.value.__cause__, ConnectionLostError)
    with pytest.raises(ServiceUnreachableError, match="moved"):
        await stale.aget_alias("mikro")
    assert renewal.times == 1


async def test_a_configuration_that_another_program_fetched_is_taken_from_the_cache(stale, make):
    async def another_program():
        await entered(make())

    stale.renew_with(another_program)

    assert (await stale.aget_alias("mikro")).path == "mikro"


def in_terminal(fakts):
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115  # thrown away
    with console.file:
        console.print(fakts)
    return console.export_text()


async def test_it_shows_hub_and_services(make, hub):
    fakts = await entered(make())

    for shown in (repr(fakts), fakts._repr_html_(), in_terminal(fakts)):
        assert "hub in a test" in shown
        assert hub.url in shown
        assert "mikro" in shown
        assert "unavailable" in shown


async def test_what_a_hub_calls_itself_runs_in_no_notebook_and_in_no_terminal(make, hub):
    hub.document["name"] = "<script>alert(1)</script>[red]x[/red]"
    fakts = await entered(make())

    assert "<script>" not in fakts._repr_html_()
    assert "[red]x[/red]" in in_terminal(fakts)


async def test_it_can_be_shown_before_it_knows_anything(make):
    fakts = make()

    assert repr(fakts) == "Fakts('no hub' at no address, services: none yet)"
    assert "no hub" in fakts._repr_html_()


# --- a configuration that the user gave ----------------------------------------------------------


async def test_a_given_configuration_holds_whatever_the_hub_says(make, hub, cache):
    fakts = make(facts=configuration("mine").model_dump_json())
    await fakts.start()

    assert fakts.is_configured
    await fakts.aclaim()

    assert fakts.get("self")["deployment_name"] == "mine"
    assert cache.load(ClaimKey(hub.url, MANIFEST.digest())) is None


async def test_a_kept_configuration_gives_way_to_a_given_one(make, hub, cache):
    cache.save(ClaimKey(hub.url, MANIFEST.digest()), configuration("kept"))
    fakts = make(facts=configuration("mine").model_dump_json())

    await fakts.start()

    assert fakts.active.self.deployment_name == "mine"
