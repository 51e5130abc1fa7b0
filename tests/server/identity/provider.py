"""A client of the authorization endpoint, and the person who answers it."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import SecretStr

from arkitekt_di.server.identity.client_kind import ClientKind
from arkitekt_di.server.identity.clients import RegisteredClient
from arkitekt_di.server.identity.users import Users
from tests.server.identity.harness import CHEAP, PASSWORD, Answer, Browser, Hub

REDIRECT = "http://127.0.0.1/callback"
SITE = "https://client.example.org/callback?from=hub"


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@dataclass
class Try:
    """One attempt to log in."""

    client_id: str
    redirect_uri: str = REDIRECT
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = "state-of-the-client"
    nonce: str = "nonce-of-the-client"

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """Return the authorization request, with *changes*; None leaves a parameter out."""
        plain: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**plain, **changes}.items() if value is not None}

    def path(self, **changes: str | None) -> str:
        return f"/o/authorize/?{urlencode(self.parameters(**changes))}"

    def redemption(self, code: str, **changes: str) -> dict[str, str]:
        """Return the token request for *code*."""
        return {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
            **changes,
        }


def sent_back(answer: Answer) -> dict[str, str]:
    """Return what stands behind the redirect URI."""
    assert answer.status == 303, answer.text
    pairs = parse_qsl(urlsplit(answer.headers["Location"]).query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


async def register(hub: Hub, kind: ClientKind = ClientKind.NATIVE, **more: object) -> RegisteredClient:
    """Register a client as an administrator does, in the organization of Ada."""
    if "ada" not in hub.people:
        hub.people["ada"] = await Users(hub.database, CHEAP, hub.clock).create("ada", SecretStr(PASSWORD), "Lab of ada")
    if kind in {ClientKind.NATIVE, ClientKind.WEB}:
        more.setdefault("redirect_uris", [REDIRECT if kind is ClientKind.NATIVE else SITE])
    return await hub.identity.clients.add(f"the {kind}", kind, organization="lab-of-ada", **more)  # type: ignore[arg-type]


async def answer_consent(browser: Browser, answer: str = "allow", **changes: str) -> Answer:
    """Press a button on the consent page."""
    fields = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', browser.page.text))
    fields = {name: value.replace("&amp;", "&") for name, value in fields.items() if name != "form_token"}
    return await browser.submit_and_stay("/o/authorize/", **{**fields, "answer": answer, **changes})


async def get_code(hub: Hub, browser: Browser, attempt: Try, **changes: str | None) -> str:
    """Log in as Ada where needed, allow, and return the code."""
    page = await browser.get(attempt.path(**changes))
    if "/login" in page.url:
        await browser.submit("/login", name="ada", password=PASSWORD, next=attempt.path(**changes))
    return sent_back(await answer_consent(browser))["code"]


async def get_tokens(hub: Hub, browser: Browser, attempt: Try) -> Mapping[str, str]:
    """Take the client through the whole flow."""
    answer = await hub.token(**attempt.redemption(await get_code(hub, browser, attempt)))
    assert answer.status == 200, answer.text
    tokens: Mapping[str, str] = answer.json
    return tokens
