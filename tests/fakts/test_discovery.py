import pytest
from pydantic import SecretStr

from arkitekt_di.fakts.discovery import ConfiguredDiscovery, StaticDiscovery
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.settings.models import FaktsSettings

pytestmark = pytest.mark.anyio

FALLBACK = StaticDiscovery("http://127.0.0.1:1", SecretStr("key"))


async def test_the_hub_that_the_settings_name_goes_first():
    found = await ConfiguredDiscovery(FaktsSettings(url="hub.example"), FALLBACK).find()

    assert found == HubLocation("hub.example")


async def test_the_key_of_one_hub_is_not_taken_to_another():
    found = await ConfiguredDiscovery(FaktsSettings(url="hub.example"), FALLBACK).find()

    assert found.mandate_key is None


async def test_without_a_name_the_fallback_is_asked():
    found = await ConfiguredDiscovery(FaktsSettings(), FALLBACK).find()

    assert found == HubLocation("http://127.0.0.1:1", SecretStr("key"))
