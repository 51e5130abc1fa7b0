"""Clients that others wrote log in at the hub, over TLS, with no change to them."""

import ssl
from collections.abc import Iterator
from urllib.parse import parse_qsl

import msal
import pytest
from authlib.integrations.httpx_client import OAuth2Client as AuthlibClient
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from google.auth.transport.requests import Request
from google_auth_oauthlib.flow import Flow
from joserfc import jwt
from joserfc.jwk import KeySet
from oauthlib.oauth2 import BackendApplicationClient, DeviceClient
from requests_oauthlib import OAuth2Session

from arkitekt_di.messages.fakts import DEVICE_CODE_GRANT
from arkitekt_di.server.identity.client_kind import ClientKind
from arkitekt_di.server.identity.clients import RegisteredClient
from tests.server.identity.provider import REDIRECT
from tests.server.identity.secure_hub import BOUND_S, SecureHub, answer_in, serving_securely

SITE = "https://site.example.org/callback"
SCOPES = ["openid", "profile"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, keys) -> Iterator[SecureHub]:
    with serving_securely(tmp_path_factory.mktemp("secure"), keys) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", hub.ca)  # requests lets it win over what a session trusts
        yield hub


@pytest.fixture(scope="module")
def native(hub: SecureHub) -> RegisteredClient:
    return hub.run(hub.identity.clients.add("native", ClientKind.NATIVE, redirect_uris=[REDIRECT]))


@pytest.fixture(scope="module")
def site(hub: SecureHub) -> RegisteredClient:
    return hub.run(hub.identity.clients.add("site", ClientKind.WEB, redirect_uris=[SITE]))


def secret_of(client: RegisteredClient) -> str:
    assert client.secret is not None
    return client.secret.get_secret_value()


def test_authlib_logs_in_renews_and_revokes(hub: SecureHub, native: RegisteredClient) -> None:
    known = hub.document()
    with AuthlibSession(
        native.client_id,
        redirect_uri=REDIRECT,
        scope=SCOPES,
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
        revocation_endpoint_auth_method="none",
    ) as session:
        session.verify = hub.ca
        url, _ = session.create_authorization_url(known["authorization_endpoint"], code_verifier="v" * 64)
        location = hub.allow(url)
        assert answer_in(location)["iss"] == known["issuer"]
        first = session.fetch_token(known["token_endpoint"], authorization_response=location, code_verifier="v" * 64)
        user = session.get(known["userinfo_endpoint"]).json()
        second = session.refresh_token(known["token_endpoint"], refresh_token=first["refresh_token"])
        assert session.get(known["userinfo_endpoint"]).json() == user
        revoked = session.revoke_token(known["revocation_endpoint"], token=second["refresh_token"])

        assert user["preferred_username"] == "ada"
        assert first["refresh_token"] != second["refresh_token"]
        assert revoked.status_code == 200
        assert session.get(known["userinfo_endpoint"]).status_code == 401


def test_authlib_checks_the_id_token_of_a_web_site(hub: SecureHub, site: RegisteredClient) -> None:
    known = hub.document()
    with AuthlibSession(
        site.client_id, secret_of(site), redirect_uri=SITE, scope=SCOPES, code_challenge_method="S256"
    ) as session:
        session.verify = hub.ca
        url, _ = session.create_authorization_url(
            known["authorization_endpoint"], code_verifier="w" * 64, nonce="a nonce"
        )
        token = session.fetch_token(
            known["token_endpoint"], authorization_response=hub.allow(url), code_verifier="w" * 64
        )
        keys = KeySet.import_key_set(session.get(known["jwks_uri"], withhold_token=True).json())

    claims = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
    assert (claims["nonce"], claims["aud"], claims["iss"]) == ("a nonce", site.client_id, known["issuer"])


def test_authlib_uses_client_credentials_and_introspection(hub: SecureHub) -> None:
    known = hub.document()
    service = hub.run(hub.identity.clients.add("service", ClientKind.SERVICE))
    server = hub.run(hub.identity.clients.add("server", ClientKind.RESOURCE_SERVER))
    with AuthlibSession(service.client_id, secret_of(service)) as session:
        session.verify = hub.ca
        token = session.fetch_token(known["token_endpoint"], grant_type="client_credentials")
    with AuthlibSession(server.client_id, secret_of(server)) as session:
        session.verify = hub.ca
        told = session.introspect_token(known["introspection_endpoint"], token=token["access_token"]).json()

    assert told["active"] is True
    assert told["client_id"] == service.client_id


def test_authlib_on_httpx_logs_in_with_a_code_and_as_a_service(hub: SecureHub, native: RegisteredClient) -> None:
    known, trusting = hub.document(), ssl.create_default_context(cafile=hub.ca)
    service = hub.run(hub.identity.clients.add("another service", ClientKind.SERVICE))
    server = hub.run(hub.identity.clients.add("another server", ClientKind.RESOURCE_SERVER))
    with AuthlibClient(
        native.client_id,
        redirect_uri=REDIRECT,
        scope=" ".join(SCOPES),
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
        revocation_endpoint_auth_method="none",
        verify=trusting,
    ) as client:
        url, _ = client.create_authorization_url(known["authorization_endpoint"], code_verifier="h" * 64)
        location = hub.allow(url)
        first = client.fetch_token(known["token_endpoint"], authorization_response=location, code_verifier="h" * 64)
        second = client.refresh_token(known["token_endpoint"], refresh_token=first["refresh_token"])
        user = client.get(known["userinfo_endpoint"]).json()
        client.revoke_token(known["revocation_endpoint"], token=second["refresh_token"])
        assert client.get(known["userinfo_endpoint"]).status_code == 401
    with AuthlibClient(service.client_id, secret_of(service), verify=trusting) as client:
        token = client.fetch_token(known["token_endpoint"], grant_type="client_credentials")
    with AuthlibClient(server.client_id, secret_of(server), verify=trusting) as client:
        told = client.introspect_token(known["introspection_endpoint"], token=token["access_token"]).json()

    assert user["preferred_username"] == "ada"
    assert (told["active"], told["client_id"]) == (True, service.client_id)


@pytest.mark.parametrize("named_in_the_form", [True, None])
def test_requests_oauthlib_logs_in(hub: SecureHub, native: RegisteredClient, named_in_the_form: bool | None) -> None:
    known = hub.document()
    with OAuth2Session(native.client_id, redirect_uri=REDIRECT, scope=SCOPES, pkce="S256") as session:
        session.verify = hub.ca
        url, _ = session.authorization_url(known["authorization_endpoint"])
        code = answer_in(hub.allow(url))["code"]
        first = session.fetch_token(known["token_endpoint"], code=code, include_client_id=named_in_the_form)
        assert session.get(known["userinfo_endpoint"]).json()["preferred_username"] == "ada"

        second = session.refresh_token(known["token_endpoint"], client_id=native.client_id)

        assert second["refresh_token"] != first["refresh_token"]
        assert session.get(known["userinfo_endpoint"]).json()["preferred_username"] == "ada"


def test_requests_oauthlib_logs_in_with_a_device_code_and_as_a_service(
    hub: SecureHub, native: RegisteredClient
) -> None:
    known = hub.document()
    device = DeviceClient(native.client_id, scope=" ".join(SCOPES))
    asked = hub.device_code(native.client_id, SCOPES)
    hub.approve(asked["verification_uri_complete"])
    body = device.prepare_request_body(asked["device_code"], include_client_id=True)
    with OAuth2Session(client=device) as session:
        session.verify = hub.ca
        answer = session.post(known["token_endpoint"], data=dict(parse_qsl(body)), withhold_token=True, timeout=BOUND_S)
        session.token = device.parse_request_body_response(answer.text)
        assert session.get(known["userinfo_endpoint"]).json()["preferred_username"] == "ada"

    service = hub.run(hub.identity.clients.add("a third service", ClientKind.SERVICE))
    with OAuth2Session(client=BackendApplicationClient(service.client_id)) as session:
        session.verify = hub.ca
        token = session.fetch_token(known["token_endpoint"], client_secret=secret_of(service))

    assert token["token_type"] == "Bearer"
    assert "refresh_token" not in token


def test_google_auth_oauthlib_logs_in(hub: SecureHub, native: RegisteredClient) -> None:
    known = hub.document()
    installed = {
        "client_id": native.client_id,
        "client_secret": "",
        "auth_uri": known["authorization_endpoint"],
        "token_uri": known["token_endpoint"],
    }
    flow = Flow.from_client_config({"installed": installed}, SCOPES, redirect_uri=REDIRECT)
    flow.oauth2session.verify = hub.ca
    url, _ = flow.authorization_url()

    flow.fetch_token(code=answer_in(hub.allow(url))["code"])

    session = flow.authorized_session()
    session.verify = hub.ca
    assert session.get(known["userinfo_endpoint"]).json()["preferred_username"] == "ada"
    before = session.credentials.refresh_token
    session.credentials.refresh(Request(session=hub.session))
    assert session.credentials.refresh_token != before
    assert session.get(known["userinfo_endpoint"]).json()["preferred_username"] == "ada"
    session.close()
    flow.oauth2session.close()


def test_msal_logs_in_with_a_code_and_with_a_device_code(hub: SecureHub, native: RegisteredClient) -> None:
    app = msal.PublicClientApplication(native.client_id, oidc_authority=hub.issuer, verify=hub.ca)

    with pytest.warns(UserWarning, match="form_post"):  # Microsoft's own advice; the hub answers in the query
        asked = app.initiate_auth_code_flow([], redirect_uri=REDIRECT)
    by_code = app.acquire_token_by_auth_code_flow(asked, answer_in(hub.allow(asked["auth_uri"])))
    device = app.initiate_device_flow([])
    hub.approve(device["verification_uri_complete"])
    by_device = app.acquire_token_by_device_flow(device)

    (account,) = app.get_accounts()
    renewed = [app.acquire_token_silent_with_error([], account, force_refresh=True) for _ in range(2)]

    assert by_code["id_token_claims"]["preferred_username"] == "ada"
    assert by_device["access_token"]
    assert [one["token_source"] for one in renewed] == ["identity_provider"] * 2
    assert len({by_code["access_token"], *(one["access_token"] for one in renewed)}) == 3
    app.http_client.close()


def test_msal_logs_in_as_a_service(hub: SecureHub) -> None:
    service = hub.run(hub.identity.clients.add("a fourth service", ClientKind.SERVICE))
    app = msal.ConfidentialClientApplication(
        service.client_id, client_credential=secret_of(service), oidc_authority=hub.issuer, verify=hub.ca
    )

    token = app.acquire_token_for_client(["openid"])

    assert token["token_type"] == "Bearer"
    app.http_client.close()


@pytest.mark.parametrize("kind", [AuthlibSession, AuthlibClient])
def test_authlib_logs_in_with_a_device_code(
    hub: SecureHub, native: RegisteredClient, kind: type[AuthlibSession | AuthlibClient]
) -> None:
    known = hub.document()
    verify = hub.ca if kind is AuthlibSession else ssl.create_default_context(cafile=hub.ca)
    options = {} if kind is AuthlibSession else {"verify": verify}
    asked = hub.device_code(native.client_id, SCOPES)
    with kind(native.client_id, scope=" ".join(SCOPES), token_endpoint_auth_method="none", **options) as session:
        session.verify = verify
        hub.approve(asked["verification_uri_complete"])
        session.fetch_token(known["token_endpoint"], grant_type=DEVICE_CODE_GRANT, device_code=asked["device_code"])

        assert session.get(known["userinfo_endpoint"]).json()["preferred_username"] == "ada"
