import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from tests.server.images.documents import DELETE, GET, UPDATE, WATCH
from tests.server.images.image_hub import ImageHub

pytestmark = pytest.mark.anyio
OLD = {"protocol": "graphql-ws", "begin": "start", "data": "data", "end": "stop"}
NEW = {"protocol": "graphql-transport-ws", "begin": "subscribe", "data": "next", "end": "complete"}
DIALECTS = pytest.mark.parametrize("words", [OLD, NEW], ids=lambda words: words["protocol"])


@asynccontextmanager
async def connect(hub: ImageHub, words: dict[str, str], *, by: str = "ada") -> AsyncIterator[ClientWebSocketResponse]:
    async with asyncio.timeout(20), hub.client.ws_connect("/mikro/graphql", protocols=(words["protocol"],)) as socket:
        await socket.send_json({"type": "connection_init", "payload": {"token": by}})
        assert (await receive(socket))["type"] == "connection_ack"
        yield socket


async def receive(socket: ClientWebSocketResponse) -> dict[str, Any]:
    """Return the next message that is no sign of life."""
    while True:
        message: dict[str, Any] = await socket.receive_json()
        if message["type"] != "ka":
            return message


async def ask(socket: ClientWebSocketResponse, words: dict[str, str], document: str, **variables: object) -> None:
    payload = {"query": document, "variables": variables}
    await socket.send_json({"type": words["begin"], "id": "1", "payload": payload})


async def watch(hub: ImageHub, socket: ClientWebSocketResponse, words: dict[str, str]) -> None:
    """Subscribe, and return when the hub has taken note."""
    await ask(socket, words, WATCH)
    await until(lambda: hub.endpoint.journal.has_watchers("lab"))


async def until(condition: Callable[[], bool]) -> None:
    """Return when *condition* holds; the protocols have no message that says so."""
    while not condition():  # noqa: ASYNC110  # other tasks run meanwhile, and the caller sets the limit
        await asyncio.sleep(0)


@DIALECTS
async def test_a_watcher_sees_what_happens_to_the_images_of_the_organization(
    hub: ImageHub, words: dict[str, str]
) -> None:
    async with connect(hub, words) as socket:
        await watch(hub, socket, words)

        await hub.image(name="of the rivals", by="eve")
        image = await hub.image(name="one", by="ben")
        await hub.ask(UPDATE, input={"id": image["id"], "name": "two"})
        await hub.ask(DELETE, id=image["id"])
        seen = [await receive(socket) for _ in range(3)]

    assert [message["type"] for message in seen] == [words["data"]] * 3
    assert [message["payload"]["data"]["arrayDatasets"] for message in seen] == [
        {"create": {"id": image["id"], "name": "one"}, "update": None, "delete": None},
        {"create": None, "update": {"id": image["id"], "name": "two"}, "delete": None},
        {"create": None, "update": None, "delete": image["id"]},
    ]


@DIALECTS
async def test_a_watcher_may_stop(hub: ImageHub, words: dict[str, str]) -> None:
    async with connect(hub, words) as socket:
        await watch(hub, socket, words)
        await socket.send_json({"type": words["end"], "id": "1"})

        await until(lambda: not hub.endpoint.journal.has_watchers("lab"))


@DIALECTS
async def test_a_watcher_whose_token_ends_sees_nothing_more(hub: ImageHub, words: dict[str, str]) -> None:
    async with connect(hub, words, by="ben") as socket:
        await watch(hub, socket, words)
        del hub.tokens.people["ben"]
        await hub.image()

        message = await receive(socket)

    errors = message["payload"]["errors"] if isinstance(message["payload"], dict) else message["payload"]
    assert errors[0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "embryo" not in str(message)


async def test_queries_may_travel_on_a_socket_of_the_newer_protocol(hub: ImageHub) -> None:
    image = await hub.image()
    async with connect(hub, NEW) as socket:
        await ask(socket, NEW, GET, id=image["id"])

        assert (await receive(socket))["payload"]["data"]["arrayDataset"] == image


@DIALECTS
@pytest.mark.parametrize("payload", [None, {}, {"token": "mallory"}, {"token": 5}, {"token": None}])
async def test_a_socket_without_a_good_token_is_closed(
    hub: ImageHub, words: dict[str, str], payload: dict[str, object] | None
) -> None:
    async with asyncio.timeout(20), hub.client.ws_connect("/mikro/graphql", protocols=(words["protocol"],)) as socket:
        await socket.send_json({"type": "connection_init", "payload": payload})
        messages = [message async for message in socket]

        assert socket.close_code in {1011, 4403}
        assert all("connection_ack" not in message.data for message in messages)


@DIALECTS
@pytest.mark.parametrize(
    "text",
    [
        "5",
        "[]",
        "{}",
        '{"type": 5}',
        '{"type": "fly"}',
        '{"type": "start"}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ a }"}}',
        '{"type": "start", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
        '{"type": "start", "id": "1", "payload": {"query": "{ a }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "operationName": []}}',
        '{"type": "stop"}',
    ],
)
async def test_a_message_that_is_none_closes_the_socket(hub: ImageHub, words: dict[str, str], text: str) -> None:
    async with connect(hub, words) as socket:
        await socket.send_str(text)

        while (message := await socket.receive()).type is WSMsgType.TEXT:
            pass

        assert message.type is WSMsgType.CLOSE
        assert socket.close_code == 4400


@DIALECTS
async def test_a_socket_that_does_not_begin_with_its_token_is_closed(hub: ImageHub, words: dict[str, str]) -> None:
    async with hub.client.ws_connect("/mikro/graphql", protocols=(words["protocol"],)) as socket:
        await ask(socket, words, WATCH)
        assert [message async for message in socket] == []

        assert socket.close_code == 4401


@DIALECTS
async def test_a_socket_that_says_nothing_is_closed(hub: ImageHub, words: dict[str, str], monkeypatch) -> None:
    monkeypatch.setattr("arkitekt_di.server.graphql.sockets.HANDSHAKE_S", 0.01)
    async with hub.client.ws_connect("/mikro/graphql", protocols=(words["protocol"],)) as socket:
        assert [message async for message in socket] == []

        assert socket.close_code == 4408


@DIALECTS
async def test_a_hub_that_stops_closes_its_sockets(hub: ImageHub, words: dict[str, str]) -> None:
    async with connect(hub, words) as socket:
        await watch(hub, socket, words)
        stopping = asyncio.create_task(hub.endpoint.stop())
        while (await socket.receive()).type is WSMsgType.TEXT:
            pass
        await stopping

        assert socket.close_code == 1001


async def test_a_socket_with_too_many_operations_is_told_so(hub: ImageHub) -> None:
    async with connect(hub, OLD) as socket:
        for number in range(17):
            await socket.send_json({"type": "start", "id": str(number), "payload": {"query": WATCH}})

        message = await receive(socket)

    assert (message["type"], message["id"]) == ("error", "16")


async def test_there_is_an_end_to_sockets(hub: ImageHub, monkeypatch) -> None:
    monkeypatch.setattr("arkitekt_di.server.graphql.view.MAX_SOCKETS", 1)
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    headers["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
    async with connect(hub, NEW), hub.client.get("/mikro/graphql", headers=headers) as response:
        assert response.status == 503


async def test_a_page_of_another_site_opens_no_socket(hub: ImageHub) -> None:
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    headers |= {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Origin": "https://elsewhere.example"}
    async with hub.client.get("/mikro/graphql", headers=headers) as response:
        assert response.status == 403
