"""The process that holds the agent's socket."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer

from arkitekt_di.errors import AgentRefusedError, ConnectionLostError
from arkitekt_di.protocols.rekuest import AgentSocket
from arkitekt_di.rekuest.agent.relayed_door import RelayedDoor
from arkitekt_di.settings.models import RekuestSettings, TransportSettings
from arkitekt_di.transport.http import HttpClient

pytestmark = pytest.mark.anyio


class Hub:
    """The other end of a socket, for the test to drive."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self.gone = asyncio.Event()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.arrived.put_nowait(socket)
        await self.gone.wait()
        return socket


@pytest.fixture
async def hub() -> Hub:
    return Hub()


def _door(http: HttpClient, url: str) -> RelayedDoor:
    async def endpoint() -> str:
        return url

    return RelayedDoor(http, endpoint, RekuestSettings(), TransportSettings())


@pytest.fixture
async def door(hub: Hub) -> AsyncIterator[RelayedDoor]:
    app = web.Application()
    app.router.add_get("/agi", hub.serve)
    server = TestServer(app)
    await server.start_server()

    async with HttpClient(TransportSettings()) as http:
        yield _door(http, str(server.make_url("/agi")))
        hub.gone.set()
        await server.close()


@asynccontextmanager
async def secured(hub: Hub) -> AsyncIterator[tuple[str, str]]:
    """Serve over TLS, with a certificate that no authority of the system has signed; yields address and certificate."""
    authority = trustme.CA()
    issued, context = authority.issue_cert("127.0.0.1"), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    app = web.Application()
    app.router.add_get("/agi", hub.serve)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    try:
        yield str(server.make_url("/agi")), issued.cert_chain_pems[0].bytes().decode()
    finally:
        hub.gone.set()
        await server.close()


@pytest.fixture
async def ends(door: RelayedDoor, hub: Hub) -> AsyncIterator[tuple[AgentSocket, web.WebSocketResponse]]:
    socket = await door.open()
    yield socket, await hub.arrived.get()
    await socket.close()


Ends = tuple[AgentSocket, web.WebSocketResponse]


async def test_frames_pass_both_ways(ends: Ends):
    agent, hub = ends
    long = json.dumps({"type": "LOG", "message": "µ" * 300_000})

    await agent.send(long)
    await hub.send_str('{"type": "CANCEL", "task": "\\u00b5 1"}')

    assert await hub.receive_str() == long
    assert json.loads(await agent.receive()) == {"type": "CANCEL", "task": "µ 1"}


async def test_heartbeats_are_answered_while_the_agent_does_nothing(ends: Ends):
    _, hub = ends

    await hub.send_str('{"type": "HEARTBEAT", "id": "7"}')

    assert json.loads(await hub.receive_str()) == {"type": "HEARTBEAT_ANSWER", "id": "7"}


async def test_a_refusal_of_the_hub_is_told(ends: Ends):
    agent, hub = ends

    await hub.close(code=4004)

    with pytest.raises(AgentRefusedError, match="another process"):
        await agent.receive()


async def test_a_connection_that_breaks_is_told(ends: Ends):
    agent, hub = ends

    await hub.close(code=1012)

    with pytest.raises(ConnectionLostError):
        await agent.receive()


async def test_a_process_that_ends_is_a_connection_that_broke(ends: Ends):
    agent, hub = ends

    agent._process.kill()  # type: ignore[attr-defined]  # a back door of the test

    with pytest.raises(ConnectionLostError):
        await agent.receive()
    assert (await hub.receive()).type in {web.WSMsgType.CLOSE, web.WSMsgType.CLOSED, web.WSMsgType.ERROR}


@pytest.mark.parametrize("pins", [("its own",), ("of another", "its own")])
async def test_heartbeats_of_a_hub_whose_certificate_is_pinned_are_answered(hub: Hub, pins: tuple[str, ...]):
    other = trustme.CA().cert_pem.bytes().decode()
    async with secured(hub) as (url, certificate), HttpClient(TransportSettings()) as http:
        http.pin(url, [certificate if pin == "its own" else other for pin in pins])
        agent = await _door(http, url).open()
        socket = await hub.arrived.get()
        await socket.send_str('{"type": "HEARTBEAT", "id": "7"}')

        assert json.loads(await socket.receive_str()) == {"type": "HEARTBEAT_ANSWER", "id": "7"}
        await agent.close()


@pytest.mark.parametrize("is_pinned", [False, True])
async def test_a_hub_that_shows_another_certificate_is_not_connected_to(hub: Hub, is_pinned: bool):
    async with secured(hub) as (url, _), HttpClient(TransportSettings()) as http:
        if is_pinned:
            http.pin(url, [trustme.CA().cert_pem.bytes().decode()])

        with pytest.raises(ConnectionLostError):
            await _door(http, url).open()
        assert hub.arrived.empty()


async def test_the_socket_closes_with_the_agent(ends: Ends):
    agent, hub = ends

    await agent.close()

    assert (await hub.receive()).type is web.WSMsgType.CLOSE
