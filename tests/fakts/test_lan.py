"""Beacons over real sockets of this machine; whatever is heard is only a candidate."""

import asyncio
import json
import socket
from typing import cast

import pytest

from arkitekt_di.errors import BeaconError, ConnectionLostError, HubNotTrustedError, HubUnreachableError
from arkitekt_di.fakts.discovery import LanDiscovery, NoDiscovery
from arkitekt_di.fakts.lan import MOST_CANDIDATES, MOST_OF_ONE_SENDER, Candidate, listen
from arkitekt_di.fakts.person import Nobody
from arkitekt_di.fakts.pins import InMemoryHubPins, Pin
from arkitekt_di.messages.beacon import MAX_BEACON_BYTES, PHRASE, Beacon
from arkitekt_di.messages.fakts import ChallengeKey
from arkitekt_di.server.beacon import HubBeacon, reachable_url
from arkitekt_di.server.hub_key import HubKey
from arkitekt_di.server.site import Site
from arkitekt_di.settings.models import FaktsSettings, ServerSettings
from tests.fakts.hubs import Ada

pytestmark = pytest.mark.anyio

HERE = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104  # what operators write
KEY = ChallengeKey(key="AAAA")


@pytest.fixture
def port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HERE, 0))
        return probe.getsockname()[1]


@pytest.fixture
def hear(port):
    """Listen, and send some datagrams as soon as somebody does."""

    async def hear(*datagrams, wait_s=0.1, senders=(HERE,)):
        listening = asyncio.create_task(listen(wait_s=wait_s, host=HERE, port=port))
        await asyncio.sleep(0)  # it binds before it first waits
        await asyncio.sleep(0)
        for sender in senders:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
                mouth.bind((sender, 0))
                for datagram in datagrams:
                    mouth.sendto(datagram, (HERE, port))
        return await listening

    return hear


def beacon(**members):
    return Beacon(**{"name": "a hub", "url": "https://hub.example", **members}).datagram()


class Said:
    """As much of site and key as a beacon needs."""

    def __init__(self, url="https://127.0.0.1:4711"):
        self.url = url
        self.public = KEY


def announcer(port, said=None, **listen_settings):
    settings = ServerSettings.model_validate({"name": "Lab", "listen": {"lan": True, "port": 4711, **listen_settings}})
    return make_beacon(settings, said or Said(), (HERE, port))


def make_beacon(settings, said, *targets):
    return HubBeacon(settings, cast("Site", said), cast("HubKey", said), targets=targets)


# --- listening -----------------------------------------------------------------------------------


async def test_a_hub_that_announces_itself_is_heard(port):
    hub = announcer(port, public_url="https://hub.example", said=Said("https://hub.example"))
    await hub.start()

    [heard] = await listen(wait_s=1.2, host=HERE, port=port)

    await hub.stop()
    assert heard == Candidate("Lab", "https://hub.example", KEY.fingerprint, HERE)
    assert await listen(wait_s=0.2, host=HERE, port=port) == []


async def test_listening_ends_in_time_where_nobody_speaks(hear):
    async with asyncio.timeout(5):
        assert await hear(wait_s=0.05) == []


async def test_the_same_hub_is_listed_once(hear):
    assert len(await hear(beacon(), beacon(), beacon(name="again"))) == 1


async def test_an_older_client_could_read_the_beacon():
    """The phrase, and then JSON with ``url``: what clients of before 2025 looked for on this port."""
    datagram = beacon()

    assert datagram.startswith(b"beacon-fakts")
    assert json.loads(datagram.removeprefix(b"beacon-fakts"))["url"] == "https://hub.example"


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"hello",
        PHRASE,
        PHRASE + b"{",
        PHRASE + b"[]",
        PHRASE + b"[" * 900,
        PHRASE + b"\xff\xfe",
        PHRASE + b'{"v": 2, "name": "x", "url": "https://hub.example"}',
        PHRASE + b'{"v": 1, "name": "", "url": "https://hub.example"}',
        PHRASE + b'{"v": 1, "name": 3, "url": "https://hub.example"}',
        PHRASE + b'{"v": 1, "name": "x"}',
        PHRASE + b'{"v": 1, "name": "x", "url": "https://hub.example", "fingerprint": "' + b"x" * 65 + b'"}',
        beacon() + b" " * MAX_BEACON_BYTES,
        b"x" * 60_000,
    ],
)
async def test_whatever_is_no_beacon_is_dropped_and_the_next_one_heard(hear, datagram):
    [heard] = await hear(datagram, beacon())

    assert heard.url == "https://hub.example"


@pytest.mark.parametrize(
    "url",
    [
        "http://hub.example",  # a name may lead anywhere
        "http://8.8.8.8",
        "https://user:password@hub.example",
        "https://hub.example/?token=x",
        "https://hub.example/#x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "hub.example",
        "https://",
        "https://hub.example/\x1b[2J",
        "https://hub.example:99999",
        "https://[::1",
    ],
)
async def test_an_address_that_no_hub_would_have_is_dropped(hear, url):
    assert await hear(beacon(url=url)) == []


@pytest.mark.parametrize(
    "url", ["https://hub.example", "http://192.168.1.5:8000", "http://10.0.0.1", "http://127.0.0.1:1"]
)
async def test_an_address_of_the_local_network_is_listed(hear, url):
    [heard] = await hear(beacon(url=url))

    assert heard.url == url


async def test_what_is_heard_does_not_steer_a_terminal(hear):
    [heard] = await hear(beacon(name="lab\x1b[2J", fingerprint="SHA256:\x1b[2J"))

    assert (heard.name, heard.fingerprint) == ("lab[2J", "SHA256:[2J")


async def test_one_machine_cannot_crowd_out_the_others(hear):
    flood = [beacon(url=f"https://evil-{number}.example") for number in range(200)]

    heard = await hear(*flood, senders=("127.0.0.2",), wait_s=0.5)
    assert len(heard) == MOST_OF_ONE_SENDER

    heard = await hear(*flood[:10], senders=[f"127.0.1.{number}" for number in range(1, 40)], wait_s=0.5)
    assert len(heard) <= MOST_CANDIDATES


async def test_a_flood_closes_the_ears(hear, monkeypatch):
    monkeypatch.setattr("arkitekt_di.fakts.lan.MOST_DATAGRAMS", 20)

    async with asyncio.timeout(5):
        await hear(*[b"noise"] * 30, wait_s=60)


async def test_several_programs_listen_at_once(port):
    both = asyncio.gather(*(listen(wait_s=0.1, host=HERE, port=port) for _ in range(2)))

    assert await both == [[], []]


async def test_an_address_that_is_not_ours_is_told(port):
    with pytest.raises(ConnectionLostError, match="nothing can be heard"):
        await listen(wait_s=0.1, host="192.0.2.1", port=port)


# --- announcing ----------------------------------------------------------------------------------


async def test_a_hub_is_not_announced_unless_its_operator_wants_it(port):
    hub = make_beacon(ServerSettings(), Said(), (HERE, port))
    await hub.start()

    assert await listen(wait_s=0.2, host=HERE, port=port) == []
    await hub.stop()


async def test_a_hub_that_only_this_machine_reaches_is_not_announced(port):
    with pytest.raises(BeaconError, match="--host"):
        await announcer(port).start()


async def test_a_network_that_is_gone_does_not_end_the_announcements(port):
    settings = ServerSettings.model_validate({"listen": {"lan": True, "host": EVERYWHERE, "port": 4711}})
    hub = make_beacon(settings, Said(), ("0.0.0.1", 1), (HERE, port))
    await hub.start()

    assert len(await listen(wait_s=1.2, host=HERE, port=port)) == 1
    await hub.stop()


async def test_a_hub_on_every_address_is_announced_by_one_that_others_reach():
    settings = ServerSettings.model_validate({"listen": {"host": EVERYWHERE, "port": 4711}})

    url = reachable_url("https://127.0.0.1:4711", settings)

    assert url.startswith("https://")
    assert url.endswith(":4711")
    assert EVERYWHERE not in url


# --- choosing ------------------------------------------------------------------------------------

LAB = Candidate("Lab", "https://lab.example", "SHA256:lab", "192.168.1.5")
EVIL = Candidate("Lab", "https://evil.example", "SHA256:evil", "192.168.1.6")


def discovery(*heard, person=None, pins=None, lan=True):
    async def hear():
        return heard

    return LanDiscovery(
        FaktsSettings(lan=lan), pins or InMemoryHubPins(), person or Nobody(), fallback=NoDiscovery(), hear=hear
    )


def trusting(*candidates):
    pins = InMemoryHubPins()
    for candidate in candidates:
        pins.save(Pin(origin=candidate.url, name=candidate.name, key=KEY))
    return pins


async def test_nothing_is_listened_for_unless_the_settings_want_it():
    with pytest.raises(HubUnreachableError):
        await discovery(LAB, lan=False).find()


async def test_where_nothing_is_heard_the_next_discovery_is_asked():
    with pytest.raises(HubUnreachableError):
        await discovery().find()


async def test_a_hub_that_was_heard_stays_hearsay():
    ada = Ada("1")

    assert (await discovery(LAB, person=ada).find()).is_hearsay
    assert len(ada.questions) == 1


async def test_the_one_hub_that_was_trusted_before_is_used_without_a_question():
    ada = Ada("1")

    location = await discovery(EVIL, LAB, person=ada, pins=trusting(LAB)).find()

    assert (location.url, ada.questions) == (LAB.url, [])
    assert location.is_hearsay  # its key is still to be proven


async def test_of_several_a_person_chooses():
    assert (await discovery(EVIL, LAB, person=Ada("2")).find()).url == LAB.url
    assert (await discovery(EVIL, LAB, person=Ada("1"), pins=trusting(EVIL, LAB)).find()).url == EVIL.url


@pytest.mark.parametrize("answer", [None, "", "0", "3", "yes", "-1", "²"])
async def test_without_a_choice_every_hub_is_refused_and_listed(answer):
    with pytest.raises(HubNotTrustedError, match=r"Heard: https://evil\.example, https://lab\.example"):
        await discovery(EVIL, LAB, person=Ada(answer)).find()
