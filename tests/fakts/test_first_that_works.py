"""Ways of being let in that are tried in turn, and each way as a provider that can be replaced."""

import asyncio

import pytest
from pydantic import SecretStr

from arkitekt_di.containers.application import AppContainer
from arkitekt_di.containers.overriding import replace
from arkitekt_di.errors import ConnectionLostError, LoginExpiredError, LoginRefusedError, LoginRequiredError
from arkitekt_di.fakts.cache import InMemoryClaimCache
from arkitekt_di.fakts.facts import StaticFacts
from arkitekt_di.fakts.first_that_works import FirstThatWorks
from arkitekt_di.fakts.grant import Grant
from arkitekt_di.fakts.mandate_key import MandateKeyGrant
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.settings.load import load_app_settings
from arkitekt_di.settings.models import AppSettings, FaktsSettings
from arkitekt_di.testing.fakts import configuration
from tests.fakts.hubs import MANIFEST, known

pytestmark = pytest.mark.anyio


class Way:
    """A way that behaves as it was told, and counts how often it was gone."""

    def __init__(self, outcome=None, *, asks=False, suits=True):
        self.outcome = outcome
        self.asks = asks
        self.is_open = suits
        self.claims = 0

    def suits(self, hub):
        return self.is_open

    def is_silent(self, hub):
        return not self.asks

    def asks_person(self, hub):
        return self.asks

    def tag(self):
        return "x" if self.asks else ""

    async def claim(self, hub, manifest):
        self.claims += 1
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


REFUSED = LoginRefusedError("the hub", "the key is not accepted")
LET_IN = object()


def keeps_its_promise(grant: FirstThatWorks) -> Grant:
    return grant  # checked by mypy


@pytest.fixture
async def here(http, hub):
    return await known(http, hub)


async def test_the_next_way_is_tried_where_one_is_refused(here):
    ways = [Way(REFUSED), Way(ConnectionLostError("u", "r")), Way(LET_IN), Way(LET_IN)]

    assert await FirstThatWorks(ways).claim(here, MANIFEST) is LET_IN
    assert [way.claims for way in ways] == [1, 1, 1, 0]


async def test_a_way_that_is_not_open_is_not_gone(here):
    ways = [Way(LET_IN, suits=False), Way(LET_IN)]

    await FirstThatWorks(ways).claim(here, MANIFEST)

    assert [way.claims for way in ways] == [0, 1]


@pytest.mark.parametrize(
    "decision",
    [
        LoginRefusedError("the hub", "the app was not approved"),
        LoginExpiredError("the hub", "the code has expired"),
        LoginRequiredError("the hub", "nobody can be asked"),
    ],
)
async def test_what_a_person_decided_ends_the_chain(here, decision):
    after = Way(LET_IN)

    with pytest.raises(type(decision)) as caught:
        await FirstThatWorks([Way(REFUSED), Way(decision, asks=True), after]).claim(here, MANIFEST)

    assert caught.value is decision
    assert after.claims == 0


@pytest.mark.parametrize("giving_up", [asyncio.CancelledError(), KeyboardInterrupt()])
async def test_giving_up_ends_the_chain(here, giving_up):
    after = Way(LET_IN)

    with pytest.raises(type(giving_up)):
        await FirstThatWorks([Way(giving_up), after]).claim(here, MANIFEST)

    assert after.claims == 0


async def test_a_mistake_in_our_own_code_is_no_reason_to_try_another_way(here):
    after = Way(LET_IN)

    with pytest.raises(ZeroDivisionError):
        await FirstThatWorks([Way(ZeroDivisionError()), after]).claim(here, MANIFEST)

    assert after.claims == 0


async def test_where_none_works_each_reason_is_told(here):
    with pytest.raises(LoginRefusedError, match=r"key is not accepted.*; lost the connection to u"):
        await FirstThatWorks([Way(REFUSED), Way(ConnectionLostError("u", "r"))]).claim(here, MANIFEST)


async def test_where_no_way_is_open_a_login_is_needed(here):
    with pytest.raises(LoginRequiredError):
        await FirstThatWorks([Way(LET_IN, suits=False)]).claim(here, MANIFEST)


async def test_the_way_that_worked_stays_the_way(here):
    silent, person = Way(LET_IN), Way(LET_IN, asks=True)
    grant = FirstThatWorks([silent, person])
    assert (grant.is_silent(here), grant.asks_person(here)) == (False, True)

    await grant.claim(here, MANIFEST)

    assert (grant.is_silent(here), grant.asks_person(here)) == (True, False)


async def test_a_key_that_the_hub_refuses_leads_to_the_next_one(http, here):
    wrong = MandateKeyGrant(http, FaktsSettings(mandate_key=SecretStr("wrong")))
    right = MandateKeyGrant(http, FaktsSettings(mandate_key=SecretStr("the mandate key")))

    answer = await FirstThatWorks([wrong, right]).claim(here, MANIFEST)

    assert answer.self.deployment_name == "hub in a test"


# --- every way is a provider ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["given_login", "mandate_key", "device_code"])
async def test_each_way_can_be_replaced_alone(name, here):
    container = AppContainer(settings=AppSettings(), manifest=Manifest(identifier="x"))
    mine = Way(LET_IN)
    replace(container, f"fakts.{name}", mine)
    for other in {"given_login", "mandate_key", "device_code"} - {name}:
        replace(container, f"fakts.{other}", Way(suits=False))

    assert await container.fakts.grant().claim(here, MANIFEST) is LET_IN


@pytest.mark.parametrize(
    ("name", "mine"),
    [
        ("grant", FirstThatWorks([])),
        ("facts", StaticFacts(configuration())),
        ("cache", InMemoryClaimCache()),
    ],
)
async def test_what_gives_the_configuration_can_be_replaced(name, mine):
    container = AppContainer(settings=AppSettings(), manifest=Manifest(identifier="x"))
    replace(container, f"fakts.{name}", mine)

    assert getattr(container.fakts, name)() is mine


@pytest.mark.parametrize("how", ["environment", "json file", "yaml file"])
async def test_a_configuration_can_be_given_from_outside(how, tmp_path):
    said = configuration("given")
    match how:
        case "environment":
            environ = {"FAKTS": said.model_dump_json()}
        case "json file":
            (tmp_path / "facts").write_text(said.model_dump_json())
            environ = {"FAKTS_FILE": str(tmp_path / "facts")}
        case _:
            (tmp_path / "facts").write_text("self:\n  deployment_name: given\n  sub: ada\n")
            environ = {"FAKTS_FILE": str(tmp_path / "facts")}
    settings = load_app_settings(environ=environ, start=tmp_path).settings
    container = AppContainer(settings=settings, manifest=Manifest(identifier="x"))

    given = container.fakts.facts().read()

    assert (given.self.deployment_name, given.self.sub) == ("given", "ada")
