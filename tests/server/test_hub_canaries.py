"""Secrets that are easy to recognise go through the whole hub, and come out of it nowhere else."""

import base64
import hashlib
import logging
import re
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from pydantic import SecretStr

from arkitekt_di.messages.fakts import DEVICE_CODE_GRANT
from arkitekt_di.server.identity.client_kind import ClientKind
from arkitekt_di.server.identity.users import Users
from tests.server.identity.harness import CHEAP
from tests.server.whole_hub import WholeHub, whole_hub

pytestmark = pytest.mark.anyio
PASSWORD, WRONG = "canary-password-of-ada", "canary-wrong-password"
VERIFIER = "canary-verifier-" + "v" * 40
REDIRECT = "http://127.0.0.1/callback"
HANDED_OVER = 16
"""Letters of a secret that are looked for: more than chance repeats, fewer than what a log would cut off."""


class Traffic:
    """Asks the hub as a client and as a browser would, and keeps every secret that it sent or got."""

    def __init__(self, hub: WholeHub) -> None:
        self.hub = hub
        self.secrets: dict[str, str] = {"password": PASSWORD, "wrong password": WRONG, "verifier": VERIFIER}
        self.answers: list[str] = []
        self.urls: list[str] = []

    async def token(self, **fields: str) -> dict[str, str]:
        async with self.hub.http.post("/o/token/", data=fields) as answer:
            tokens: dict[str, str] = await answer.json()
        for name in ("access_token", "refresh_token", "id_token"):
            if tokens.get(name):
                self.secrets[f"{name} {len(self.secrets)}"] = tokens[name].rpartition(".")[2]
        return tokens

    async def send(self, method: str, path: str, **kwargs: object) -> aiohttp.ClientResponse:
        async with self.hub.http.request(method, path, **kwargs) as answer:  # type: ignore[arg-type]  # passed on
            self.answers.append(await answer.text())
            self.urls += [str(answer.url), *(str(step.headers.get("Location")) for step in answer.history)]
            return answer

    async def by_device(self) -> dict[str, str]:
        issued = await self.hub.json("POST", "/o/app-authorization/", json={"manifest": {"identifier": "x"}})
        self.secrets["device code"] = issued["device_code"]
        assert await self.hub.identity._codes.approve(issued["user_code"], self.hub.people["ada"])
        fields = {"device_code": issued["device_code"], "client_id": issued["client_id"]}
        tokens = await self.token(grant_type=DEVICE_CODE_GRANT, **fields)
        return await self.token(
            grant_type="refresh_token", refresh_token=tokens["refresh_token"], client_id=issued["client_id"]
        )

    async def by_browser(self) -> None:
        """Log in with a wrong and a right password, allow a client, redeem its code."""
        client = await self.hub.identity.clients.add("c", ClientKind.NATIVE, redirect_uris=[REDIRECT])
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": REDIRECT,
            "scope": "openid",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        base = str(self.hub.http._base_url).rstrip("/")
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            async with browser.get(f"{base}/login") as page:
                form = _form_token(await page.text())
            for password in (WRONG, PASSWORD):
                fields = {"name": "ada", "password": password, "form_token": form, "next": "/apps"}
                async with browser.post(f"{base}/login", data=fields) as page:
                    self.answers.append(await page.text())
                    self.urls.append(str(page.url))
            self.secrets |= {f"cookie {cookie.key}": cookie.value for cookie in browser.cookie_jar}
            async with browser.get(f"{base}/o/authorize/?{urlencode(asked)}") as page:
                text = await page.text()
                self.answers.append(text)
            organization = re.findall(r'name="organization" value="([^"]+)"', text)[0]
            fields = {**asked, "answer": "allow", "organization": organization, "form_token": _form_token(text)}
            async with browser.post(f"{base}/o/authorize/", data=fields, allow_redirects=False) as answer:
                code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
        self.secrets["code"] = code
        for _ in range(2):  # a second time: refused
            await self.token(
                grant_type="authorization_code",
                code=code,
                redirect_uri=REDIRECT,
                client_id=client.client_id,
                code_verifier=VERIFIER,
            )

    async def by_service(self) -> None:
        service = await self.hub.identity.clients.add("s", ClientKind.SERVICE)
        assert service.secret is not None
        self.secrets["client secret"] = secret = service.secret.get_secret_value()
        await self.token(grant_type="client_credentials", client_id=service.client_id, client_secret=secret)
        await self.token(grant_type="client_credentials", client_id="wrong", client_secret=secret)

    def leaked_into(self, text: str) -> list[str]:
        """Return the names of the secrets that *text* repeats, enough of one to matter."""
        return [name for name, secret in self.secrets.items() if secret[:HANDED_OVER] in text]


def _form_token(page: str) -> str:
    return str(re.findall(r'name="form_token" value="([0-9a-f]+)"', page)[0])


async def test_no_secret_is_in_a_log_a_page_an_address_an_error_or_the_data_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        for name in ("oauthlib", "aiosqlite", "sqlalchemy.engine", "aiohttp", "asyncio", "arkitekt_di"):
            caplog.set_level(logging.DEBUG, logger=name)
        async with whole_hub(tmp_path / "data") as hub:
            users = Users(hub.database, CHEAP, hub.identity._clock)
            hub.people["ada"] = await users.create("ada", SecretStr(PASSWORD), "Lab")
            traffic = Traffic(hub)
            link = await hub.identity.setup_url()
            tokens = await traffic.by_device()
            spent = {"refresh_token": (await traffic.by_device())["refresh_token"], "client_id": "another's"}
            await traffic.token(grant_type="refresh_token", **spent)
            await traffic.by_browser()
            await traffic.by_service()
            bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
            await traffic.send("GET", "/o/userinfo/", headers=bearer)
            await traffic.send("POST", "/report/", headers=bearer, json={"alias_reports": {}, "functional": True})
            await traffic.send("POST", "/mikro/graphql", headers=bearer, json={"query": "{ folders { id } }"})
            await hub.database.stop()  # from here on every request fails inside
            for path in ("/o/token/", "/o/revoke/"):
                secret = {
                    "token": tokens["access_token"],
                    "password": PASSWORD,
                    "refresh_token": tokens["refresh_token"],
                }
                form = {"grant_type": "refresh_token", "client_id": "c", "name": "ada", **secret}
                failed = await traffic.send("POST", path, data=form)
                assert failed.status == 500
            await traffic.send("GET", "/o/userinfo/", headers=bearer)
            await hub.database.start()

    records = "\n".join(logging.Formatter("%(name)s %(message)s").format(record) for record in caplog.records)
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    out, err = capfd.readouterr()
    assert link is None
    assert len(traffic.secrets) >= 12
    assert "Traceback" in records  # the failures were logged, so there was something to look at
    assert {logger.partition(".")[0] for logger in {record.name for record in caplog.records}} >= {"arkitekt_di"}
    places = {
        "log": records,
        "page": "\n".join(traffic.answers),
        "address": "\n".join(traffic.urls),
        "data folder": stored.decode("latin-1"),
        "console": out + err,
    }
    assert {place: traffic.leaked_into(text) for place, text in places.items() if traffic.leaked_into(text)} == {}


async def test_private_keys_are_in_files_of_their_own_and_in_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with whole_hub(tmp_path / "data") as hub:
            await hub.json("GET", "/.well-known/fakts?nonce=n")
            keys = {path.name: path for path in (tmp_path / "data" / "keys").iterdir()}

    assert {"hub.key", "forms.key", "signing-000001.json"} <= set(keys)
    assert {path.stat().st_mode & 0o777 for path in keys.values()} == {0o600}
    for path in keys.values():
        for shown in (path.read_bytes().hex(), base64.b64encode(path.read_bytes()).decode()):
            assert shown[:40] not in caplog.text
