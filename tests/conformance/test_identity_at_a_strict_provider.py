"""Our own client logs in at a strict provider that others wrote: ``oidc-provider`` from npm."""

import asyncio
import json
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import platformdirs
import pytest

from arkitekt_di.errors import LoginRefusedError
from arkitekt_di.fakts.cache import InMemoryClaimCache
from arkitekt_di.herre.authorization_answer import PATH
from arkitekt_di.herre.authorization_code import AuthorizationCodeFlow
from arkitekt_di.herre.client import OAuthClient
from arkitekt_di.herre.device_code import DeviceCodeFlow
from arkitekt_di.messages.oauth import OAuthRefusal
from arkitekt_di.protocols.presenter import LoginPrompt
from arkitekt_di.settings.models import HerreSettings, TransportSettings
from arkitekt_di.testing.hub import InMemoryHub
from arkitekt_di.transport.http import HttpClient
from tests.herre.logins import make_fakts

pytestmark = [pytest.mark.conformance, pytest.mark.anyio, pytest.mark.timeout(300)]
PACKAGE = "oidc-provider@9"
SCRIPT = Path(__file__).with_name("strict_provider.mjs")
BOUND_S = 60
MOST_FORMS = 6
"""The code of the device, its confirmation, login, consent; one more is there by mistake."""


@pytest.fixture(scope="module")
def package() -> Path:
    """Return a folder with the provider, installed once into the user's cache."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed")
    folder = platformdirs.user_cache_path("arkitekt-di-tests") / PACKAGE.replace("@", "-")
    if not (folder / "node_modules" / "oidc-provider").exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = [npm, "install", "--silent", "--no-audit", "--no-fund", PACKAGE]
        if subprocess.run(install, cwd=folder, capture_output=True, timeout=240, check=False).returncode:
            pytest.skip(f"{PACKAGE} cannot be fetched from npm")
    return folder


@pytest.fixture
def issuer(package: Path) -> Iterator[str]:
    command = ["node", str(SCRIPT), str(package), f"http://127.0.0.1{PATH}"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as provider:
        assert provider.stdout is not None
        said = next((line for line in provider.stdout if line.startswith("{")), "")
        if not said:
            pytest.skip("this version of node cannot run the provider")
        yield str(json.loads(said)["issuer"])
        assert provider.stdin is not None
        provider.stdin.close()  # which ends it
        provider.wait(BOUND_S)


class Ada:
    """Fills in the forms of the provider, one after the other, until there are no more.

    Parameters
    ----------
    is_hers : bool, optional
        Whether the device that is to be confirmed is hers; where it is not, she aborts.
    """

    def __init__(self, *, is_hers: bool = True) -> None:
        self.is_hers = is_hers
        self.prompts: list[LoginPrompt] = []
        self.pages: list[str] = []

    @asynccontextmanager
    async def showing(self, prompt: LoginPrompt) -> AsyncIterator[None]:
        self.prompts.append(prompt)
        visit = asyncio.create_task(self._visit(prompt.link))
        try:
            yield
        finally:
            await visit

    async def _visit(self, link: str) -> None:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            async with browser.get(link) as page:
                url, text = str(page.url), await page.text()
            for _ in range(MOST_FORMS):
                self.pages.append(text)
                form = re.search(r'<form[^>]* action="([^"]+)"', text)
                if form is None or "The Sign-in request was interrupted" in text:
                    return
                async with browser.post(urljoin(url, form[1]), data=self._fill_in(text)) as page:
                    url, text = str(page.url), await page.text()
            raise AssertionError(f"there is no end of forms: {text}")

    def _fill_in(self, page: str) -> dict[str, str]:
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        if fields.get("prompt") == "login":
            return fields | {"login": "ada", "password": "any"}
        return fields if self.is_hers else fields | {"abort": "yes"}


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with HttpClient(TransportSettings(connect_timeout_s=5, request_timeout_s=20)) as http:
        yield http


@pytest.fixture
async def client(issuer: str, http: HttpClient) -> AsyncIterator[OAuthClient]:
    async with InMemoryHub(mandate_key="k") as hub:
        fakts = make_fakts(http, hub.url, InMemoryClaimCache())
        await fakts.start()
        yield OAuthClient(http, fakts, HerreSettings(issuer=issuer, client_id="herre"), time.time)
        await fakts.stop()


async def test_a_person_logs_in_renews_and_is_known_by_the_id_token(client: OAuthClient) -> None:
    ada = Ada()
    flow = AuthorizationCodeFlow(client, ada, timeout_s=BOUND_S)

    login = await flow.login()
    renewed = await flow.renew(login.token)

    assert "You can close this page" in ada.pages[-1]
    assert login.token.end_user is not None
    assert login.token.end_user.sub == "ada"
    assert renewed is not None
    assert not isinstance(renewed, OAuthRefusal)
    assert renewed.token.refresh_token != login.token.refresh_token


async def test_a_refresh_token_that_was_used_is_refused_and_so_is_its_family(client: OAuthClient) -> None:
    flow = AuthorizationCodeFlow(client, Ada(), timeout_s=BOUND_S)
    login = await flow.login()
    renewed = await flow.renew(login.token)
    assert renewed is not None
    assert not isinstance(renewed, OAuthRefusal)

    for spent in (login.token, renewed.token):
        assert isinstance(await flow.renew(spent), OAuthRefusal)


async def test_a_person_lets_a_device_in_that_renews_and_is_known_by_the_id_token(
    client: OAuthClient, http: HttpClient
) -> None:
    ada = Ada()
    flow = DeviceCodeFlow(client, http, ada)

    login = await flow.login()
    renewed = await flow.renew(login.token)

    (prompt,) = ada.prompts
    assert prompt.code is not None
    assert any(prompt.code in page for page in ada.pages if "Confirm Device" in page)
    assert "Sign-in Success" in ada.pages[-1]
    assert login.token.end_user is not None
    assert login.token.end_user.sub == "ada"
    assert renewed is not None
    assert not isinstance(renewed, OAuthRefusal)
    assert renewed.token.refresh_token != login.token.refresh_token
    assert isinstance(await flow.renew(login.token), OAuthRefusal)


async def test_a_device_that_a_person_sends_away_is_told_so(client: OAuthClient, http: HttpClient) -> None:
    with pytest.raises(LoginRefusedError):
        await DeviceCodeFlow(client, http, Ada(is_hers=False)).login()


async def test_a_revoked_login_cannot_be_renewed(client: OAuthClient) -> None:
    flow = AuthorizationCodeFlow(client, Ada(), timeout_s=BOUND_S)
    login = await flow.login()

    await flow.revoke(login.token)

    assert isinstance(await flow.renew(login.token), OAuthRefusal)
