"""herre as a registered client of the real hub."""

import asyncio
import time
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import pytest

from arkitekt_di.errors import LoginRefusedError
from arkitekt_di.fakts.cache import InMemoryClaimCache
from arkitekt_di.herre.authorization_code import AuthorizationCodeFlow
from arkitekt_di.herre.client import OAuthClient
from arkitekt_di.herre.client_credentials import ClientCredentialsFlow
from arkitekt_di.herre.flow import Login
from arkitekt_di.herre.store import InMemoryTokenStore
from arkitekt_di.messages.oauth import OAuthRefusal
from arkitekt_di.server.identity.client_kind import ClientKind
from arkitekt_di.settings.models import HerreSettings
from tests.herre.logins import logged_in, make_fakts
from tests.server.identity.harness import MIKRO, PASSWORD, browsing, running
from tests.server.identity.provider import answer_consent, register

pytestmark = pytest.mark.anyio

KEY = "the key of this hub's machine"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Keys are made once: an RSA key takes longer than a test."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
async def provider(tmp_path, keys):
    async with running(tmp_path, keys) as hub:
        yield hub


class Ada:
    """Logs in with her password and answers the question of the hub."""

    def __init__(self, hub, answer):
        self._hub = hub
        self._answer = answer

    @asynccontextmanager
    async def showing(self, prompt):
        visit = asyncio.create_task(self._visit(prompt.link))
        try:
            yield
        finally:
            await visit

    async def _visit(self, link):
        parts = urlsplit(link)
        path = f"{parts.path}?{parts.query}"
        async with browsing(self._hub) as browser:
            await browser.get(path)
            await browser.submit("/login", name="ada", password=PASSWORD, next=path)
            back = (await answer_consent(browser, self._answer)).headers["Location"]
        async with aiohttp.ClientSession() as session, session.get(back) as page:
            assert page.status == 200


@pytest.fixture
def client_of(http, provider):
    async def client_of(fakts, registered):
        return OAuthClient(
            http, fakts, HerreSettings(client_id=registered.client_id, client_secret=registered.secret), time.time
        )

    return client_of


@pytest.fixture
async def fakts(http, provider):
    fakts = make_fakts(http, provider.url, InMemoryClaimCache())
    await fakts.start()
    yield fakts
    await fakts.stop()


async def principal_of(provider, token):
    return await provider.identity.authenticator_for(MIKRO).authenticate_token(token.access_token.get_secret_value())


async def test_a_person_logs_a_registered_app_in(provider, fakts, client_of):
    client = await client_of(fakts, await register(provider, services=[MIKRO]))
    flow = AuthorizationCodeFlow(client, Ada(provider, "allow"), timeout_s=10)

    login = await flow.login()
    renewed = await flow.renew(login.token)

    assert isinstance(renewed, Login)
    assert (await principal_of(provider, login.token)).client_id == client.client_id
    await flow.revoke(renewed.token)
    assert isinstance(await flow.renew(renewed.token), OAuthRefusal)


async def test_a_person_may_say_no(provider, fakts, client_of):
    client = await client_of(fakts, await register(provider, services=[MIKRO]))

    with pytest.raises(LoginRefusedError, match="access_denied"):
        await AuthorizationCodeFlow(client, Ada(provider, "deny"), timeout_s=10).login()


async def test_a_service_logs_in_as_itself(provider, fakts, client_of):
    client = await client_of(fakts, await register(provider, ClientKind.SERVICE, services=[MIKRO]))

    token = (await ClientCredentialsFlow(client).login()).token

    assert (await principal_of(provider, token)).client_id == client.client_id
    await ClientCredentialsFlow(client).revoke(token)


async def test_a_registered_app_knows_the_services_as_soon_as_it_is_in(provider, http, client_of):
    fakts = make_fakts(http, provider.url, InMemoryClaimCache())
    registered = await register(provider, services=[MIKRO])
    client = OAuthClient(http, fakts, HerreSettings(client_id=registered.client_id))
    flow = AuthorizationCodeFlow(client, Ada(provider, "allow"), timeout_s=10)

    async with logged_in(fakts, http, InMemoryTokenStore(), time.time, flow=flow) as herre:
        assert herre.user.sub is not None
        assert fakts.get("mikro")["service"] == MIKRO
