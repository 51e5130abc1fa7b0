import logging
import time
import traceback

import pytest
from pydantic import SecretStr

from arkitekt_di.errors import LoginRefusedError, LoginRequiredError
from arkitekt_di.fakts.cache import InMemoryClaimCache
from arkitekt_di.herre.authorization_code import AuthorizationCodeFlow
from arkitekt_di.herre.choice import Surroundings, Way
from arkitekt_di.herre.chosen_flow import ChosenFlow
from arkitekt_di.herre.claim import ClaimFlow
from arkitekt_di.herre.client import OAuthClient
from arkitekt_di.herre.client_credentials import ClientCredentialsFlow
from arkitekt_di.herre.device_code import DeviceCodeFlow
from arkitekt_di.herre.flow import LoginFlow
from arkitekt_di.herre.static_token import StaticTokenFlow
from arkitekt_di.herre.store import FileTokenStore, InMemoryTokenStore
from arkitekt_di.settings.models import HerreSettings
from arkitekt_di.testing.clock import ManualClock
from arkitekt_di.testing.issuer import CLIENT_ID, CLIENT_SECRET, InMemoryIssuer
from arkitekt_di.transport.device_polling import DevicePolling
from tests.herre.browsers import Browser
from tests.herre.logins import logged_in, make_fakts

pytestmark = pytest.mark.anyio

KEY = SecretStr("the mandate key")
DESK = Surroundings(has_terminal=True, has_browser=True)
SSH = Surroundings(has_terminal=True, is_remote=True)
BATCH = Surroundings()


@pytest.fixture
async def issuer():
    async with InMemoryIssuer() as issuer:
        yield issuer


@pytest.fixture
def store():
    return InMemoryTokenStore()


@pytest.fixture
def browser():
    return Browser()


@pytest.fixture
def app(http, hub, store, browser):
    """Return how one run of an app begins."""
    cache = InMemoryClaimCache()

    def app(here, *, key=None, store=store, **members):
        settings = HerreSettings(**members)
        fakts = make_fakts(http, hub.url, cache, key=key)
        client = OAuthClient(http, fakts, settings)
        clock = ManualClock()
        flows: dict[str, LoginFlow] = {
            Way.TOKEN: StaticTokenFlow(fakts, settings.token),
            Way.SECRET: ClientCredentialsFlow(client),
            Way.DEVICE: DeviceCodeFlow(client, http, browser, DevicePolling(clock, clock.sleep)),
            Way.CODE: AuthorizationCodeFlow(client, browser, timeout_s=5),
        }
        flow = ChosenFlow(flows, ClaimFlow(fakts, http), fakts, settings, lambda: here)
        return logged_in(fakts, http, store, time.time, settings, flow)

    return app


async def test_a_given_token_is_used_as_it_is_and_kept_nowhere(app, hub, store):
    async with app(BATCH, token="given", key=KEY) as herre:
        assert await herre.aget_token() == "given"
        await herre.logout()

    assert store._kept == {}
    assert (hub.refreshes, hub.revocations) == (0, 0)


async def test_a_given_token_that_is_refused_is_not_asked_for_again(app):
    async with app(BATCH, token="given", key=KEY) as herre:
        with pytest.raises(LoginRequiredError):
            await herre.arefresh_token("given")


async def test_a_given_token_wins_over_a_kept_login(app):
    async with app(SSH):
        pass

    async with app(SSH, token="given") as herre:
        assert await herre.aget_token() == "given"


async def test_a_program_that_nobody_watches_asks_nobody(app, hub):
    with pytest.raises(LoginRequiredError, match=rf"`arkitekt-di auth --app my-analysis login {hub.url}`"):
        async with app(BATCH):
            pass

    assert [path for _, path, _ in hub.requests] == ["/.well-known/fakts"]


async def test_a_program_that_nobody_watches_uses_the_kept_login_and_renews_it(app, hub):
    async with app(SSH) as herre:
        first = await herre.aget_token()

    async with app(BATCH) as herre:
        assert await herre.aget_token() == first
        assert await herre.arefresh_token(first) in hub.good_access

    assert (hub.claims, hub.refreshes) == (1, 1)


@pytest.mark.parametrize("here", [BATCH, SSH, DESK])
async def test_a_headless_app_waits_for_its_code_wherever_it_runs(app, hub, here):
    hub.poll_answers.extend(["authorization_pending", "approved"])

    async with app(here, login="headless") as herre:
        assert await herre.aget_token() in hub.good_access


@pytest.mark.parametrize("here", [BATCH, SSH, DESK])
async def test_a_headless_app_that_nobody_lets_in_ends_with_the_command_that_does(app, hub, here):
    hub.expires_in_s = 10**9
    hub.poll_answers.extend(["authorization_pending"] * 1000)

    with pytest.raises(LoginRequiredError, match=rf"BCDF-GHJK.*`arkitekt-di auth --app my-analysis login {hub.url}`"):
        async with app(here, login="headless"):
            pass

    assert hub.polls <= 300 / hub.interval_s


async def test_a_no_to_a_headless_app_is_a_no(app, hub):
    hub.poll_answers.append("access_denied")

    with pytest.raises(LoginRefusedError):
        async with app(BATCH, login="headless"):
            pass


async def test_a_headless_app_that_a_service_wants_more_of_ends_with_the_scopes(app, hub):
    async with app(BATCH, login="headless") as herre:
        hub.poll_answers.extend(["authorization_pending"] * 1000)
        with pytest.raises(LoginRequiredError, match="wants the scopes openid write, and nobody approved the code"):
            await herre.awiden_token(["write"])


async def test_a_headless_app_that_is_registered_waits_for_its_code_and_no_longer(app, issuer, browser):
    issuer.poll_answers.extend(["authorization_pending"] * 1000)

    with pytest.raises(LoginRequiredError, match=r"WDJB-MJHT.*`arkitekt-di auth"):
        async with app(DESK, key=KEY, issuer=issuer.url, client_id=CLIENT_ID, login="headless"):
            pass

    assert [prompt.code for prompt in browser.prompts] == ["WDJB-MJHT"]


async def test_a_headless_app_waits_for_nothing_where_there_are_no_codes(app, issuer, browser):
    issuer.document["device_authorization_endpoint"] = None

    with pytest.raises(LoginRequiredError, match="`arkitekt-di auth"):
        async with app(SSH, key=KEY, issuer=issuer.url, client_id=CLIENT_ID, login="headless"):
            pass

    assert browser.prompts == []


async def test_a_key_needs_nobody(app, hub):
    async with app(BATCH, key=KEY, login="never") as herre:
        assert await herre.aget_token() in hub.good_access


@pytest.mark.parametrize(("here", "code"), [(DESK, None), (SSH, "WDJB-MJHT")])
async def test_a_registered_app_logs_in_at_its_issuer_once(app, issuer, browser, store, here, code):
    async with app(here, key=KEY, issuer=issuer.url, client_id=CLIENT_ID) as herre:
        first = await herre.aget_token()
        assert herre.user.sub == "ada"  # from the hub's configuration

    async with app(BATCH, key=KEY, issuer=issuer.url, client_id=CLIENT_ID) as herre:
        assert await herre.aget_token() == first
        assert await herre.arefresh_token(first) in issuer.good_access
        await herre.logout()

    assert first in issuer.good_access
    assert [prompt.code for prompt in browser.prompts] == [code]
    assert issuer.good_refresh == set()
    assert store._kept == {}


async def test_a_login_at_one_issuer_is_never_sent_to_another_or_to_the_hub(app, issuer, hub, browser):
    async with app(DESK, key=KEY, issuer=issuer.url, client_id=CLIENT_ID):
        pass
    async with InMemoryIssuer() as other:
        with pytest.raises(LoginRequiredError):
            async with app(BATCH, key=KEY, issuer=other.url, client_id=CLIENT_ID):
                pass
        assert other.forms == []

    async with app(BATCH, key=KEY) as herre:
        assert await herre.aget_token() in hub.good_access


async def test_an_app_with_a_secret_logs_in_as_itself_and_again(app, issuer, store):
    async with app(
        BATCH, key=KEY, issuer=issuer.url, client_id=CLIENT_ID, client_secret=SecretStr(CLIENT_SECRET)
    ) as herre:
        first = await herre.aget_token()
        second = await herre.arefresh_token(first)

    assert {first, second} <= issuer.good_access
    assert first != second
    assert store._kept == {}


async def test_a_login_without_addresses_says_where_to_name_them(app, issuer):
    with pytest.raises(LoginRequiredError, match="FAKTS_FILE"):
        async with app(DESK, issuer=issuer.url, client_id=CLIENT_ID):
            pass


async def test_no_secret_shows_up_anywhere(app, issuer, hub, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    shown = []
    store = FileTokenStore(tmp_path)
    canaries = {"token": "canary-token", "client_secret": SecretStr(CLIENT_SECRET)}
    for members in ({}, canaries, {"client_secret": canaries["client_secret"]}):
        settings = HerreSettings(issuer=issuer.url, client_id=CLIENT_ID, **members)
        shown += [repr(settings), str(settings)]
        async with app(DESK, key=KEY, store=store, issuer=issuer.url, client_id=CLIENT_ID, **members) as herre:
            token = await herre.aget_token()
            issuer.extra = {"access_token": {"nested": token}, "refresh_token": "canary"}
            with pytest.raises(Exception) as caught:  # noqa: PT011  # whatever it is, it tells no secret
                await herre.arefresh_token(token)
            shown += [*traceback.format_exception(caught.value), repr(herre), str(vars(herre))]
            issuer.extra = {}
    printed = capfd.readouterr()
    shown += [caplog.text, printed.out, printed.err]

    everything = "\n".join(shown)
    secrets = issuer.secrets_given | hub.secrets_given | {"canary-token", "canary", KEY.get_secret_value()}
    assert [secret for secret in secrets if secret in everything] == []
    assert len(issuer.secrets_given) > 4
