"""Identity served over TLS from a thread of its own, for clients that block; and a person in front of it."""

import asyncio
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
import trustme
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import SecretStr

from arkitekt_di.server.address import Address
from arkitekt_di.server.database import Database
from arkitekt_di.server.directory import Directory
from arkitekt_di.server.identity.identity import Identity
from arkitekt_di.server.identity.users import Users
from arkitekt_di.settings.models import DatabaseSettings, IdentitySettings, ListenSettings
from tests.server.identity.harness import CHEAP, PASSWORD

T = TypeVar("T")
BOUND_S = 30.0


@dataclass
class SecureHub:
    """A hub at an https address, trusted through the certificate in ``ca``."""

    url: str
    ca: str
    identity: Identity
    loop: asyncio.AbstractEventLoop
    session: requests.Session = field(default_factory=requests.Session)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run *work* where the hub runs."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(BOUND_S)

    @property
    def issuer(self) -> str:
        return f"{self.url}/o"

    def document(self) -> dict[str, Any]:
        """Return what the hub says about itself to clients of OpenID Connect."""
        answer = self._get(f"{self.issuer}/.well-known/openid-configuration")
        found: dict[str, Any] = answer.json()
        return found

    def allow(self, url: str) -> str:
        """Open *url* as Ada, log in where asked, press "Allow"; return where the browser is sent."""
        page = self._log_in(url)
        answer = self._press(page, answer="allow")
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def device_code(self, client_id: str, scopes: Sequence[str]) -> dict[str, Any]:
        """Ask for a device code, as only some libraries do by themselves."""
        form = {"client_id": client_id, "scope": " ".join(scopes)}
        endpoint = self.document()["device_authorization_endpoint"]
        asked: dict[str, Any] = self.session.post(endpoint, data=form, verify=self.ca, timeout=BOUND_S).json()
        return asked

    def approve(self, url: str) -> None:
        """Let the device in whose page *url* is."""
        page = self._press(self._log_in(url), answer="approve", seen="yes")
        assert "The app is let in" in page.text

    def _log_in(self, url: str) -> requests.Response:
        page = self._get(url)
        return self._press(page, follow=True, name="ada", password=PASSWORD) if "/login" in page.url else page

    def _press(self, page: requests.Response, *, follow: bool = False, **fields: str) -> requests.Response:
        *_, form = page.text.split("<form ")
        action = re.search(r'action="([^"]*)"', form)
        hidden = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', form))
        data = {name: unescape(value) for name, value in hidden.items()} | fields
        target = urljoin(page.url, action[1] if action else "")
        return self.session.post(target, data=data, verify=self.ca, allow_redirects=follow, timeout=BOUND_S)

    def _get(self, url: str) -> requests.Response:
        return self.session.get(url, verify=self.ca, timeout=BOUND_S)


def answer_in(location: str) -> dict[str, str]:
    """Return what stands behind a redirect URI."""
    return dict(parse_qsl(urlsplit(location).query))


@web.middleware
async def _closing(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        answer.force_close()
        raise
    response.force_close()  # some of the clients leave their connections open, and TLS would wait for them
    return response


@contextmanager
def serving_securely(data: Path, keys: Path) -> Iterator[SecureHub]:
    """Serve while the block runs."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(data / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"https://localhost:{listening.getsockname()[1]}"
    address = Address(ListenSettings(public_url=url))
    database = Database(DatabaseSettings(), data)
    identity = Identity(database, address, Directory(()), IdentitySettings(), keys, None, "Hub", time.time)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> Callable[[], Coroutine[Any, Any, None]]:
        await database.start()
        await identity.start()
        await Users(database, CHEAP, time.time).create("ada", SecretStr(PASSWORD), "Lab")
        app = web.Application(middlewares=[_closing])
        app.add_routes(identity.routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.SockSite(runner, listening, ssl_context=context).start()

        async def stop() -> None:
            await runner.cleanup()
            await database.stop()

        return stop

    stop = asyncio.run_coroutine_threadsafe(start(), loop).result(BOUND_S)
    hub = SecureHub(url, str(data / "ca.pem"), identity, loop)
    try:
        yield hub
    finally:
        hub.session.close()
        asyncio.run_coroutine_threadsafe(stop(), loop).result(BOUND_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(BOUND_S)
        loop.close()
