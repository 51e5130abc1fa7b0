import asyncio
import ssl

import pytest
import trustme

from arkitekt_di.errors import HubUnreachableError, NotAHubError, ProtocolMismatchError
from arkitekt_di.fakts.known_hub import read_hub
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.testing.hub import InMemoryHub
from tests.fakts.hubs import first_contact

pytestmark = pytest.mark.anyio


async def read(http, url):
    return await read_hub(http, HubLocation(url), timeout_s=2, first_contact=first_contact())


async def test_a_hub_is_known_by_its_document(http, hub):
    known = await read(http, hub.url)

    assert known.url == hub.url
    assert known.document.name == "hub in a test"
    assert known.token_endpoint == f"{hub.url}/o/token/"


async def test_an_address_without_a_scheme_is_found_on_this_machine(http, hub):
    known = await read(http, hub.url.removeprefix("http://"))

    assert known.url == hub.url


@pytest.mark.parametrize("version", ["1", None, "3"])
async def test_another_version_of_the_protocol_is_told_with_both_versions(http, hub, version):
    hub.document["protocol_version"] = version

    with pytest.raises(ProtocolMismatchError, match=f"version {version or 1}, .*version 2"):
        await read(http, hub.url)


@pytest.mark.parametrize("name", ["token_endpoint", "device_authorization_endpoint", "revocation_endpoint"])
@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/o/token/", "http://127.0.0.1:1/", "javascript:x", "/o/token/"]
)
async def test_an_endpoint_for_credentials_on_another_server_is_refused(http, hub, name, elsewhere):
    hub.document[name] = elsewhere

    with pytest.raises(NotAHubError, match=name):
        await read(http, hub.url)


async def test_a_hub_without_a_token_endpoint_is_none(http, hub):
    hub.document["token_endpoint"] = None

    with pytest.raises(NotAHubError, match="token_endpoint"):
        await read(http, hub.url)


@pytest.mark.parametrize(
    ("status", "content", "headers", "reason"),
    [
        (404, {}, {}, "status 404"),
        (200, ["a list"], {}, "no document"),
        (200, {"protocol_version": "2"}, {}, "incomplete"),
        (302, {}, {"Location": "https://other.example/"}, r"other\.example"),
    ],
)
async def test_something_that_is_no_hub_is_told(http, hub, status, content, headers, reason):
    hub.answers["/.well-known/fakts"] = (status, content, headers)

    with pytest.raises(NotAHubError, match=reason):
        await read(http, hub.url)


async def test_a_hub_that_does_not_answer_is_told_under_the_name_that_was_given(http, hub):
    await hub.stop()

    with pytest.raises(HubUnreachableError, match="refused"):
        await read(http, hub.url.removeprefix("http://"))


async def test_a_hub_that_keeps_silent_is_given_up_in_time(http):
    async def stay_silent(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(stay_silent, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server, asyncio.timeout(5):
        with pytest.raises(HubUnreachableError, match=r"within 0\.1 s"):
            await read_hub(http, HubLocation(f"{host}:{port}"), timeout_s=0.1, first_contact=first_contact())


async def test_a_certificate_that_is_not_trusted_never_leads_to_plain_http(http):
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server)
    hub = InMemoryHub()
    await hub.start(server)

    with pytest.raises(HubUnreachableError, match="is not trusted"):
        await read(http, hub.url)

    await hub.stop()
    assert {path for _, path, _ in hub.requests} == {"/.well-known/fakts"}  # which is asked to prove itself otherwise
