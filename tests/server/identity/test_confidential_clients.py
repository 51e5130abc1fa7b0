"""Clients with a secret: services that log in as themselves, and resource servers that ask about tokens."""

import base64
from collections.abc import Mapping
from urllib.parse import quote_plus

import pytest
from pydantic import SecretStr

from arkitekt_di.errors import ClientNotFoundError, ClientRefusedError, OrganizationNotFoundError
from arkitekt_di.messages.fakts import DEVICE_CODE_GRANT
from arkitekt_di.server.identity.client_kind import ClientKind
from arkitekt_di.server.identity.clients import RegisteredClient
from tests.server.identity.harness import MIKRO, PASSWORD, Answer, Browser, Hub, part
from tests.server.identity.provider import REDIRECT, SITE, Try, get_tokens, register

pytestmark = pytest.mark.anyio


def basic(client_id: str, secret: str) -> Mapping[str, str]:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def proof(client: RegisteredClient) -> Mapping[str, str]:
    assert client.secret is not None
    return basic(client.client_id, client.secret.get_secret_value())


async def log_in_service(hub: Hub, client: RegisteredClient, **more: str) -> Answer:
    data = {"grant_type": "client_credentials", **more}
    return await hub.send("POST", "/o/token/", data=data, headers=proof(client))


async def introspect(hub: Hub, client: RegisteredClient, token: str) -> Answer:
    return await hub.send("POST", "/o/introspect/", data={"token": token}, headers=proof(client))


# --- client credentials --------------------------------------------------------------------------


async def test_a_service_logs_in_as_a_member_of_its_organization(hub: Hub) -> None:
    client = await register(hub, ClientKind.SERVICE, services=[MIKRO])

    answer = await log_in_service(hub, client)
    principal = await hub.identity.authenticator_for(MIKRO).authenticate_token(answer.json["access_token"])

    assert answer.status == 200
    assert "refresh_token" not in answer.json  # RFC 6749, section 4.4.3
    assert "id_token" not in answer.json
    assert principal is not None
    assert principal.organization_id == hub.people["ada"].organization_id
    assert principal.user_id != hub.people["ada"].user_id
    assert part(answer.json["access_token"], 1)["roles"] == ["member"]


async def test_a_service_that_logs_in_again_is_the_same_login(hub: Hub) -> None:
    client = await register(hub, ClientKind.SERVICE)

    logins = {part((await log_in_service(hub, client)).json["access_token"], 1)["login"] for _ in range(3)}

    assert len(logins) == 1


async def test_a_service_gets_the_scopes_it_asks_for_and_no_others(hub: Hub) -> None:
    client = await register(hub, ClientKind.SERVICE)

    assert (await log_in_service(hub, client, scope="profile")).json["scope"] == "profile"
    assert (await log_in_service(hub, client, scope="admin")).error == (400, "invalid_scope")


async def test_nobody_logs_in_on_the_pages_as_a_service(hub: Hub, browser: Browser) -> None:
    client = await register(hub, ClientKind.SERVICE)
    name = part((await log_in_service(hub, client)).json["access_token"], 1)["preferred_username"]

    assert (await browser.log_in(name, PASSWORD)).status == 403
    assert (await browser.log_in(name, "")).status == 403


@pytest.mark.parametrize("kind", [ClientKind.NATIVE, ClientKind.WEB, ClientKind.RESOURCE_SERVER])
async def test_only_services_have_client_credentials(hub: Hub, kind: ClientKind) -> None:
    client = await register(hub, kind)
    secret = "" if client.secret is None else client.secret.get_secret_value()

    answer = await hub.token(grant_type="client_credentials", client_id=client.client_id, client_secret=secret)

    assert answer.error == ((401, "invalid_client") if kind is ClientKind.NATIVE else (400, "unauthorized_client"))


async def test_a_service_has_no_other_grant(hub: Hub) -> None:
    client = await register(hub, ClientKind.SERVICE)

    for fields in (
        {"grant_type": "refresh_token", "refresh_token": "x"},
        {"grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT},
        {"grant_type": DEVICE_CODE_GRANT, "device_code": "x"},
    ):
        answer = await hub.send("POST", "/o/token/", data=fields, headers=proof(client))
        assert answer.error == (400, "unauthorized_client")
    assert (await hub.send("GET", Try(client.client_id).path(), follow=False)).status == 400


# --- how clients show their secret ---------------------------------------------------------------


async def test_a_wrong_secret_is_refused_and_the_client_hears_which_scheme_would_do(hub: Hub) -> None:
    client = await register(hub, ClientKind.SERVICE)
    data = {"grant_type": "client_credentials"}

    for headers in (
        basic(client.client_id, "wrong"),
        basic(client.client_id, ""),
        basic("nobody", "x"),
        {"Authorization": "Basic %%%"},
        {"Authorization": "Basic /w=="},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic"},
    ):
        answer = await hub.send("POST", "/o/token/", data=data, headers=headers)
        assert answer.error == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")


async def test_one_way_to_show_the_secret_at_a_time(hub: Hub) -> None:
    client = await register(hub, ClientKind.SERVICE)
    assert client.secret is not None
    data = {"grant_type": "client_credentials", "client_secret": client.secret.get_secret_value()}

    both = await hub.send("POST", "/o/token/", data=data, headers=proof(client))
    other = {"grant_type": "client_credentials", "client_id": "another"}
    two_names = await hub.send("POST", "/o/token/", data=other, headers=proof(client))

    assert both.error == (400, "invalid_request")
    assert two_names.error == (401, "invalid_client")
    assert (await hub.token(**data, client_id=client.client_id)).status == 200


async def test_a_public_client_may_name_itself_with_an_empty_password(hub: Hub) -> None:
    tokens = await hub.log_in()
    data = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

    answer = await hub.send("POST", "/o/token/", data=data, headers=basic(tokens["client_id"], ""))

    assert answer.status == 200


async def test_a_renewed_secret_replaces_the_old_one(hub: Hub) -> None:
    client = await register(hub, ClientKind.SERVICE)
    fields = {"grant_type": "client_credentials", "client_id": client.client_id}

    secret = await hub.identity.clients.renew_secret(client.client_id)

    assert (await log_in_service(hub, client)).error == (401, "invalid_client")
    assert (await hub.token(**fields, client_secret=secret.get_secret_value())).status == 200


# --- introspection -------------------------------------------------------------------------------


async def test_a_resource_server_learns_what_a_token_of_its_organization_is_worth(hub: Hub, browser: Browser) -> None:
    server = await register(hub, ClientKind.RESOURCE_SERVER)
    client = await register(hub)
    tokens = await get_tokens(hub, browser, Try(client.client_id))

    answer = await introspect(hub, server, tokens["access_token"])

    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json
    assert told["active"] is True
    assert (told["username"], told["client_id"], told["token_type"]) == ("ada", client.client_id, "Bearer")
    assert (told["iss"], told["sub"]) == (f"{hub.url}/o", hub.people["ada"].user_id)
    assert told["scope"] == "openid profile"
    for token in (tokens["refresh_token"], tokens["id_token"], "junk", f"{tokens['access_token']}x"):
        assert (await introspect(hub, server, token)).json == {"active": False}
    hub.clock.advance(3600)
    assert (await introspect(hub, server, tokens["access_token"])).json == {"active": False}


async def test_a_token_of_another_organization_looks_like_none(hub: Hub) -> None:
    server = await register(hub, ClientKind.RESOURCE_SERVER)
    tokens = await hub.log_in(name="eve")

    assert (await introspect(hub, server, tokens["access_token"])).json == {"active": False}


async def test_a_revoked_token_is_not_active(hub: Hub) -> None:
    server = await register(hub, ClientKind.RESOURCE_SERVER)
    tokens = await hub.log_in()
    assert (await introspect(hub, server, tokens["access_token"])).json["active"]

    await hub.send("POST", "/o/revoke/", data={"token": tokens["refresh_token"], "client_id": tokens["client_id"]})

    assert (await introspect(hub, server, tokens["access_token"])).json == {"active": False}


async def test_nobody_but_a_resource_server_may_ask_about_tokens(hub: Hub) -> None:
    tokens = await hub.log_in()
    web, service = await register(hub, ClientKind.WEB), await register(hub, ClientKind.SERVICE)
    token = tokens["access_token"]

    for fields in ({"token": token}, {"token": token, "client_id": tokens["client_id"]}):
        assert (await hub.send("POST", "/o/introspect/", data=fields)).error == (401, "invalid_client")
    for client in (web, service):
        assert (await introspect(hub, client, token)).error == (400, "unauthorized_client")
    bearer = {"Authorization": f"Bearer {token}"}
    answer = await hub.send("POST", "/o/introspect/", data={"token": token}, headers=bearer)
    assert answer.error == (401, "invalid_client")


async def test_a_confidential_client_revokes_with_its_secret_and_only_what_is_its_own(hub: Hub) -> None:
    service, other = await register(hub, ClientKind.SERVICE), await register(hub, ClientKind.SERVICE)
    token = (await log_in_service(hub, service)).json["access_token"]
    server = await register(hub, ClientKind.RESOURCE_SERVER)

    bare = await hub.send("POST", "/o/revoke/", data={"token": token, "client_id": service.client_id})
    stranger = await hub.send("POST", "/o/revoke/", data={"token": token}, headers=proof(other))
    assert bare.error == (401, "invalid_client")
    assert stranger.status == 200
    assert (await introspect(hub, server, token)).json["active"]

    assert (await hub.send("POST", "/o/revoke/", data={"token": token}, headers=proof(service))).status == 200
    assert (await introspect(hub, server, token)).json == {"active": False}
    assert (await log_in_service(hub, service)).status == 200


# --- device codes of clients that the hub knows --------------------------------------------------


async def ask_for_device(hub: Hub, **fields: str) -> Answer:
    return await hub.send("POST", "/o/device-authorization/", data=fields)


async def test_a_registered_client_uses_the_standard_device_flow(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    issued = await ask_for_device(hub, client_id=client.client_id, scope="openid")
    code = issued.json

    assert issued.headers["Cache-Control"] == "no-store"
    assert code["verification_uri_complete"] == f"{hub.url}/configure/{code['user_code']}"
    assert {"device_code", "user_code", "verification_uri", "expires_in", "interval"} <= set(code)
    await browser.log_in()
    assert "Registered by an administrator" in (await browser.get(f"/configure/{code['user_code']}")).text
    assert (await hub.poll(code)).error == (400, "authorization_pending")
    await hub.approve(code)
    tokens = (await hub.poll(code)).json
    assert tokens["scope"] == "openid"
    assert (await hub.poll(code)).error == (400, "invalid_grant")
    assert (await hub.userinfo(tokens["access_token"])).status == 401


async def test_codes_that_are_over_take_no_registered_client_with_them(hub: Hub) -> None:
    client = await register(hub)
    await ask_for_device(hub, client_id=client.client_id)

    hub.clock.advance(100_000)

    again = await ask_for_device(hub, client_id=client.client_id)
    assert again.status == 200
    assert [one.client_id for one in await hub.identity.clients.all()] == [client.client_id]


async def test_who_may_not_ask_for_a_device_code(hub: Hub) -> None:
    service = await register(hub, ClientKind.SERVICE)

    assert (await ask_for_device(hub)).error == (401, "invalid_client")
    assert (await ask_for_device(hub, client_id="nobody")).error == (401, "invalid_client")
    assert (await ask_for_device(hub, client_id=service.client_id)).error == (401, "invalid_client")
    answer = await hub.send("POST", "/o/device-authorization/", data={}, headers=proof(service))
    assert answer.error == (400, "unauthorized_client")


async def test_device_codes_of_one_sender_are_limited(hub: Hub) -> None:
    client = await register(hub)

    answers = [await ask_for_device(hub, client_id=client.client_id) for _ in range(61)]

    assert [answer.status for answer in answers] == [200] * 60 + [429]
    hub.clock.advance(60)
    assert (await ask_for_device(hub, client_id=client.client_id)).status == 200


# --- the administrator ---------------------------------------------------------------------------


async def test_a_removed_client_takes_its_logins_along(hub: Hub) -> None:
    client = await register(hub, ClientKind.SERVICE)
    token = (await log_in_service(hub, client)).json["access_token"]

    await hub.identity.clients.remove(client.client_id)

    assert await hub.identity.authenticator.authenticate_token(token) is None
    assert (await log_in_service(hub, client)).error == (401, "invalid_client")
    assert await hub.identity.clients.all() == []
    with pytest.raises(ClientNotFoundError):
        await hub.identity.clients.remove(client.client_id)


async def test_a_secret_is_shown_once(hub: Hub) -> None:
    client = await register(hub, ClientKind.WEB)

    assert isinstance(client.secret, SecretStr)
    assert client.secret.get_secret_value() not in repr(client)
    assert [one.secret for one in await hub.identity.clients.all()] == [None]
    native = await register(hub)
    assert native.secret is None
    with pytest.raises(ClientNotFoundError):
        await hub.identity.clients.renew_secret(native.client_id)


@pytest.mark.parametrize(
    ("kind", "uris"),
    [
        (ClientKind.NATIVE, []),
        (ClientKind.WEB, ["http://evil.example/"]),
        (ClientKind.WEB, [f"{SITE}#x"]),
        (ClientKind.SERVICE, [SITE]),
        (ClientKind.RESOURCE_SERVER, [SITE]),
    ],
)
async def test_redirect_uris_must_be_some_and_fit_the_kind(hub: Hub, kind: ClientKind, uris: list[str]) -> None:
    with pytest.raises(ClientRefusedError, match="redirect URI"):
        await register(hub, kind, redirect_uris=uris)


async def test_names_and_organizations_of_clients_are_checked(hub: Hub) -> None:
    clients = hub.identity.clients
    with pytest.raises(OrganizationNotFoundError):
        await clients.add("x", ClientKind.SERVICE)
    await register(hub)
    assert (await clients.add("x", ClientKind.SERVICE)).organization == "lab-of-ada"
    with pytest.raises(ClientRefusedError, match="slash"):
        await clients.add("a/b", ClientKind.SERVICE)
    with pytest.raises(OrganizationNotFoundError, match="nowhere"):
        await clients.add("x", ClientKind.SERVICE, organization="nowhere")
    await hub.approve(await hub.ask(), "eve")
    with pytest.raises(OrganizationNotFoundError):
        await clients.add("x", ClientKind.SERVICE)
