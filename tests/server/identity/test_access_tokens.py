"""Attacks on access tokens (RFC 9068, RFC 8725)."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from arkitekt_di.server.address import Address
from arkitekt_di.server.identity.access_tokens import AccessTokens
from arkitekt_di.server.identity.keys import SigningKeys
from arkitekt_di.settings.models import ListenSettings
from tests.server.identity.harness import MANIFEST, MIKRO, S3, Hub, part

pytestmark = pytest.mark.anyio


def signed(hub: Hub, token: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """Return a token signed with the hub's own key that differs from *token* as told."""
    _, key = hub.identity._keys.current
    head = {**part(token, 0), **(header or {})}
    return jwt.encode(head, {**part(token, 1), **claims}, key, algorithms=["RS256"], default_type=None)


async def is_good(hub: Hub, token: str) -> bool:
    return await hub.identity.authenticator.authenticate_token(token) is not None


async def test_a_token_of_the_hub_stands_for_its_user(hub: Hub) -> None:
    tokens = await hub.log_in()
    principal = await hub.identity.authenticator.authenticate_token(tokens["access_token"])

    assert principal is not None
    assert principal.user_id == hub.people["ada"].user_id
    assert principal.user_name == "ada"
    assert principal.organization_id == hub.people["ada"].organization_id
    assert principal.client_id == tokens["client_id"]
    assert principal.scopes == {"openid", "profile"}
    assert await is_good(hub, signed(hub, tokens["access_token"]))  # the attacks below differ in one thing each


async def test_other_algorithms_are_refused(hub: Hub) -> None:
    token = (await hub.log_in())["access_token"]
    head, body, _ = token.split(".")
    none = base64.urlsafe_b64encode(json.dumps({**part(token, 0), "alg": "none"}).encode()).rstrip(b"=").decode()
    public = hub.identity._keys.current[1].as_pem(private=False)
    secret = OctKey.import_key(base64.urlsafe_b64encode(public).decode())
    confused = jwt.encode({**part(token, 0), "alg": "HS256"}, part(token, 1), secret, algorithms=["HS256"])

    assert not await is_good(hub, f"{none}.{body}.")
    assert not await is_good(hub, f"{head}.{body}.")
    assert not await is_good(hub, confused)


@pytest.mark.parametrize("kid", ["../../etc/passwd", "/dev/null", "", "unknown", "x' OR '1'='1"])
async def test_a_key_identifier_is_a_name_and_never_a_path(hub: Hub, kid: str) -> None:
    token = (await hub.log_in())["access_token"]

    assert not await is_good(hub, signed(hub, token, {"kid": kid}))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": "id_token"},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/cert.pem"},
        {"crit": ["exp"]},
        {"kid": 7},
    ],
)
async def test_a_header_with_anything_else_is_refused(hub: Hub, header: dict[str, Any]) -> None:
    token = (await hub.log_in())["access_token"]
    head = base64.urlsafe_b64encode(json.dumps({**part(token, 0), **header}).encode()).rstrip(b"=").decode()

    assert not await is_good(hub, ".".join([head, *token.split(".")[1:]]))
    if header.keys().isdisjoint({"kid", "crit"}):  # which the library would not write so
        assert not await is_good(hub, signed(hub, token, header))


async def test_a_key_that_the_token_brings_along_is_not_used(hub: Hub) -> None:
    token = (await hub.log_in())["access_token"]
    own = RSAKey.generate_key(2048)
    header = {**part(token, 0), "jwk": own.as_dict(private=False)}

    assert not await is_good(hub, jwt.encode(header, part(token, 1), own, algorithms=["RS256"]))
    assert not await is_good(hub, jwt.encode(part(token, 0), part(token, 1), own, algorithms=["RS256"]))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example/o"},
        {"aud": ["somebody-else"]},
        {"aud": "lok"},
        {"exp": 1},
        {"sub": "somebody-else"},
        {"client_id": "another"},
        {"login": "another"},
        {"login": None},
        {"scope": ["openid"]},
    ],
)
async def test_claims_that_do_not_fit_are_refused_although_the_signature_is_good(
    hub: Hub, claims: dict[str, Any]
) -> None:
    token = (await hub.log_in())["access_token"]

    assert not await is_good(hub, signed(hub, token, **claims))


async def test_a_token_works_until_it_expires(hub: Hub) -> None:
    token = (await hub.log_in())["access_token"]

    hub.clock.advance(3599)
    assert await is_good(hub, token)
    hub.clock.advance(1)
    assert not await is_good(hub, token)


async def test_a_token_opens_only_services_that_the_app_was_granted(hub: Hub) -> None:
    images = (await hub.log_in())["access_token"]
    nothing = (await hub.log_in({**MANIFEST, "requirements": []}))["access_token"]
    mikro, s3 = hub.identity.authenticator_for(MIKRO), hub.identity.authenticator_for(S3)

    assert await mikro.authenticate_token(images) is not None
    assert await s3.authenticate_token(images) is None
    assert await mikro.authenticate_token(nothing) is None
    assert await is_good(hub, nothing)


async def test_requests_without_a_good_token_are_told_how_to_authenticate(hub: Hub) -> None:
    for header, error in [
        ({}, None),
        ({"Authorization": "Basic eDp5"}, None),
        ({"Authorization": "Bearer"}, None),
        ({"Authorization": "Bearer nonsense"}, "invalid_token"),
        ({"Authorization": "Bearer a.b.c"}, "invalid_token"),
    ]:
        answer = await hub.send("GET", "/o/userinfo/", headers=header)
        assert answer.status == 401
        challenge = answer.headers["WWW-Authenticate"]
        assert challenge.startswith('Bearer realm="arkitekt"')
        assert ("error=" in challenge) == (error is not None)


async def test_a_token_in_the_address_or_twice_is_not_looked_at(hub: Hub) -> None:
    token = (await hub.log_in())["access_token"]

    assert (await hub.send("GET", f"/o/userinfo/?access_token={token}")).status == 401
    twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    assert (await hub.send("GET", "/o/userinfo/", headers=twice)).status == 401
    assert (await hub.send("GET", "/o/userinfo/", headers={"Authorization": f"bearer {token}"})).status == 200


async def test_anyone_can_verify_a_token_with_the_published_keys(hub: Hub) -> None:
    before = (await hub.log_in())["access_token"]
    await hub.identity._keys.rotate()
    after = (await hub.log_in())["access_token"]
    document = (await hub.send("GET", "/.well-known/fakts")).json
    published = (await hub.send("GET", document["jwks_uri"].removeprefix(hub.url))).json

    assert len(published["keys"]) >= 2
    assert {key["alg"] for key in published["keys"]} == {"RS256"}
    assert all(not {"d", "p", "q", "dp", "dq", "qi"} & set(key) for key in published["keys"])
    assert part(before, 0)["kid"] != part(after, 0)["kid"]
    for token in (before, after):
        assert jwt.decode(token, KeySet.import_key_set(published), algorithms=["RS256"]).claims["iss"] == f"{hub.url}/o"
        assert await is_good(hub, token)


PARTS = st.text("azAZ09_-=é", max_size=40)


@given(st.one_of(st.text(), st.tuples(PARTS, PARTS, PARTS).map(".".join), st.binary().map(repr)))
def test_what_is_no_token_is_worth_nothing(text: str) -> None:
    tokens = AccessTokens(SigningKeys(Path("nowhere")), Address(ListenSettings(port=1)), 60, lambda: 0.0)

    assert tokens.read(text, audience="lok") is None


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)
    | st.dictionaries(st.text(), st.text())
)
def test_no_header_of_any_shape_is_an_error(header: Any) -> None:
    tokens = AccessTokens(SigningKeys(Path("nowhere")), Address(ListenSettings(port=1)), 60, lambda: 0.0)
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()

    assert tokens.read(f"{head}.e30.x", audience="lok") is None
