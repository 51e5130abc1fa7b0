"""Where the hub is looked for, from the first word to the last resort."""

import pytest

from arkitekt_di.containers.easy import EasyContainer
from arkitekt_di.containers.overriding import replace
from arkitekt_di.errors import HubUnreachableError
from arkitekt_di.fakts.discovery import NoDiscovery, StaticDiscovery
from arkitekt_di.fakts.facts import StaticFacts
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.messages.fakts import ActiveFakts, Alias, SelfFakts
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.settings.load import load_app_settings
from arkitekt_di.settings.models import AppSettings

pytestmark = pytest.mark.anyio

GIVEN = ActiveFakts(
    self=SelfFakts(deployment_name="x", alias=Alias(id="a", host="of-the-facts", ssl=True, challenge="ht"))
)


class Remembering:
    def __init__(self, url):
        self.current = url

    def load(self):
        return self


class Local:
    """Stands for the local hub, and counts how often it was started."""

    def __init__(self):
        self.starts = 0

    async def find(self):
        self.starts += 1
        return HubLocation("http://the-local-hub")


class Nearby:
    """Stands for the local network."""

    def __init__(self, fallback, url=None):
        self.fallback = fallback
        self.url = url

    async def find(self):
        return await self.fallback.find() if self.url is None else HubLocation(self.url, is_hearsay=True)


@pytest.fixture
def find(tmp_path, monkeypatch):
    """Look for the hub with some of the places set."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    async def find(*, url=None, environ=None, user_file=None, facts=None, remembered=None, nearby=None):
        arguments = {} if url is None else {"fakts.url": url}
        if user_file is not None:
            path = tmp_path / "config" / "arkitekt" / "config.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"fakts:\n  url: {user_file}\n")
        settings = load_app_settings(arguments=arguments, environ=environ or {}, start=tmp_path).settings
        container = EasyContainer(settings=settings, manifest=Manifest(identifier="x"))
        local = Local()
        replace(container, "fakts.facts", StaticFacts(facts) if facts else _NoFacts())
        replace(container, "fakts.remembered", Remembering(remembered))
        replace(container, "fakts.nearby", Nearby(local, nearby))
        location = await container.fakts.discovery().find()
        return location.url, local.starts

    return find


class _NoFacts:
    def read(self):
        return None


EVERYTHING = {
    "url": "https://of-the-argument",
    "environ": {"ARKITEKT_FAKTS__URL": "https://of-our-variable", "FAKTS_URL": "https://of-the-other-variable"},
    "user_file": "https://of-the-file",
    "facts": GIVEN,
    "remembered": "https://remembered",
    "nearby": "https://nearby",
}


async def test_each_place_gives_way_to_those_before_it_and_the_local_hub_comes_last(find, tmp_path):
    expected = [
        ("https://of-the-argument", "url"),
        ("https://of-our-variable", "environ"),
        ("https://of-the-file", "user_file"),
        ("https://of-the-facts", "facts"),
        ("https://remembered", "remembered"),
        ("https://nearby", "nearby"),
    ]
    left = dict(EVERYTHING)
    for url, place in expected:
        assert await find(**left) == (url, 0)
        left.pop(place)
        (tmp_path / "config" / "arkitekt" / "config.yaml").unlink(missing_ok=True)

    assert await find(**left) == ("http://the-local-hub", 1)


async def test_our_variable_goes_before_the_one_of_other_clients(find):
    assert await find(environ={"FAKTS_URL": "https://of-the-other-variable"}) == ("https://of-the-other-variable", 0)


async def test_what_the_container_brings_is_in_that_order():
    """The stand-ins above are at the places of the real ones."""
    container = EasyContainer(settings=AppSettings(), manifest=Manifest(identifier="x"))
    here = Local()
    replace(container, "fakts.last_resort", here)
    replace(container, "fakts.facts", _NoFacts())
    replace(container, "fakts.remembered", Remembering(None))

    assert (await container.fakts.discovery().find()).url == "http://the-local-hub"
    assert here.starts == 1


async def test_an_app_that_may_start_no_hub_is_told_that_there_is_none():
    with pytest.raises(HubUnreachableError):
        await NoDiscovery().find()
    assert (await StaticDiscovery("https://x").find()).url == "https://x"
