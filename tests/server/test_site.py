import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from arkitekt_di.errors import DataFolderInUseError, PortTakenError
from arkitekt_di.messages.hub import LEASE_PATH
from arkitekt_di.server.address import Address
from arkitekt_di.server.data_folder import DataFolder
from arkitekt_di.server.idleness import Idleness
from arkitekt_di.server.site import Site
from arkitekt_di.settings.models import ListenSettings
from tests.server.sites import BOUND_S, Served

pytestmark = pytest.mark.anyio


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with Served() as served:
        yield served


async def test_a_site_answers_for_its_surfaces_and_for_its_health(served: Served):
    async with served.http.get("/fine") as answer:
        assert (answer.status, await answer.text()) == (200, "fine")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with served.http.get("/ht") as answer:
        assert await answer.json() == {"status": "ok"}


@pytest.mark.parametrize("name", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "hub@evil.example", ""])
async def test_a_site_on_loopback_answers_to_no_other_name(served: Served, name: str):
    """A web page must not reach the hub through a name that it points at this machine (DNS rebinding)."""
    async with served.http.get("/fine", headers={"Host": name}) as answer:
        assert answer.status in {400, 421}


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "localhost:1234", "[::1]:99"])
async def test_a_site_on_loopback_answers_to_every_loopback_name(served: Served, name: str):
    async with served.http.get("/fine", headers={"Host": name}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1.evil.example"]
)
async def test_pages_of_other_sites_open_no_websocket(served: Served, origin: str):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await served.http.ws_connect(LEASE_PATH, origin=origin)

    assert refused.value.status == 403


async def test_an_origin_that_only_looks_like_the_hub_opens_no_websocket(served: Served):
    """The origin is the whole of it: scheme, name and port (RFC 6454, section 4)."""
    own = served.address.url
    for origin in (own.replace("http:", "https:"), f"{own}.evil.example", f"{own}/", own[:-1], f"x{own}"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await served.http.ws_connect(LEASE_PATH, origin=origin)

        assert refused.value.status == 403, origin


async def test_own_pages_and_programs_open_websockets(served: Served):
    for origin in (served.address.url, None):
        async with served.http.ws_connect(LEASE_PATH, origin=origin) as socket:
            assert not socket.closed


async def test_a_full_disk_has_a_status_of_its_own(served: Served):
    async with served.http.get("/full") as answer:
        assert answer.status == 507
        assert "no space left at here" in await answer.text()


async def test_a_failure_is_logged_and_told_without_details(served: Served, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.ERROR):
        async with served.http.get("/broken?token=secret") as answer:
            assert answer.status == 500
            assert "nobody's business" not in await answer.text()

    assert "GET /broken failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert "secret" not in caplog.text


async def test_redirects_carry_the_headers_too(served: Served):
    async with served.http.get("/moved", allow_redirects=False) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_taken_port_is_told(served: Served):
    port = int(served.address.url.rpartition(":")[2])
    settings = ListenSettings(port=port)
    other = Site(settings, Address(settings), Idleness(None), [])

    with pytest.raises(PortTakenError, match=f"port {port}"):
        await other.start()
    await other.stop()


async def test_a_hub_that_nobody_asks_becomes_idle():
    async with Served(idle_s=0.01) as served, asyncio.timeout(BOUND_S):
        await served.idleness.wait()


async def test_a_request_that_is_under_way_keeps_the_hub_from_becoming_idle():
    async with Served(idle_s=0.5) as served, asyncio.timeout(BOUND_S):
        asking = asyncio.create_task(served.http.get("/slow"))
        await served.pages.reached.wait()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await served.idleness.wait()
        served.pages.release.set()
        (await asking).release()
        await served.idleness.wait()


async def test_a_lease_keeps_the_hub_from_becoming_idle_until_it_is_given_back():
    async with Served(idle_s=0.5) as served, asyncio.timeout(BOUND_S):
        async with served.http.ws_connect(LEASE_PATH):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.0):
                    await served.idleness.wait()
        await served.idleness.wait()


async def test_a_hub_that_stops_ends_its_leases():
    async with Served() as served, asyncio.timeout(BOUND_S):
        lease = await served.http.ws_connect(LEASE_PATH)
        await served.site.stop()

        assert (await lease.receive()).type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}


async def test_a_data_folder_has_one_hub_at_a_time(tmp_path: Path):
    first, second = DataFolder(tmp_path / "data"), DataFolder(tmp_path / "data")
    await first.start()

    with pytest.raises(DataFolderInUseError, match="choose another folder"):
        await second.start()
    await first.stop()
    await second.start()
    await second.stop()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
