"""Logging in from a shell far away: the address at which the browser ended is pasted."""

import socket
import time
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest

from arkitekt_di.errors import LoginError, LoginExpiredError, LoginRefusedError, LoginWayClosedError
from arkitekt_di.fakts.cache import InMemoryClaimCache
from arkitekt_di.herre import loopback
from arkitekt_di.herre.authorization_answer import AuthorizationAnswer
from arkitekt_di.herre.authorization_code import AuthorizationCodeFlow
from arkitekt_di.herre.choice import Surroundings, Way
from arkitekt_di.herre.chosen_flow import ChosenFlow
from arkitekt_di.herre.claim import ClaimFlow
from arkitekt_di.herre.client import OAuthClient
from arkitekt_di.herre.device_code import DeviceCodeFlow
from arkitekt_di.herre.flow import LoginFlow
from arkitekt_di.herre.pasted_address import TRIES, PastedAddress
from arkitekt_di.herre.static_token import StaticTokenFlow
from arkitekt_di.settings.models import HerreSettings
from arkitekt_di.testing.clock import ManualClock
from arkitekt_di.testing.issuer import CLIENT_ID, InMemoryIssuer
from arkitekt_di.transport.device_polling import DevicePolling
from tests.herre.browsers import Browser, Nobody
from tests.herre.logins import make_fakts

pytestmark = pytest.mark.anyio

ISSUER = "https://login.example/realm"
DESK = Surroundings(has_terminal=True, has_browser=True)
SSH = Surroundings(has_terminal=True, is_remote=True)
NOTEBOOK = Surroundings(is_notebook=True)


class Typist:
    """Types one line after another, made from the address that is waited for."""

    def __init__(self, *lines):
        self.lines = list(lines)
        self.questions = []
        self.receiver = None

    async def ask(self, question, *, timeout_s):
        self.questions.append(question)
        line = self.lines.pop(0) if self.lines else None
        return line(self.receiver) if callable(line) else line


@pytest.fixture
def answer():
    return AuthorizationAnswer(ISSUER, sends_issuer=True)


@pytest.fixture
def pasted(answer):
    async def pasted(*lines):
        typist = Typist(*lines)
        async with PastedAddress(answer, typist) as receiver:
            typist.receiver = receiver
            code = await receiver.code(timeout_s=60)
        return code, typist

    return pasted


def address(answer, **members):
    fields = {"code": "the-code", "state": answer.state, "iss": ISSUER, **members}
    query = urlencode({name: value for name, value in fields.items() if value is not None})
    return lambda receiver: f"{receiver.redirect_uri}?{query}"


async def test_the_code_is_in_the_address(pasted, answer):
    code, typist = await pasted(address(answer))

    assert code == "the-code"
    assert "paste it here" in typist.questions[0]


async def test_blanks_around_it_do_no_harm(pasted, answer):
    code, _ = await pasted(lambda receiver: f"  {address(answer)(receiver)}\r\n")

    assert code == "the-code"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "the-code",
        "https://evil.example/?code=x",
        lambda receiver: receiver.redirect_uri,
        lambda receiver: receiver.redirect_uri.replace("127.0.0.1", "127.0.0.1.evil.example") + "?code=x&state=y",
        lambda receiver: f"{receiver.redirect_uri}?{'&'.join('a=b' for _ in range(100))}",
    ],
    ids=["nothing", "the code alone", "another site", "no answer", "another name", "too many fields"],
)
async def test_anything_else_is_asked_for_again(pasted, answer, wrong):
    code, typist = await pasted(wrong, address(answer))

    assert code == "the-code"
    assert "again" in typist.questions[1]


async def test_an_address_of_another_login_is_not_used(pasted, answer):
    """Somebody could send a link, and ask for the address to be pasted here: login CSRF."""
    code, _ = await pasted(address(answer, state="of another login", code="theirs"), address(answer))

    assert code == "the-code"


async def test_a_name_that_is_there_twice_is_not_used(pasted, answer):
    twice = lambda receiver: address(answer)(receiver) + "&code=theirs"  # noqa: E731  # made from the receiver

    assert (await pasted(twice, address(answer)))[0] == "the-code"


async def test_after_some_wrong_addresses_it_ends(pasted):
    with pytest.raises(LoginRefusedError):
        await pasted(*["nonsense"] * (TRIES + 1))


async def test_an_answer_of_another_issuer_ends_the_login(pasted, answer):
    with pytest.raises(LoginError, match="another issuer"):
        await pasted(address(answer, iss="https://evil.example"))
    with pytest.raises(LoginError, match="another issuer"):
        await pasted(address(answer, iss=None))


async def test_a_no_is_a_no(pasted, answer):
    with pytest.raises(LoginRefusedError, match="access_denied"):
        await pasted(address(answer, code=None, error="access_denied"))


async def test_where_nobody_types_it_ends(pasted):
    with pytest.raises(LoginExpiredError):
        await pasted(None)


# --- in a login ----------------------------------------------------------------------------------


@pytest.fixture
async def issuer():
    async with InMemoryIssuer() as issuer:
        yield issuer


class FarBrowser:
    """Opens the link on another machine, where nobody listens, and keeps the address at which it ended."""

    def __init__(self):
        self.prompts = []
        self.address = ""

    def showing(self, prompt):
        self.prompts.append(prompt)
        return self

    async def __aenter__(self):
        async with aiohttp.ClientSession() as far, far.get(self.prompts[-1].link, allow_redirects=False) as page:
            self.address = page.headers["Location"]

    async def __aexit__(self, *_):
        pass

    async def ask(self, question, *, timeout_s):
        return self.address


@pytest.fixture
def chosen(http, hub, issuer):
    """Return how an app that is registered at the issuer chooses, and the browsers of its person."""

    async def chosen(here, *, receive=None, **settings):
        fakts = make_fakts(http, hub.url, InMemoryClaimCache())
        await fakts.start()
        given = HerreSettings(issuer=issuer.url, client_id=CLIENT_ID, **settings)
        client = OAuthClient(http, fakts, given, time.time)
        near, far, device, clock = Browser(), FarBrowser(), Nobody(), ManualClock()
        flows: dict[str, LoginFlow] = {
            Way.TOKEN: StaticTokenFlow(fakts, None),
            Way.DEVICE: DeviceCodeFlow(client, http, device, DevicePolling(clock, clock.sleep)),
            Way.CODE: AuthorizationCodeFlow(client, near, *([receive] if receive else []), timeout_s=5),
            Way.PASTE: AuthorizationCodeFlow(client, far, lambda answer: PastedAddress(answer, far), timeout_s=5),
        }
        return ChosenFlow(flows, ClaimFlow(fakts, http), fakts, given, lambda: here), near, far, device

    return chosen


async def test_where_the_issuer_gives_no_device_codes_the_address_is_pasted(chosen, issuer):
    issuer.document["device_authorization_endpoint"] = None
    flow, _, far, _ = await chosen(SSH)

    login = await flow.login()

    assert login.token.access_token.get_secret_value() in issuer.good_access
    assert not far.prompts[0].comes_back
    assert urlsplit(far.address).hostname == "127.0.0.1"


class NoPort:
    """A machine on which nothing can be listened on."""

    comes_back = True
    redirect_uri = ""

    def __init__(self, answer):
        self.answer = answer

    async def __aenter__(self):
        raise LoginWayClosedError(self.answer.issuer, "no port of this machine can be listened on")

    async def __aexit__(self, *_):
        pass

    async def code(self, *, timeout_s):
        return ""


async def test_where_no_port_can_be_listened_on_a_device_code_is_offered(chosen):
    flow, near, far, device = await chosen(DESK, receive=NoPort)

    await flow.login()

    assert [len(one.prompts) for one in (near, device, far)] == [0, 1, 0]
    assert device.prompts[0].code == "WDJB-MJHT"


async def test_where_there_is_neither_port_nor_device_code_the_address_is_pasted(chosen, issuer):
    issuer.document["device_authorization_endpoint"] = None
    flow, near, far, device = await chosen(DESK, receive=NoPort)

    await flow.login()

    assert [len(one.prompts) for one in (near, device, far)] == [0, 0, 1]


async def test_where_nobody_can_paste_the_reason_is_told(chosen, issuer):
    issuer.document["device_authorization_endpoint"] = None
    flow, _, far, _ = await chosen(NOTEBOOK)

    with pytest.raises(LoginWayClosedError, match="no device codes"):
        await flow.login()

    assert far.prompts == []


async def test_a_no_leads_to_no_other_way(chosen, issuer):
    issuer.redirect |= {"code": None, "error": "access_denied"}
    flow, near, far, device = await chosen(DESK)

    with pytest.raises(LoginRefusedError):
        await flow.login()

    assert [len(one.prompts) for one in (near, device, far)] == [1, 0, 0]


async def test_a_listener_that_gets_no_port_says_so(monkeypatch):
    monkeypatch.setattr(loopback, "HOST", "192.0.2.1")  # nobody's (RFC 5737)
    with pytest.raises(LoginWayClosedError, match="no port"):
        async with loopback.LoopbackListener(AuthorizationAnswer(ISSUER, sends_issuer=True)):
            pass


async def test_nobody_listens_at_the_address_that_is_pasted(answer):
    receiver = PastedAddress(answer, Typist())
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", urlsplit(receiver.redirect_uri).port or 0)) != 0
