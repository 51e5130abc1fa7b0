"""A person with a browser without scripts: opens pages, fills in forms, presses buttons."""

import urllib.request
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin

TIMEOUT_S = 30.0


class _Form(HTMLParser):
    """The last form of a page, with what is filled in already."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action, self.fields = given.get("action") or "", {}
        elif tag == "input" and given.get("name") and given.get("type") != "checkbox":
            self.fields[str(given["name"])] = given.get("value") or ""


class Person:
    """Somebody who uses the pages of a hub; remembers the cookies."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.page = ""
        self._url = ""

    def open(self, url: str) -> str:
        """Open a page and return its text."""
        return self._load(urllib.request.Request(url))  # noqa: S310  # addresses of the test's own hub

    def submit(self, **fields: str) -> str:
        """Fill in the last form of the page, send it, and return the text of the next page."""
        form = _Form()
        form.feed(self.page)
        content = urlencode(form.fields | fields).encode()
        target = urljoin(self._url, form.action)
        origin = "/".join(target.split("/")[:3])
        return self._load(urllib.request.Request(target, content, headers={"Origin": origin}))  # noqa: S310

    def _load(self, request: urllib.request.Request) -> str:
        with self._opener.open(request, timeout=TIMEOUT_S) as answer:
            self._url, self.page = answer.url, answer.read().decode()
        return self.page
