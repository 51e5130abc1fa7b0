import asyncio
import ssl

import pytest
import trustme

from arkitekt_di.errors import AppStateError, CertificateError, ConnectionLostError, InsecureTransportError
from arkitekt_di.settings.models import TransportSettings
from arkitekt_di.testing.hub import InMemoryHub
from arkitekt_di.transport import http as http_module
from arkitekt_di.transport.http import HttpClient

pytestmark = pytest.mark.anyio


async def test_an_answer_is_read_whole(http, hub):
    answer = await http.get(f"{hub.url}/mikro/ht")

    assert answer.status == 200
    assert answer.members() == {"status": "ok"}


async def test_an_error_status_is_an_answer_too(http, hub):
    answer = await http.post_form(f"{hub.url}/o/token/", "grant_type=nothing")

    assert answer.status == 400
    assert answer.members() == {"error": "unsupported_grant_type"}


async def test_a_body_that_is_no_json_object_has_no_members(http, hub):
    hub.answers["/list"] = (200, ["a"], {})

    answer = await http.get(f"{hub.url}/list")

    assert answer.members() is None


async def test_an_answer_shows_no_body(http, hub):
    hub.answers["/secret"] = (200, {"access_token": "canary"}, {})

    assert "canary" not in repr(await http.get(f"{hub.url}/secret"))


async def test_no_redirect_is_followed(http, hub):
    hub.answers["/away"] = (302, {}, {"Location": f"{hub.url}/mikro/ht"})

    answer = await http.get(f"{hub.url}/away")

    assert answer.is_redirect
    assert [path for _, path, _ in hub.requests] == ["/away"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirected_credential_is_refused_and_goes_nowhere(http, hub, status):
    hub.answers["/o/token/"] = (status, {}, {"Location": "https://evil.example/take?token=canary"})

    with pytest.raises(InsecureTransportError, match=r"evil\.example/take") as caught:
        await http.post_form(f"{hub.url}/o/token/", "refresh_token=canary")

    assert "canary" not in str(caught.value)
    assert len(hub.requests) == 1


async def test_credentials_over_plain_http_to_another_machine_are_refused_before_anything_is_sent(http):
    with pytest.raises(InsecureTransportError, match="https"):
        await http.post_json("http://hub.example/graphql", {}, bearer="canary")


async def test_a_closed_port_is_told_at_once(http, hub):
    await hub.stop()

    with pytest.raises(ConnectionLostError, match="refused"):
        await http.get(f"{hub.url}/mikro/ht")


async def test_an_unknown_name_is_told(http):
    with pytest.raises(ConnectionLostError, match=r"hub\.invalid"):  # RFC 6761, section 6.4: never known
        await http.get("https://hub.invalid/")


async def test_a_silent_server_is_given_up_in_time():
    async def stay_silent(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(stay_silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, HttpClient(TransportSettings()) as http:
        with pytest.raises(ConnectionLostError, match=r"within 0\.1 s"):
            await http.get(f"http://127.0.0.1:{port}/", timeout_s=0.1)


async def test_a_server_that_breaks_off_is_told(http):
    async def break_off(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        writer.close()

    server = await asyncio.start_server(break_off, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(ConnectionLostError, match="broke off"):
            await http.get(f"http://127.0.0.1:{port}/")


async def test_an_answer_without_end_is_not_read_to_the_end(http, hub, monkeypatch):
    monkeypatch.setattr(http_module, "MAX_ANSWER_BYTES", 10)
    hub.answers["/large"] = (200, {"text": "x" * 1000}, {})

    with pytest.raises(ConnectionLostError, match="larger than 10 bytes"):
        await http.get(f"{hub.url}/large")


async def test_a_client_that_is_not_open_says_how_to_open_it():
    with pytest.raises(AppStateError, match="with app:"):
        await HttpClient(TransportSettings()).get("http://127.0.0.1/")


@pytest.fixture
async def tls_hub():
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    hub = InMemoryHub()
    await hub.start(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    yield hub, client
    await hub.stop()


async def test_a_certificate_of_nobody_we_trust_is_refused_before_anything_is_sent(http, tls_hub):
    hub, _ = tls_hub

    with pytest.raises(CertificateError, match="certificate"):
        await http.post_form(f"{hub.url}/o/token/", "key=canary")

    assert hub.requests == []


async def test_a_certificate_of_a_trusted_authority_is_taken(tls_hub):
    hub, trust = tls_hub

    async with HttpClient(TransportSettings(), trust) as http:
        assert (await http.get(f"{hub.url}/mikro/ht")).status == 200


async def test_https_to_a_plain_server_is_told(http, hub):
    with pytest.raises(ConnectionLostError, match="TLS"):
        await http.get(hub.url.replace("http://", "https://"))
