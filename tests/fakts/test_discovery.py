import pytest
from pydantic import SecretStr

from arkitekt_di.fakts.discovery import ConfiguredDiscovery, FactsDiscovery, StaticDiscovery
from arkitekt_di.fakts.facts import StaticFacts
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.messages.fakts import Alias
from arkitekt_di.settings.models import FaktsSettings
from arkitekt_di.testing.fakts import configuration

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


async def test_a_given_configuration_may_name_its_hub():
    given = configuration()
    alias = Alias(id="a", host="hub.example", ssl=True, path="lab", challenge="ht")
    named = given.model_copy(update={"self": given.self.model_copy(update={"alias": alias})})

    assert await FactsDiscovery(StaticFacts(named), FALLBACK).find() == HubLocation("https://hub.example/lab")
    assert await FactsDiscovery(StaticFacts(given), FALLBACK).find() == await FALLBACK.find()
