"""Addresses of a service over time: asked again after a while, the last good one first; certificates that are named."""

import ssl

import pytest
import trustme

from arkitekt_di.errors import ServiceUnreachableError
from arkitekt_di.fakts import Fakts
from arkitekt_di.fakts.cache import InMemoryClaimCache
from arkitekt_di.fakts.challenge import failed_challenge
from arkitekt_di.fakts.discovery import StaticDiscovery
from arkitekt_di.fakts.facts import StaticFacts
from arkitekt_di.fakts.first_that_works import FirstThatWorks
from arkitekt_di.fakts.service import RECHECK_S
from arkitekt_di.messages.fakts import ActiveFakts, Alias, Instance, SelfFakts, TlsClaim
from arkitekt_di.settings.models import FaktsSettings
from arkitekt_di.testing.clock import ManualClock
from arkitekt_di.testing.hub import InMemoryHub
from tests.fakts.hubs import MANIFEST, first_contact

pytestmark = pytest.mark.anyio


def alias_of(hub, path="mikro"):
    host, _, port = hub.url.rpartition("/")[2].partition(":")
    return Alias(id=hub.url, host=host, port=int(port), ssl=hub.url.startswith("https"), path=path, challenge="ht")


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
async def roads(hub):
    """Run two more hubs, which are other addresses of the same service."""
    async with InMemoryHub() as second:
        yield hub, second


@pytest.fixture
async def fakts(http, hub, roads, clock):
    instance = Instance(service="live.arkitekt.mikro", identifier="mikro", aliases=tuple(map(alias_of, roads)))
    given = ActiveFakts(self=SelfFakts(deployment_name="lab"), instances={"mikro": instance})
    fakts = Fakts(
        manifest=MANIFEST,
        discovery=StaticDiscovery(hub.url),
        grant=FirstThatWorks([]),
        http=http,
        cache=InMemoryClaimCache(),
        facts=StaticFacts(given),
        first_contact=first_contact(),
        settings=FaktsSettings(challenge_timeout_s=2),
        clock=clock,
    )
    await fakts.start()
    yield fakts
    await fakts.stop()


def asked(hub):
    return [path for _, path, _ in hub.requests].count("/mikro/ht")


async def test_an_address_is_asked_once_in_a_while(fakts, roads, clock):
    for _ in range(3):
        assert (await fakts.aget_alias("mikro")).id == roads[0].url
    assert asked(roads[0]) == 1

    await clock.sleep(RECHECK_S + 1)
    assert (await fakts.aget_alias("mikro")).id == roads[0].url
    assert [asked(road) for road in roads] == [2, 0]


async def test_an_address_that_is_gone_gives_way_to_another_which_then_goes_first(fakts, roads, clock):
    first, second = roads
    await fakts.aget_alias("mikro")
    first.answers["/mikro/ht"] = (503, {}, {})

    await clock.sleep(RECHECK_S + 1)
    assert (await fakts.aget_alias("mikro")).id == second.url

    first.answers.clear()
    before = asked(first)
    await clock.sleep(RECHECK_S + 1)
    assert (await fakts.aget_alias("mikro")).id == second.url  # the last good one, though it is listed second
    assert asked(first) == before


async def test_where_every_address_is_gone_each_is_told_with_a_hint(fakts, roads, clock):
    await fakts.aget_alias("mikro")
    for road in roads:
        road.answers["/mikro/ht"] = (503, {}, {})
    await clock.sleep(RECHECK_S + 1)

    with pytest.raises(ServiceUnreachableError) as caught:
        await fakts.aget_alias("mikro")

    for road in roads:
        assert f"{road.url}/mikro: it answered with status 503 (ask who runs the hub" in str(caught.value)


# --- certificates that the hub names for a service -----------------------------------------------


@pytest.fixture
async def secure():
    """Run a service whose certificate no authority has signed, and return it with its certificate."""
    issued = trustme.CA().issue_cert("127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    issued.configure_cert(context)
    hub = InMemoryHub()
    await hub.start(context)
    yield hub, issued.cert_chain_pems[0].bytes().decode()
    await hub.stop()


def service(*certificates):
    return Instance(service="s", identifier="s", tls=TlsClaim(certificates=certificates))


async def test_the_certificate_that_the_hub_names_is_trusted_as_itself(http, secure):
    hub, pem = secure

    assert await failed_challenge(http, alias_of(hub), service(pem), timeout_s=2) is None
    hub.good_access.add("good")
    assert (await http.post_json(f"{hub.url}/mikro/graphql", {}, bearer="good")).status == 200


async def test_any_other_certificate_fails(http, secure):
    hub, _ = secure
    other = trustme.CA().issue_cert("127.0.0.1").cert_chain_pems[0].bytes().decode()

    failure = await failed_challenge(http, alias_of(hub), service(other), timeout_s=2)

    assert failure is not None
    assert "not trusted" in failure.reason
    assert hub.requests == []


async def test_without_a_name_the_system_decides(http, secure):
    hub, _ = secure

    failure = await failed_challenge(http, alias_of(hub), service(), timeout_s=2)

    assert failure is not None
    assert "not trusted" in failure.reason


async def test_plain_http_does_not_count_where_a_certificate_is_named(http, hub, secure):
    failure = await failed_challenge(http, alias_of(hub), service(secure[1]), timeout_s=2)

    assert failure is not None
    assert "only https counts" in failure.reason
    assert hub.requests == []


async def test_what_is_no_certificate_is_told(http, secure):
    failure = await failed_challenge(http, alias_of(secure[0]), service("nonsense"), timeout_s=2)

    assert failure is not None
    assert "is none" in failure.reason
