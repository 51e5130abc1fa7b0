import time
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qs, unquote_plus, urlsplit

import pytest
from pydantic import SecretStr

from arkitekt_di.errors import (
    ConnectionLostError,
    InsecureTransportError,
    LoginError,
    LoginExpiredError,
    LoginRefusedError,
)
from arkitekt_di.herre.authorization_code import AuthorizationCodeFlow
from arkitekt_di.herre.client import OAuthClient
from arkitekt_di.herre.client_credentials import ClientCredentialsFlow
from arkitekt_di.herre.device_code import DeviceCodeFlow
from arkitekt_di.herre.flow import Login, LoginFlow
from arkitekt_di.herre.provider import read_provider
from arkitekt_di.messages.fakts import WellKnown
from arkitekt_di.messages.oauth import OAuthRefusal
from arkitekt_di.protocols.fakts import ClaimSource
from arkitekt_di.settings.models import HerreSettings
from arkitekt_di.testing.clock import ManualClock
from arkitekt_di.testing.issuer import CLIENT_ID, CLIENT_SECRET, InMemoryIssuer
from arkitekt_di.transport.device_polling import DevicePolling
from tests.herre.browsers import Browser, Nobody
from tests.herre.logins import MANIFEST

pytestmark = pytest.mark.anyio


@dataclass
class Claims:
    """As much of fakts as a client asks."""

    url: str = "http://127.0.0.1:1"
    issuer: str | None = None
    manifest = MANIFEST

    @property
    def hub(self):
        return WellKnown(name="hub", issuer=self.issuer)


@pytest.fixture
async def issuer():
    async with InMemoryIssuer() as issuer:
        yield issuer


@pytest.fixture
def browser():
    return Browser()


@pytest.fixture
def make_client(http, issuer):
    def make_client(*, secret=None, claims=None, **settings):
        given = {"issuer": issuer.url, "client_id": CLIENT_ID, "client_secret": secret, **settings}
        return OAuthClient(http, cast("ClaimSource", claims or Claims()), HerreSettings(**given), time.time)

    return make_client


@pytest.fixture
def code_flow(make_client, browser):
    return AuthorizationCodeFlow(make_client(), browser, timeout_s=5)


def keeps_its_promise(flow: AuthorizationCodeFlow | DeviceCodeFlow | ClientCredentialsFlow) -> LoginFlow:
    return flow  # checked by mypy


# --- authorization code --------------------------------------------------------------------------


async def test_a_browser_logs_in_with_pkce(code_flow, issuer, browser):
    login = await code_flow.login()

    token = login.token
    assert token.access_token.get_secret_value() in issuer.good_access
    assert (token.issuer, token.client_id) == (issuer.url, CLIENT_ID)
    assert 0 < token.expires_at - time.time() <= 600
    asked = parse_qs(urlsplit(browser.prompts[0].link).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert asked["scope"] == ["openid"]
    assert browser.prompts[0].code is None
    assert 43 <= len(issuer.forms[0]["code_verifier"]) <= 128
    assert issuer.forms[0]["code_verifier"] not in browser.prompts[0].link
    assert browser.statuses == [200]


async def test_every_login_has_its_own_state_and_challenge(code_flow, browser):
    await code_flow.login()
    await code_flow.login()

    first, second = (parse_qs(urlsplit(prompt.link).query) for prompt in browser.prompts)
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]
    assert first["redirect_uri"] != second["redirect_uri"]


async def test_a_code_of_another_issuer_is_never_sent_to_anybody(code_flow, issuer):
    """Mix-up: RFC 9207."""
    async with InMemoryIssuer() as evil:
        issuer.redirect["iss"] = evil.url

        with pytest.raises(LoginError, match="another issuer"):
            await code_flow.login()

        assert (issuer.forms, evil.forms) == ([], [])


async def test_the_name_of_the_issuer_may_not_be_missing_where_it_was_announced(code_flow, issuer):
    issuer.redirect["iss"] = None

    with pytest.raises(LoginError, match="another issuer"):
        await code_flow.login()


async def test_a_person_who_never_comes_ends_the_login(make_client):
    flow = AuthorizationCodeFlow(make_client(), Nobody(), timeout_s=0.05)

    with pytest.raises(LoginExpiredError):
        await flow.login()


async def test_a_wrong_state_does_not_end_the_login(make_client, issuer):
    issuer.redirect["state"] = "wrong"
    flow = AuthorizationCodeFlow(make_client(), browser := Browser(), timeout_s=0.5)

    with pytest.raises(LoginExpiredError):
        await flow.login()

    assert browser.statuses == [400]
    assert issuer.forms == []


async def test_a_refused_login_is_told(code_flow, issuer):
    issuer.redirect.update(error="access_denied", code=None)

    with pytest.raises(LoginRefusedError, match="access_denied"):
        await code_flow.login()


@pytest.mark.parametrize("endpoint", [None, "file:///etc/passwd"])
async def test_only_web_pages_are_opened(code_flow, issuer, browser, endpoint):
    issuer.document["authorization_endpoint"] = endpoint

    with pytest.raises(LoginError):
        await code_flow.login()

    assert browser.prompts == []


async def test_a_login_is_renewed_and_revoked(code_flow, issuer):
    token = (await code_flow.login()).token

    renewed = await code_flow.renew(token)
    again = await code_flow.renew(token)
    await code_flow.revoke(renewed.token)

    assert renewed.token.access_token.get_secret_value() in issuer.good_access
    assert isinstance(again, OAuthRefusal)
    assert issuer.good_refresh == set()
    assert issuer.forms[-1]["client_id"] == CLIENT_ID


async def test_a_foreign_issuer_says_nothing_about_services(code_flow, issuer, http, hub):
    issuer.extra["self"] = {"deployment_name": "evil"}

    assert (await code_flow.login()).configuration is None


# --- the hub as the issuer -----------------------------------------------------------------------


async def test_the_hub_gives_tokens_and_configuration_to_a_registered_app(make_client, issuer, browser):
    issuer.extra["self"] = {"deployment_name": "lab"}
    hub_url = issuer.url.removesuffix("/realm")
    client = make_client(claims=Claims(hub_url, issuer.url), issuer=None)

    login = await AuthorizationCodeFlow(client, browser, timeout_s=5).login()

    assert login.configuration is not None
    assert login.configuration.self.deployment_name == "lab"
    assert login.token.issuer == hub_url


@pytest.mark.parametrize("named", [None, "https://evil.example/o"])
async def test_a_hub_cannot_send_a_login_elsewhere(make_client, browser, named):
    client = make_client(claims=Claims(issuer=named), issuer=None)

    with pytest.raises(LoginError, match="no tokens to registered apps"):
        await AuthorizationCodeFlow(client, browser).login()


# --- client credentials --------------------------------------------------------------------------


@pytest.mark.parametrize("methods", [["client_secret_basic"], ["client_secret_post"], None])
async def test_an_app_logs_in_as_itself(make_client, issuer, methods):
    issuer.document["token_endpoint_auth_methods_supported"] = methods
    flow = ClientCredentialsFlow(make_client(secret=SecretStr(CLIENT_SECRET)))

    token = (await flow.login()).token

    assert flow.is_repeatable
    assert token.access_token.get_secret_value() in issuer.good_access
    assert token.refresh_token is None
    assert ("client_secret" in issuer.forms[0]) == (methods == ["client_secret_post"])
    await flow.revoke(token)
    assert issuer.good_access == set()


async def test_a_wrong_secret_is_refused_without_repeating_it(make_client):
    flow = ClientCredentialsFlow(make_client(secret=SecretStr("canary")))

    with pytest.raises(LoginRefusedError) as caught:
        await flow.login()

    assert "canary" not in str(caught.value) + repr(caught.value)


# --- device code ---------------------------------------------------------------------------------


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def device_flow(make_client, http, clock):
    return DeviceCodeFlow(make_client(), http, Nobody(), DevicePolling(clock, clock.sleep))


async def test_a_code_that_is_approved_elsewhere_logs_in(device_flow, issuer, clock):
    issuer.poll_answers.extend(["authorization_pending", "slow_down"])

    token = (await device_flow.login()).token

    assert token.access_token.get_secret_value() in issuer.good_access
    assert clock.slept == [5, 5, 10]
    prompt = device_flow._presenter.prompts[0]
    assert (prompt.code, prompt.link) == ("WDJB-MJHT", f"{issuer.url}/activate")


async def test_a_code_that_nobody_approves_expires(device_flow, issuer):
    issuer.poll_answers.extend(["authorization_pending"] * 100)

    with pytest.raises(LoginExpiredError, match="WDJB-MJHT"):
        await device_flow.login()


@pytest.mark.parametrize(
    "extra", [{"verification_uri": "file:///x"}, {"user_code": "\x1b[2J"}, {"device_code": None}, {"expires_in": "x"}]
)
async def test_a_device_code_that_is_unfit_is_not_shown(device_flow, issuer, extra):
    issuer.extra = extra

    with pytest.raises(LoginError):
        await device_flow.login()

    assert device_flow._presenter.prompts == []


async def test_an_issuer_without_device_codes_is_told(device_flow, issuer):
    issuer.document["device_authorization_endpoint"] = None

    with pytest.raises(LoginError, match="gives no device codes"):
        await device_flow.login()


# --- the issuer's document -----------------------------------------------------------------------


async def test_an_issuer_has_to_be_who_it_says(http, issuer):
    issuer.document["issuer"] = "https://other.example"

    with pytest.raises(LoginError, match=r"it says that it is 'https://other\.example'"):
        await read_provider(http, issuer.url)


@pytest.mark.parametrize("member", ["token_endpoint", "authorization_endpoint", "revocation_endpoint"])
async def test_no_endpoint_may_be_where_others_read_along(http, issuer, member):
    issuer.document[member] = "http://login.example/x"

    with pytest.raises(InsecureTransportError):
        await read_provider(http, issuer.url)


@pytest.mark.parametrize(
    "url", ["http://login.example", "ftp://x", "https://user:pw@login.example", "https://login.example/?a=b", "x"]
)
async def test_an_address_that_is_no_issuer_is_refused(http, url):
    with pytest.raises(LoginError) as caught:
        await read_provider(http, url)

    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"), [("token_endpoint", None), ("code_challenge_methods_supported", ["plain"])]
)
async def test_an_issuer_that_cannot_be_used_safely_is_refused(http, issuer, name, content):
    issuer.document[name] = content

    with pytest.raises(LoginError):
        await read_provider(http, issuer.url)


async def test_an_address_without_a_document_is_no_issuer(http, issuer):
    with pytest.raises(LoginError, match="no document about this issuer"):
        await read_provider(http, f"{issuer.url}/other")


@pytest.mark.parametrize("extra", [{"token_type": "mac"}, {"access_token": ""}, {"access_token": None}])
async def test_tokens_that_cannot_be_used_are_refused(code_flow, issuer, extra):
    issuer.extra = extra

    with pytest.raises(ConnectionLostError):
        await code_flow.login()


# --- a secret and the addresses it must not be in -------------------------------------------------


@pytest.mark.parametrize("methods", [["client_secret_basic"], ["client_secret_post"]])
async def test_the_secret_of_a_registered_client_is_in_no_address_at_an_issuer_of_others(
    make_client, issuer, browser, http, clock, methods
):
    issuer.document["token_endpoint_auth_methods_supported"] = methods
    presenter = Nobody()

    def confidential():
        return make_client(secret=SecretStr(CLIENT_SECRET))

    by_browser = AuthorizationCodeFlow(confidential(), browser, timeout_s=5)
    by_code = DeviceCodeFlow(confidential(), http, presenter, DevicePolling(clock, clock.sleep))
    for flow in (by_browser, by_code, ClientCredentialsFlow(confidential())):
        token = (await flow.login()).token
        if token.refresh_token is not None:
            renewed = await flow.renew(token)
            assert isinstance(renewed, Login)
            token = renewed.token
        await flow.revoke(token)

    addresses = [*issuer.addresses, *(prompt.link for prompt in [*browser.prompts, *presenter.prompts])]
    assert {urlsplit(address).path for address in issuer.addresses} >= {
        "/realm/authorize",
        "/realm/device",
        "/realm/token",
    }
    assert [address for address in addresses if CLIENT_SECRET in unquote_plus(address)] == []
    assert [address for address in addresses if "client_secret" in address] == []
