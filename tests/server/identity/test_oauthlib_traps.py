"""The traps of oauthlib 4.0.1 that apply to what the hub offers, each closed."""

import json
import logging
import os
from urllib.parse import urlencode

import pytest

from arkitekt_di.messages.fakts import DEVICE_CODE_GRANT
from arkitekt_di.server.identity.client_kind import ClientKind
from tests.server.identity.harness import MANDATE_KEY, MANIFEST, PASSWORD, Browser, Hub
from tests.server.identity.provider import SITE, Try, get_code, register, sent_back

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "grant_type", ["password", "openid", "urn:ietf:params:oauth:grant-type:jwt-bearer", "implicit", ""]
)
async def test_grants_that_the_hub_does_not_have_are_refused(hub: Hub, grant_type: str) -> None:
    answer = await hub.token(grant_type=grant_type, username="ada", password=PASSWORD, code="x", client_id="x")

    assert answer.error == (400, "unsupported_grant_type" if grant_type else "invalid_request")


async def test_there_is_no_implicit_and_no_hybrid_flow(hub: Hub) -> None:
    client = await register(hub)

    for response_type in ("token", "id_token", "id_token token", "code token", "code id_token token"):
        answer = await hub.send("GET", Try(client.client_id).path(response_type=response_type), follow=False)
        assert sent_back(answer)["error"] in {"unsupported_response_type", "unauthorized_client"}


async def test_a_refresh_token_works_once_and_its_reuse_ends_the_family(hub: Hub) -> None:
    first = await hub.log_in()
    second = (await hub.refresh(first)).json
    assert (await hub.userinfo(second["access_token"])).status == 200

    assert (await hub.refresh(first)).error == (400, "invalid_grant")

    assert (await hub.refresh(second)).error == (400, "invalid_grant")
    assert (await hub.userinfo(second["access_token"])).status == 401


@pytest.mark.parametrize("name", ["grant_type", "client_id", "device_code", "unknown"])
async def test_a_parameter_that_is_given_twice_is_refused(hub: Hub, name: str) -> None:
    issued = await hub.ask()
    await hub.approve(issued)
    fields = [
        ("grant_type", DEVICE_CODE_GRANT),
        ("device_code", issued["device_code"]),
        ("client_id", issued["client_id"]),
        ("unknown", "x"),
    ]
    twice = next(pair for pair in fields if pair[0] == name)

    assert (await hub.send("POST", "/o/token/", data=[*fields, twice])).error == (400, "invalid_request")
    assert (await hub.send("POST", "/o/token/", data=fields)).status == 200


@pytest.mark.parametrize(
    "body", [b"%zz", b"a=%", b"<x>", b"\xff\xfe", b'{"grant_type": 1}', b"a=%00", b"a=%ff", b"&" * 40, b"=" * 40, b""]
)
async def test_malformed_forms_are_invalid_requests_and_never_errors_of_the_hub(hub: Hub, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    for path in ("/o/token/", "/o/revoke/", "/o/introspect/", "/o/device-authorization/"):
        answer = await hub.send("POST", path, data=body, headers=headers)
        assert answer.status in {400, 401}
        assert answer.json["error"] in {"invalid_request", "invalid_client", "unsupported_grant_type"}


async def test_json_for_a_form_and_parameters_in_the_address_are_refused(hub: Hub) -> None:
    issued = await hub.ask()
    await hub.approve(issued)
    code = {"device_code": issued["device_code"], "client_id": issued["client_id"]}
    fields = {"grant_type": DEVICE_CODE_GRANT, **code}

    assert (await hub.send("POST", "/o/token/", json=fields)).error == (400, "invalid_request")
    for query in ("grant_type=refresh_token", "unknown=x", urlencode(code)):
        assert (await hub.send("POST", f"/o/token/?{query}", data=fields)).error == (400, "invalid_request")

    assert (await hub.send("POST", "/o/token/", data=fields)).status == 200


async def test_a_field_cannot_pass_for_something_that_the_hub_has_set(hub: Hub) -> None:
    issued = await hub.ask()
    smuggled = {"user": "admin", "client": "x", "scopes": "admin", "extra_credentials": "x", "claims": "{}"}
    fields = {"device_code": issued["device_code"], "client_id": issued["client_id"]}

    pending = await hub.token(grant_type=DEVICE_CODE_GRANT, **fields, **smuggled)
    assert pending.error == (400, "authorization_pending")

    await hub.approve(issued)
    granted = await hub.token(grant_type=DEVICE_CODE_GRANT, **fields, **smuggled, scope="admin")
    assert granted.json["scope"] == "openid profile"
    assert (await hub.userinfo(granted.json["access_token"])).json["preferred_username"] == "ada"


async def test_endpoints_that_change_something_accept_post_only(hub: Hub) -> None:
    posts = ("/o/token/", "/o/revoke/", "/o/introspect/", "/o/device-authorization/", "/o/app-authorization/")
    for path in (*posts, "/report/", "/logout"):
        assert (await hub.send("GET", path)).status == 405


async def test_refresh_tokens_are_opaque_and_not_jwts(hub: Hub) -> None:
    tokens = await hub.log_in()

    assert tokens["refresh_token"] != tokens["access_token"]
    assert "." not in tokens["refresh_token"]
    assert len(tokens["refresh_token"]) == 43


async def test_plain_http_on_loopback_needs_no_switch_that_holds_for_the_whole_process(hub: Hub) -> None:
    await hub.log_in()

    assert "OAUTHLIB_INSECURE_TRANSPORT" not in os.environ
    document = (await hub.send("GET", "/.well-known/oauth-authorization-server/o")).json
    assert document["issuer"].startswith("http://127.0.0.1:")


async def test_no_secret_is_in_any_log_at_any_level(
    hub: Hub, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("oauthlib").setLevel(logging.DEBUG)
    setup = await hub.identity.setup_url()
    assert setup is not None
    path = setup.removeprefix(hub.url)
    await browser.get(path)
    await browser.submit(path, name="ada", organization="Lab", password=PASSWORD, again=PASSWORD)
    await browser.submit("/logout")
    await browser.submit("/login", name="ada", password=f"{PASSWORD}!", next="/device")
    await browser.log_in()
    issued = await hub.ask()
    await hub.poll(issued)
    page = await browser.get(f"/configure/{issued['user_code']}")
    organization = page.text.split('name="organization" value="')[1].split('"')[0]
    path = f"/configure/{issued['user_code']}"
    await browser.submit(path, answer="approve", seen="yes", organization=organization)
    tokens = (await hub.poll(issued)).json
    renewed = (await hub.refresh(tokens)).json
    await hub.refresh(tokens, scope="admin")
    await hub.userinfo(renewed["access_token"])
    client = await hub.identity.clients.add("site", ClientKind.WEB, organization="lab", redirect_uris=[SITE])
    assert client.secret is not None
    attempt = Try(client.client_id, SITE)
    code = await get_code(hub, browser, attempt)
    secret = client.secret.get_secret_value()
    logged_in = (await hub.token(**attempt.redemption(code), client_secret=secret)).json
    await hub.token(**attempt.redemption(code), client_secret="canary-wrong-secret")
    mandated = (await hub.present_mandate()).json
    await hub.present_mandate(key=f"{MANDATE_KEY}!")
    await hub.token(grant_type="refresh_token", refresh_token="canary-unknown", client_id=tokens["client_id"])
    revoked = {"token": renewed["refresh_token"], "client_id": renewed["client_id"]}
    assert (await hub.send("POST", "/o/revoke/", data=revoked)).status == 200

    secrets = [PASSWORD, MANDATE_KEY, setup.rpartition("/")[2], "canary-unknown", *browser.cookies.values()]
    secrets += [issued["device_code"], issued["user_code"], mandated["access_token"]]
    secrets += [code, attempt.verifier, secret, "canary-wrong-secret", logged_in["id_token"]]
    secrets += [answer[name] for answer in (tokens, renewed, logged_in) for name in ("access_token", "refresh_token")]
    written = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert any(record.name.startswith("oauthlib") for record in caplog.records)
    assert [secret for secret in secrets if secret in written] == []


async def test_the_database_holds_no_credential_in_the_clear(hub: Hub, browser: Browser, tmp_path) -> None:
    waiting = await hub.ask()
    client = await register(hub, ClientKind.WEB)
    assert client.secret is not None
    attempt = Try(client.client_id, SITE)
    code = await get_code(hub, browser, attempt)
    tokens = await hub.log_in()
    async with hub.database._engine.connect() as connection:  # type: ignore[union-attr]
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    stored = b"".join(path.read_bytes() for path in tmp_path.glob("hub.sqlite*"))

    assert tokens["client_id"].encode() in stored
    secrets = [PASSWORD, MANDATE_KEY, tokens["refresh_token"], tokens["access_token"]]
    secrets += [waiting["device_code"], waiting["user_code"], code, attempt.verifier]
    secrets += [client.secret.get_secret_value()]
    assert [secret for secret in secrets if secret.encode() in stored] == []
    assert b"$argon2id$" in stored


async def test_a_public_client_that_shows_a_secret_is_refused(hub: Hub) -> None:
    issued = await hub.ask()
    fields = {"grant_type": DEVICE_CODE_GRANT, "device_code": issued["device_code"], "client_id": issued["client_id"]}

    answer = await hub.send("POST", "/o/token/", data=fields, headers={"Authorization": "Basic eDp5"})

    assert answer.error == (401, "invalid_client")


async def test_manifests_of_the_mandate_key_are_checked_like_any_other(hub: Hub) -> None:
    assert (await hub.present_mandate(manifest="{")).error == (400, "invalid_request")
    broken = json.dumps({**MANIFEST, "identifier": "a/b"})
    assert (await hub.present_mandate(manifest=broken)).error == (400, "invalid_request")
