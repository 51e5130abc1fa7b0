"""The hub proves that it is itself: with its key, on every challenge path and under its well-known document."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from arkitekt_di.messages.fakts import (
    MAX_NONCE,
    SIGNATURE_HEADER,
    ChallengeKey,
    WellKnown,
    challenge_message,
    document_message,
)
from arkitekt_di.messages.manifest import Requirement
from arkitekt_di.server.address import Address
from arkitekt_di.server.directory import Directory, Offer
from arkitekt_di.server.hub_key import HubKey
from arkitekt_di.server.idleness import Idleness
from arkitekt_di.server.site import Site
from arkitekt_di.settings.models import ListenSettings

pytestmark = pytest.mark.anyio


def is_signed(key: ChallengeKey, signature: str, message: bytes) -> bool:
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.key))
    try:
        public.verify(base64.b64decode(signature), message)
    except InvalidSignature:
        return False
    return True


class Well:
    """A service that is well, and one that is not."""

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/mikro/ht", self.well), web.get("/ill/ht", self.ill), web.get("/elsewhere", self.well)]

    async def well(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def ill(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ill"}, status=503)


@pytest.fixture
async def key(tmp_path: Path) -> HubKey:
    key = HubKey(tmp_path)
    await key.start()
    return key


@pytest.fixture
async def http(key: HubKey) -> AsyncIterator[aiohttp.ClientSession]:
    settings = ListenSettings()
    address, idleness = Address(settings), Idleness(None)
    directory = Directory([Offer("live.arkitekt.mikro", "mikro", "mikro"), Offer("ill", "ill", "ill")], key)
    site = Site(settings, address, idleness, [Well()], directory)
    await site.start()
    async with aiohttp.ClientSession(address.url) as http:
        yield http
    await site.stop()


@pytest.mark.parametrize("path", ["/ht", "/mikro/ht"])
async def test_a_challenge_is_answered_with_a_signature(http: aiohttp.ClientSession, key: HubKey, path: str) -> None:
    async with http.get(path, params={"nonce": "one"}) as answer:
        members = await answer.json()

    assert members["status"] == "ok"
    assert is_signed(key.public, members["signature"], b"fakts-challenge-v1:one")
    assert not is_signed(key.public, members["signature"], challenge_message("two"))
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", ["", "?nonce=", f"?nonce={'n' * (MAX_NONCE + 1)}", "?nonce=%0a", "?nonce=%C3%A9"])
async def test_what_is_no_nonce_is_not_signed(http: aiohttp.ClientSession, query: str) -> None:
    async with http.get(f"/ht{query}") as answer:
        assert await answer.json() == {"status": "ok"}


async def test_a_service_that_is_not_well_gets_no_signature(http: aiohttp.ClientSession) -> None:
    async with http.get("/ill/ht?nonce=n") as answer:
        assert (answer.status, await answer.json()) == (503, {"status": "ill"})


async def test_nothing_is_signed_at_other_paths(http: aiohttp.ClientSession) -> None:
    async with http.get("/elsewhere?nonce=n") as answer:
        assert await answer.json() == {"status": "ok"}


async def test_the_key_stays_the_same_and_is_closed_to_others(tmp_path: Path, key: HubKey) -> None:
    again, other = HubKey(tmp_path), HubKey(tmp_path / "other")
    await again.start()
    await other.start()

    assert again.public == key.public
    assert other.public != key.public
    assert (tmp_path / "hub.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "hub.key").stat().st_size == 32


def test_a_fingerprint_is_what_openssh_shows_of_the_digest() -> None:
    key = ChallengeKey(key=base64.b64encode(bytes(32)).decode())

    assert key.fingerprint == "SHA256:Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU"  # `sha256sum` of 32 zeros, in base64


async def test_services_carry_the_key_of_the_hub(key: HubKey) -> None:
    directory = Directory([Offer("live.arkitekt.mikro", "mikro", "mikro")], key)
    wanted = [Requirement(key="images", service="live.arkitekt.mikro")]

    instances, _ = directory.instances(wanted, "http://127.0.0.1:1")

    assert instances["images"].challenge_key == key.public


async def test_a_signature_over_a_document_holds_for_these_bytes_and_this_nonce(key: HubKey) -> None:
    document = WellKnown(name="hub", challenge_key=key.public).revealed()
    signature = key.sign_document("one", document)

    assert is_signed(key.public, signature, document_message("one", document))
    assert not is_signed(key.public, signature, document_message("two", document))
    assert not is_signed(key.public, signature, document_message("one", document + b" "))
    assert not is_signed(key.public, signature, challenge_message("one"))
    assert json.loads(document)["challenge_key"]["kind"] == "ed25519"
    assert SIGNATURE_HEADER == "Arkitekt-Signature"
