import pytest

from arkitekt_di.messages.fakts import WellKnown
from tests.server.identity.harness import Hub

pytestmark = pytest.mark.anyio


async def test_the_fakts_document_has_every_member_that_clients_read(hub: Hub) -> None:
    answer = await hub.send("GET", "/.well-known/fakts")
    document = WellKnown.model_validate(answer.json)

    assert answer.headers["Content-Type"] == "application/json"
    assert document.protocol_version == "2"
    assert document.name == "Hub <b>of</b> tests"
    assert document.base_url == f"{hub.url}/"
    assert document.configure == f"{hub.url}/configure/{{code}}"
    assert document.issuer == f"{hub.url}/o"
    assert document.token_endpoint == f"{hub.url}/o/token/"
    assert document.device_authorization_endpoint == f"{hub.url}/o/app-authorization/"
    assert document.revocation_endpoint == f"{hub.url}/o/revoke/"
    assert document.jwks_uri == f"{hub.url}/o/.well-known/jwks.json"
    assert document.token_endpoint_auth_methods_supported == ("none",)
    assert document.grant_types_supported == (
        "authorization_code",
        "urn:ietf:params:oauth:grant-type:device_code",
        "refresh_token",
        "client_credentials",
        "urn:fakts:grant-type:mandate-key",
    )


@pytest.mark.parametrize("path", ["/.well-known/oauth-authorization-server/o", "/o/.well-known/openid-configuration"])
async def test_the_documents_of_the_standards_say_only_what_is_true(hub: Hub, path: str) -> None:
    document = (await hub.send("GET", path)).json

    assert document["issuer"] == f"{hub.url}/o"
    assert document["response_types_supported"] == ["code"]
    assert document["response_modes_supported"] == ["query"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["token_endpoint_auth_methods_supported"] == ["none", "client_secret_basic", "client_secret_post"]
    assert document["introspection_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post"]
    endpoints = [name for name in document if name.endswith(("_endpoint", "_uri"))]
    assert len(endpoints) == 7
    for name in endpoints:
        path_of_it = document[name].removeprefix(hub.url)
        statuses = [(await hub.send(method, path_of_it)).status for method in ("GET", "POST")]
        assert 404 not in statuses
        assert statuses.count(405) <= 1


async def test_the_document_of_openid_connect_says_what_its_clients_must_know(hub: Hub) -> None:
    document = (await hub.send("GET", "/o/.well-known/openid-configuration")).json
    jwks = (await hub.send("GET", document["jwks_uri"].removeprefix(hub.url))).json

    assert document["subject_types_supported"] == ["public"]
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]
    assert document["request_uri_parameter_supported"] is False
    assert jwks["keys"]
    assert all(set(key) == {"kty", "kid", "use", "alg", "n", "e"} for key in jwks["keys"])  # nothing private
