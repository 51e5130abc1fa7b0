import asyncio

import pytest

from arkitekt_di.errors import (
    ConnectionLostError,
    InsecureTransportError,
    LoginExpiredError,
    LoginRefusedError,
    NotAHubError,
)
from arkitekt_di.fakts.device_code import DeviceCodeGrant
from arkitekt_di.fakts.presenter import PrintPresenter
from arkitekt_di.testing.clock import ManualClock
from tests.fakts.hubs import MANIFEST, Memo, known

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def memo():
    return Memo()


@pytest.fixture
def grant(http, memo, clock):
    return DeviceCodeGrant(http, memo, clock=clock, sleep=clock.sleep)


async def test_an_approved_code_gives_tokens_and_configuration(grant, http, hub, memo):
    answer = await grant.claim(await known(http, hub), MANIFEST)

    assert answer.access_token.get_secret_value() in hub.good_access
    assert answer.refresh_token is not None
    assert answer.instances["mikro"].service == "live.arkitekt.mikro"
    assert not memo.is_showing


async def test_a_person_sees_the_app_the_hub_the_link_and_the_code(grant, http, hub, memo):
    await grant.claim(await known(http, hub), MANIFEST)

    [prompt] = memo.prompts
    assert (prompt.app, prompt.hub, prompt.code) == ("my-analysis", "hub in a test", "BCDF-GHJK")
    assert prompt.link == f"{hub.url}/configure/BCDF-GHJK"
    assert prompt.expires_in_s == 300


async def test_it_asks_at_the_interval_of_the_hub(grant, http, hub, clock):
    hub.interval_s = 7
    hub.poll_answers.extend(["authorization_pending", "authorization_pending", "approved"])

    await grant.claim(await known(http, hub), MANIFEST)

    assert clock.slept == [7, 7, 7]


async def test_it_never_asks_more_than_once_a_second(grant, http, hub, clock):
    hub.interval_s = 0

    await grant.claim(await known(http, hub), MANIFEST)

    assert clock.slept == [1]


async def test_slow_down_adds_five_seconds_for_good(grant, http, hub, clock):
    # RFC 8628, section 3.5: "the interval MUST be increased by 5 seconds for this and all subsequent requests".
    hub.poll_answers.extend(["slow_down", "authorization_pending", "slow_down", "approved"])

    await grant.claim(await known(http, hub), MANIFEST)

    assert clock.slept == [5, 10, 10, 15]


async def test_a_hub_that_is_away_for_a_moment_is_asked_again_more_slowly(http, hub, clock, memo):
    hub.poll_answers.append("approved")
    hub.answers["/o/token/"] = (502, "bad gateway", {})

    async def come_back(seconds):
        await clock.sleep(seconds)
        if len(clock.slept) == 3:
            hub.answers.clear()

    grant = DeviceCodeGrant(http, memo, clock=clock, sleep=come_back)

    await grant.claim(await known(http, hub), MANIFEST)

    assert clock.slept == [5, 10, 20]


async def test_waiting_ends_when_the_code_expires(grant, http, hub, clock, memo):
    hub.expires_in_s = 12
    hub.poll_answers.extend(["authorization_pending"] * 100)

    with pytest.raises(LoginExpiredError, match="BCDF-GHJK"):
        await grant.claim(await known(http, hub), MANIFEST)

    assert clock.now == 12
    assert hub.polls == 3
    assert not memo.is_showing


async def test_without_a_browser_link_and_code_are_printed_and_waiting_still_ends(http, hub, clock, capsys):
    hub.poll_answers.extend(["authorization_pending"] * 100)
    grant = DeviceCodeGrant(http, PrintPresenter(), clock=clock, sleep=clock.sleep)

    with pytest.raises(LoginExpiredError, match="Open the app again"):
        await grant.claim(await known(http, hub), MANIFEST)

    printed = capsys.readouterr().err
    assert f"{hub.url}/configure/BCDF-GHJK" in printed
    assert clock.now == 300


async def test_a_code_that_never_expires_is_given_up_after_five_minutes(grant, http, hub, clock, memo):
    hub.expires_in_s = 10**9
    hub.poll_answers.extend(["slow_down"] * 1000)

    with pytest.raises(LoginExpiredError):
        await grant.claim(await known(http, hub), MANIFEST)

    assert clock.now == 300
    assert memo.prompts[0].expires_in_s == 300


async def test_the_user_says_how_long_is_waited_and_the_hub_is_asked_for_a_code_for_as_long(http, hub, clock, memo):
    hub.expires_in_s = 10**9
    hub.poll_answers.extend(["authorization_pending"] * 1000)
    grant = DeviceCodeGrant(http, memo, clock=clock, sleep=clock.sleep, timeout_s=29.5)

    with pytest.raises(LoginExpiredError):
        await grant.claim(await known(http, hub), MANIFEST)

    assert clock.now == 29.5
    assert hub.wanted_expiry_s == 30


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        ("access_denied", LoginRefusedError, "not approved"),
        ("expired_token", LoginExpiredError, "expired"),
        ("invalid_grant", LoginRefusedError, "invalid_grant"),
        ("something_new", LoginRefusedError, "something_new"),
    ],
)
async def test_a_decision_against_the_app_is_told(grant, http, hub, answer, error, reason):
    hub.poll_answers.append(answer)

    with pytest.raises(error, match=reason):
        await grant.claim(await known(http, hub), MANIFEST)


async def test_giving_up_while_waiting_is_clean(http, hub, memo):
    asked = asyncio.Event()

    async def wait_for_ever(_seconds):
        asked.set()
        await asyncio.Event().wait()

    grant = DeviceCodeGrant(http, memo, sleep=wait_for_ever)
    claim = asyncio.create_task(grant.claim(await known(http, hub), MANIFEST))
    await asked.wait()
    claim.cancel()

    with pytest.raises(asyncio.CancelledError):
        await claim
    assert not memo.is_showing


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        ((200, {"status": "error", "error": "unknown scope"}, {}), LoginRefusedError, "unknown scope"),
        ((429, {"error": "slow_down"}, {}), LoginRefusedError, "slow_down"),
        ((200, {"status": "granted"}, {}), NotAHubError, "incomplete"),
        ((500, "oh no", {}), ConnectionLostError, "status 500"),
    ],
)
async def test_a_hub_that_gives_no_code_is_told(grant, http, hub, answer, error, reason):
    hub.answers["/o/app-authorization/"] = answer

    with pytest.raises(error, match=reason):
        await grant.claim(await known(http, hub), MANIFEST)


@pytest.mark.parametrize(
    "changes",
    [
        {"verification_uri_complete": "file:///etc/passwd"},
        {"verification_uri_complete": "javascript:alert(1)"},
        {"verification_uri_complete": "http://evil.example/"},
        {"verification_uri_complete": "https://hub.example/\x1b[2J"},
        {"verification_uri": "vscode://run"},
        {"user_code": "\x1b]0;title\x07"},
    ],
)
async def test_what_is_not_safe_to_show_or_open_is_not_shown(grant, http, hub, memo, changes):
    code = {
        "device_code": "d",
        "user_code": "u",
        "client_id": "c",
        "verification_uri": "https://hub.example/",
        "expires_in": 300,
    }
    hub.answers["/o/app-authorization/"] = (200, {**code, **changes}, {})

    with pytest.raises(NotAHubError):
        await grant.claim(await known(http, hub), MANIFEST)

    assert memo.prompts == []


@pytest.mark.parametrize("path", ["/o/app-authorization/", "/o/token/"])
async def test_a_hub_that_sends_credentials_elsewhere_is_refused(grant, http, hub, path):
    hub.answers[path] = (307, {}, {"Location": "https://evil.example/"})

    with pytest.raises(InsecureTransportError, match=r"evil\.example"):
        await grant.claim(await known(http, hub), MANIFEST)
