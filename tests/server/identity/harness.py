"""A hub with nothing but identity on a real port, a clock that tests move, and a browser that keeps cookies."""

import base64
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar, web
from argon2 import PasswordHasher
from pydantic import SecretStr

from arkitekt_di.messages.fakts import DEVICE_CODE_GRANT, MANDATE_KEY_GRANT
from arkitekt_di.server.address import Address
from arkitekt_di.server.database import Database
from arkitekt_di.server.directory import Directory, Offer
from arkitekt_di.server.identity.identity import Identity
from arkitekt_di.server.identity.passwords import Passwords
from arkitekt_di.server.identity.users import Users
from arkitekt_di.settings.models import DatabaseSettings, IdentitySettings, ListenSettings
from tests.migrated import begin_migrated

MANDATE_KEY = "canary-mandate-key-0123456789abcdefghijklmnop"
PASSWORD = "canary horse battery staple"
MIKRO, S3 = "live.arkitekt.mikro", "live.arkitekt.s3"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
MANIFEST: dict[str, Any] = {
    "identifier": "cell-counter",
    "version": "2.1.0",
    "scopes": ["openid", "profile"],
    "requirements": [{"key": "mikro", "service": MIKRO}, {"key": "other", "service": "live.arkitekt.other"}],
    "device_id": "microscope-pc",
}


class FakeClock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str
    url: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> tuple[int, str]:
        return self.status, self.json["error"]


@dataclass
class Hub:
    identity: Identity
    database: Database
    clock: FakeClock
    url: str
    http: ClientSession
    keys: Path
    people: dict[str, Any] = field(default_factory=dict)

    async def send(self, method: str, path: str, *, follow: bool = True, **kwargs: Any) -> Answer:
        return await _send(self.http, method, self.url + path, allow_redirects=follow, **kwargs)

    async def token(self, **fields: str) -> Answer:
        return await self.send("POST", "/o/token/", data=fields)

    async def ask(self, manifest: Mapping[str, Any] = MANIFEST, **members: Any) -> dict[str, Any]:
        """Let an app ask to be let in."""
        answer = await self.send("POST", "/o/app-authorization/", json={"manifest": manifest, **members})
        assert answer.status == 200, answer.text
        issued: dict[str, Any] = answer.json
        return issued

    async def poll(self, issued: Mapping[str, Any]) -> Answer:
        return await self.token(
            grant_type=DEVICE_CODE_GRANT, device_code=issued["device_code"], client_id=issued["client_id"]
        )

    async def approve(self, issued: Mapping[str, Any], name: str = "ada") -> None:
        """Approve without the pages, as a user that is made when needed."""
        if name not in self.people:
            users = Users(self.database, CHEAP, self.clock)  # a real hash takes longer than the rest of a test
            self.people[name] = await users.create(name, SecretStr(PASSWORD), f"Lab of {name}")
        assert await self.identity._codes.approve(issued["user_code"], self.people[name])

    async def log_in(self, manifest: Mapping[str, Any] = MANIFEST, name: str = "ada") -> dict[str, Any]:
        """Take an app through the whole flow; returns its tokens."""
        issued = await self.ask(manifest)
        await self.approve(issued, name)
        answer = await self.poll(issued)
        assert answer.status == 200, answer.text
        tokens: dict[str, Any] = answer.json
        return tokens

    async def refresh(self, tokens: Mapping[str, Any], **more: str) -> Answer:
        fields = {"refresh_token": tokens["refresh_token"], "client_id": tokens["client_id"], **more}
        return await self.token(grant_type="refresh_token", **fields)

    async def present_mandate(self, key: str = MANDATE_KEY, **more: str) -> Answer:
        fields = {"key": key, "manifest": json.dumps(MANIFEST), **more}
        return await self.token(grant_type=MANDATE_KEY_GRANT, **fields)

    async def userinfo(self, access_token: str) -> Answer:
        return await self.send("GET", "/o/userinfo/", headers={"Authorization": f"Bearer {access_token}"})


class Browser:
    """Keeps cookies, follows redirects, and sends forms with the token of the page it is on."""

    def __init__(self, url: str, http: ClientSession) -> None:
        self._url = url
        self._http = http
        self.page = Answer(0, {}, "", "")

    async def get(self, path: str, *, follow: bool = True) -> Answer:
        self.page = await _send(self._http, "GET", self._url + path, allow_redirects=follow)
        return self.page

    async def submit(self, path: str, **fields: str) -> Answer:
        return await self._submit(path, fields, follow=True)

    async def submit_and_stay(self, path: str, **fields: str) -> Answer:
        """Send a form, and do not go where the answer leads."""
        return await self._submit(path, fields, follow=False)

    async def _submit(self, path: str, fields: Mapping[str, str], *, follow: bool) -> Answer:
        token = re.search(r'name="form_token" value="([0-9a-f]+)"', self.page.text)
        form = {"form_token": token[1] if token else "", **fields}
        self.page = await _send(self._http, "POST", self._url + path, data=form, allow_redirects=follow)
        return self.page

    async def log_in(self, name: str = "ada", password: str = PASSWORD) -> Answer:
        await self.get("/login")
        return await self.submit("/login", name=name, password=password, next="/device")

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self._http.cookie_jar}


async def _send(http: ClientSession, method: str, url: str, **kwargs: Any) -> Answer:
    async with http.request(method, url, **kwargs) as response:
        return Answer(response.status, response.headers, await response.text(errors="replace"), str(response.url))


@asynccontextmanager
async def browsing(hub: Hub) -> AsyncIterator[Browser]:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        yield Browser(hub.url, http)


@asynccontextmanager
async def running(
    data: Path, keys: Path, *, mandate_key: str | None = MANDATE_KEY, settings: IdentitySettings | None = None
) -> AsyncIterator[Hub]:
    clock = FakeClock()
    address = Address(ListenSettings())
    begin_migrated(data)
    database = Database(DatabaseSettings(), data)
    directory = Directory([Offer(MIKRO, "mikro", "mikro"), Offer(S3, "s3", "")])
    key = None if mandate_key is None else SecretStr(mandate_key)
    identity = Identity(
        database, address, directory, settings or IdentitySettings(), keys, key, "Hub <b>of</b> tests", clock
    )
    await database.start()
    await identity.start()
    app = web.Application()
    app.add_routes(identity.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address.bind(runner.addresses[0][1])
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        yield Hub(identity, database, clock, address.url, http, keys)
    await runner.cleanup()
    await identity.stop()
    await database.stop()


def part(token: str, index: int) -> dict[str, Any]:
    """Return the header (0) or the claims (1) of a JWT, unverified."""
    piece = token.split(".")[index]
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))
    return content
