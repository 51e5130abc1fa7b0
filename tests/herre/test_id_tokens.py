"""ID tokens of issuers that are not the hub: each check of OpenID Connect Core 1.0, section 3.1.3.7, and RFC 8725."""

import base64
import json
import time
from typing import cast

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from arkitekt_di.errors import ConnectionLostError, InsecureTransportError, LoginError
from arkitekt_di.fakts.cache import InMemoryClaimCache
from arkitekt_di.herre.authorization_code import AuthorizationCodeFlow
from arkitekt_di.herre.client import OAuthClient
from arkitekt_di.herre.device_code import DeviceCodeFlow
from arkitekt_di.herre.id_token import ALGORITHMS, IdTokens
from arkitekt_di.herre.provider import read_provider
from arkitekt_di.herre.service import User
from arkitekt_di.herre.store import FileTokenStore, InMemoryTokenStore
from arkitekt_di.messages.fakts import ActiveFakts, SelfFakts
from arkitekt_di.messages.oauth import EndUser
from arkitekt_di.settings.models import HerreSettings
from arkitekt_di.testing.clock import ManualClock
from arkitekt_di.testing.issuer import CLIENT_ID, InMemoryIssuer
from arkitekt_di.transport.device_polling import DevicePolling
from tests.herre.browsers import Browser, Nobody
from tests.herre.logins import logged_in, make_fakts

pytestmark = pytest.mark.anyio

FOREIGN = ECKey.generate_key("P-256")
ADA = EndUser(sub="ada@lab", name="Ada", email="ada@lab.example")


@pytest.fixture
async def issuer():
    async with InMemoryIssuer() as issuer:
        issuer.id_claims = {"name": "Ada", "email": "ada@lab.example"}
        yield issuer


@pytest.fixture
def read(http, issuer):
    """Read an ID token as a client of the issuer does."""

    async def read(token, **members):
        provider = await read_provider(http, issuer.url)
        return await IdTokens(http, provider, CLIENT_ID, time.time).read(token, **members)

    return read


async def test_a_good_token_names_who_has_logged_in(read, issuer):
    token = issuer.id_token({"name": "Ada", "email": "ada@lab.example", "nonce": "n"})

    assert await read(token, nonce="n") == ADA


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"aud": "another app"}, "another client"),
        ({"aud": None}, "another client"),
        ({"aud": []}, "another client"),
        ({"aud": [CLIENT_ID, "another app"]}, "another client"),  # and no azp
        ({"aud": [CLIENT_ID, "another app"], "azp": "another app"}, "another client"),
        ({"azp": "another app"}, "another client"),
        ({"exp": int(time.time()) - 120}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "tomorrow"}, "expired"),
        ({"exp": True}, "expired"),
        ({"iat": int(time.time()) + 3600}, "future"),
        ({"iat": None}, "future"),
        ({"nonce": "of another login"}, "another login"),
        ({"nonce": None}, "another login"),
        ({"nonce": 3}, "another login"),
        ({"sub": None}, "nobody"),
        ({"sub": ""}, "nobody"),
        ({"sub": 7}, "nobody"),
        ({"sub": "x" * 256}, "nobody"),
        ({"sub": "bob@lab"}, "somebody else"),
    ],
)
async def test_each_claim_is_checked(read, issuer, members, fault):
    token = issuer.id_token({"nonce": "n", **members})

    with pytest.raises(LoginError, match=fault) as caught:
        await read(token, nonce="n", before=ADA)

    assert token not in str(caught.value)


async def test_several_audiences_are_fine_where_the_token_was_given_to_us(read, issuer):
    assert await read(issuer.id_token({"aud": [CLIENT_ID, "the hub"], "azp": CLIENT_ID}))


async def test_clocks_may_differ_a_little(read, issuer):
    now = int(time.time())

    assert await read(issuer.id_token({"exp": now - 20, "iat": now + 20}))


def crafted(header, claims, signature=b""):
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def claims_of(issuer):
    now = int(time.time())
    return {"iss": issuer.url, "sub": "ada@lab", "aud": CLIENT_ID, "iat": now, "exp": now + 300}


@pytest.mark.parametrize("algorithm", ["none", "nOnE", "NONE", "", None, "HS256", "HS512", "RS1", ["ES256"]])
async def test_only_signatures_that_nobody_else_can_make_count(read, issuer, algorithm):
    with pytest.raises(LoginError, match="proves nothing"):
        await read(crafted({"alg": algorithm, "kid": "the key"}, claims_of(issuer)))


async def test_the_public_key_is_no_shared_secret(read, issuer):
    """Confusion of algorithms: RFC 8725, section 2.1."""
    issuer.signing_key = RSAKey.generate_key(2048)
    public = issuer.signing_key.as_pem(private=False)
    issuer.keys = [{**issuer.signing_key.as_dict(private=False), "kid": "the key"}]
    token = jwt.encode(
        {"alg": "HS256", "kid": "the key"}, claims_of(issuer), OctKey.import_key(public.hex()), algorithms=["HS256"]
    )

    with pytest.raises(LoginError, match="proves nothing"):
        await read(token)


def test_no_algorithm_with_a_shared_secret_is_on_the_list():
    assert [name for name in ALGORITHMS if name.startswith("HS") or name.lower() == "none"] == []


async def test_another_key_under_the_same_name_is_no_signature(read, issuer):
    token = jwt.encode({"alg": "ES256", "kid": "the key"}, claims_of(issuer), FOREIGN)

    with pytest.raises(LoginError, match="no good signature"):
        await read(token)


async def test_a_key_that_comes_along_in_the_token_is_not_looked_at(read, issuer):
    header = {"alg": "ES256", "kid": "theirs", "jwk": FOREIGN.as_dict(private=False)}

    with pytest.raises(LoginError, match="key that the issuer does not have"):
        await read(crafted(header, claims_of(issuer), b"x" * 64))


async def test_a_changed_token_is_no_token(read, issuer):
    head, _, signature = issuer.id_token({}).split(".")
    body = crafted({}, {**claims_of(issuer), "sub": "bob"}).split(".")[1]

    with pytest.raises(LoginError, match="no good signature"):
        await read(f"{head}.{body}.{signature}")


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "....", "e30.e30.", "\N{SNOWMAN}.x.y"])
async def test_what_is_no_token_is_told(read, token):
    with pytest.raises(LoginError, match="ID token"):
        await read(token)


async def test_an_access_token_is_no_id_token(read, issuer):
    issuer.id_header = {"typ": "at+jwt"}

    with pytest.raises(LoginError, match="another kind"):
        await read(issuer.id_token({}))


@pytest.mark.parametrize("meant", [{"use": "enc"}, {"alg": "RS512"}, {"alg": "PS256"}])
async def test_a_key_for_something_else_is_not_used(read, issuer, meant):
    issuer.keys = [{**issuer.signing_key.as_dict(private=False), "kid": "the key", **meant}]

    with pytest.raises(LoginError, match="does not have"):
        await read(issuer.id_token({}))


@pytest.mark.parametrize(
    "keys", [[], [None], ["x"], [{}], [{"kty": "EC", "kid": "the key"}], [{"kty": "oct", "k": "AA", "kid": "the key"}]]
)
async def test_a_list_without_a_good_key_ends_the_login(read, issuer, keys):
    issuer.keys = keys

    with pytest.raises(LoginError, match="does not have"):
        await read(issuer.id_token({}))


async def test_a_key_that_is_new_is_asked_for(http, issuer):
    reader = IdTokens(http, await read_provider(http, issuer.url), CLIENT_ID, time.time)
    await reader.read(issuer.id_token({}))
    issuer.signing_key = FOREIGN
    issuer.id_header = {"kid": "the next key"}
    issuer.keys = [{**FOREIGN.as_dict(private=False), "kid": "the next key"}]

    assert (await reader.read(issuer.id_token({}))).sub == "ada@lab"


async def test_an_issuer_that_tells_no_keys_proves_nothing(read, issuer):
    token = issuer.id_token({})
    issuer.document["jwks_uri"] = None
    with pytest.raises(LoginError, match="names no keys"):
        await read(token)

    issuer.document["jwks_uri"] = f"{issuer.url}/nowhere"
    with pytest.raises(ConnectionLostError):
        await read(token)

    issuer.document["jwks_uri"] = "http://keys.example/"
    with pytest.raises(InsecureTransportError):
        await read(token)


# --- in a login ----------------------------------------------------------------------------------


@pytest.fixture
def make_client(http, issuer, hub):
    def make_client(claims):
        settings = HerreSettings(issuer=issuer.url, client_id=CLIENT_ID)
        return OAuthClient(http, claims, settings, time.time)

    return make_client


@pytest.fixture
def fakts(http, hub, tmp_path):
    given = ActiveFakts(self=SelfFakts(deployment_name="lab", sub="the hub's own", organization="lab"))
    return make_fakts(http, hub.url, InMemoryClaimCache(), facts=given.model_dump_json())


async def test_the_user_is_whom_the_issuer_proved(http, issuer, fakts, make_client):
    flow = AuthorizationCodeFlow(make_client(fakts), Browser(), timeout_s=5)
    store = InMemoryTokenStore()

    async with logged_in(fakts, http, store, time.time, flow=flow) as herre:
        assert herre.user == User("ada@lab", "lab", "Ada", "ada@lab.example")
        issuer.id_claims = None  # a renewal need not repeat it
        await herre.arefresh_token(await herre.aget_token())
        assert herre.user.sub == "ada@lab"

    async with logged_in(fakts, http, store, time.time, flow=flow) as herre:
        assert herre.user.sub == "ada@lab"  # from the login that was kept


async def test_a_renewal_that_names_somebody_else_ends_the_login(http, issuer, fakts, make_client):
    flow = AuthorizationCodeFlow(make_client(fakts), Browser(), timeout_s=5)

    async with logged_in(fakts, http, InMemoryTokenStore(), time.time, flow=flow) as herre:
        issuer.id_claims = {"sub": "bob@lab"}
        with pytest.raises(LoginError, match="somebody else"):
            await herre.arefresh_token(await herre.aget_token())


async def test_an_id_token_for_another_login_is_refused(issuer, fakts, make_client):
    issuer.id_claims = {"nonce": "of another login"}
    await fakts.start()

    with pytest.raises(LoginError, match="another login"):
        await AuthorizationCodeFlow(make_client(fakts), Browser(), timeout_s=5).login()


async def test_every_login_has_a_nonce_of_its_own(issuer, fakts, make_client):
    await fakts.start()
    browser = Browser()
    flow = AuthorizationCodeFlow(make_client(fakts), browser, timeout_s=5)

    await flow.login()
    await flow.login()

    first, second = (prompt.link.partition("nonce=")[2].partition("&")[0] for prompt in browser.prompts)
    assert len(first) >= 43
    assert first != second


async def test_a_code_that_was_approved_elsewhere_names_the_user_too(http, fakts, make_client):
    await fakts.start()
    clock = ManualClock()
    flow = DeviceCodeFlow(make_client(fakts), http, Nobody(), DevicePolling(clock, clock.sleep))

    assert cast("EndUser", (await flow.login()).token.end_user).sub == "ada@lab"


async def test_no_id_token_is_kept(http, issuer, fakts, make_client, tmp_path):
    flow = AuthorizationCodeFlow(make_client(fakts), Browser(), timeout_s=5)
    async with logged_in(fakts, http, FileTokenStore(tmp_path), time.time, flow=flow):
        [kept] = tmp_path.glob("*.json")

    assert "id_token" not in json.loads(kept.read_text())
    assert json.loads(kept.read_text())["end_user"]["sub"] == "ada@lab"
