"""A person at a real browser, in front of a real hub."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.server.identity.test_operator import listed
from tests.serving import ServedHub, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
"""Debian's browser; None where it is not installed."""

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
"""For containers and closed networks: nothing is asked of anybody but the hub."""

PASSWORD = "four words of a test"
REDIRECT = "http://127.0.0.1:41999/callback"
"""Where the client of these tests wants to have browsers back."""

BOUND_MS = 20_000
BOUND_S = 20.0


@dataclass
class Person:
    """Someone with a page open; whatever the browser complains about is kept."""

    page: Page
    hub: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(BOUND_MS)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        # A status such as 403 is an answer; whatever else Chromium calls an error is a mistake of the page.
        if message.type in {"error", "warning"} and "the server responded with a status" not in message.text:
            self.complaints.append(message.text)

    def go(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else self.hub + path)

    def fill(self, **fields: str) -> None:
        """Type into fields by their labels; an underscore is a space."""
        for label, text in fields.items():
            self.page.get_by_label(label.replace("_", " "), exact=True).fill(text)

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def log_in(self, name: str = "ada", password: str = PASSWORD) -> None:
        self.go("/login")
        self.fill(User_name=name, Password=password)
        self.press("Log in")

    @property
    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    @property
    def focused(self) -> str:
        """What has the focus, by its role and accessible name."""
        found: str = self.page.evaluate(
            """() => {
                const it = document.activeElement;
                const label = it.labels && it.labels[0] ? it.labels[0].innerText : it.innerText;
                return `${it.tagName.toLowerCase()}: ${label.trim()}`;
            }"""
        )
        return found

    def tab(self) -> str:
        self.page.keyboard.press("Tab")
        return self.focused

    def tab_to(self, wanted: str) -> None:
        """Press Tab until *wanted* has the focus."""
        seen = []
        for _ in range(40):
            seen.append(self.tab())
            if seen[-1] == wanted:
                return
        message = f"{wanted!r} cannot be reached: {seen}"
        raise AssertionError(message)

    def overflow(self) -> int:
        """Return how many pixels of the page lie beyond its right edge."""
        beyond: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return beyond


@dataclass(frozen=True)
class BrowsedHub:
    """A hub that speaks https with its own certificate, as a lab would have it."""

    served: ServedHub
    certificate: str

    @property
    def url(self) -> str:
        return self.served.url

    @property
    def setup_path(self) -> str:
        path: str = self.served.ready["setup_url"].removeprefix(self.url)
        return path

    def post(self, path: str, **kwargs: Any) -> requests.Response:
        return requests.post(self.url + path, verify=self.certificate, timeout=BOUND_S, **kwargs)

    def ask(self, name: str = "cell-counter", **manifest: Any) -> dict[str, Any]:
        """Let an app ask to be let in."""
        described = {"identifier": name, "version": "2.1.0", "scopes": ["openid", "profile"], **manifest}
        answer = self.post("/o/app-authorization/", json={"manifest": described})
        issued: dict[str, Any] = answer.json()
        return issued

    def register(self) -> str:
        """Register a client as an administrator does; returns its identifier."""
        words = ("clients", "add", "Lab wiki", "--kind", "native", "--redirect-uri", REDIRECT)
        with ThreadPoolExecutor(1) as aside:  # the command has an event loop of its own, and so has Playwright
            (added,) = aside.submit(listed, *words, data=self.served.data).result()
        return str(added["client_id"])

    def poll(self, issued: dict[str, Any]) -> requests.Response:
        fields = {"device_code": issued["device_code"], "client_id": issued["client_id"]}
        return self.post("/o/token/", data={"grant_type": "urn:ietf:params:oauth:grant-type:device_code", **fields})


@contextmanager
def browsed_hub(data: Path, *options: str) -> Iterator[BrowsedHub]:
    """Serve *data* over https while the block runs."""
    with serving(data, "--tls-self-signed", *options) as served:
        pem = data / "keys" / "tls.pem"
        trusted = data.with_name("trusted.pem")
        trusted.write_text(pem.read_text().partition("-----END PRIVATE KEY-----\n")[2])
        yield BrowsedHub(served, str(trusted))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium while the block runs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


def a_context(browser: Browser, *, width: int = 1000, height: int = 900) -> BrowserContext:
    """Return a window of its own, with its own cookies; the hub's certificate is nobody's business here."""
    viewport: Any = {"width": width, "height": height}
    return browser.new_context(viewport=viewport, ignore_https_errors=True, locale="en-GB", timezone_id="UTC")


def set_up(person: Person, hub: BrowsedHub) -> None:
    """Open the hub as its first person."""
    person.go(hub.setup_path)
    person.fill(User_name="ada", Organization="Babbage Lab", Password=PASSWORD, Password_again=PASSWORD)
    person.press("Set up")
