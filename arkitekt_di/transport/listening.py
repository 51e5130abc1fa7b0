"""One GraphQL subscription on one WebSocket, in the dialect ``graphql-ws`` that the services speak."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

import aiohttp

from arkitekt_di.errors import ArkitektError, ConnectionLostError
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.refusal import refusal_of

DIALECT: Final = "graphql-ws"
"""Subprotocol of subscriptions-transport-ws; the newer ``graphql-transport-ws`` is not what the services speak."""

HEARTBEAT_S: Final = 20.0
"""Seconds between two pings; a hub that answers none is gone."""

HANDSHAKE_S: Final = 10.0
"""Longest wait for the hub to let the connection in, in seconds."""

_TOKEN_CODES: Final = frozenset({"UNAUTHENTICATED"})
_PASSING_CODES: Final = frozenset({"UNAVAILABLE"})


class TokenRefusedError(Exception):
    """The token of a connection is worth nothing any more; caught by whoever can renew it."""


async def listen(
    http: HttpClient, url: str, token: str, request: Mapping[str, Any], *, greeting: dict[str, Any] | None = None
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the ``data`` of each answer to one subscription, until it fails.

    A *greeting* is yielded before them, as soon as the service was asked.

    Raises
    ------
    ConnectionLostError
        The connection broke, the hub ended the subscription, or it can go on for a new one only.
    HubRefusedError
        The hub does not do what it was asked.
    TokenRefusedError
        The token is not, or no longer, good.
    """
    socket = await http.connect(url, protocols=(DIALECT,), heartbeat_s=HEARTBEAT_S)
    operation = str(request.get("operationName") or "the subscription")
    try:
        await _send(socket, url, {"type": "connection_init", "payload": {"token": token}})
        await _let_in(socket, url)
        await _send(socket, url, {"type": "start", "id": "1", "payload": dict(request)})
        if greeting is not None:
            yield greeting
        while (message := await _receive(socket, url))["type"] != "complete":
            if message["type"] == "error" or _errors(message):
                raise _failure(operation, url, message)
            if message["type"] == "data":
                yield message["payload"]["data"]
        raise ConnectionLostError(url, "the hub ended the subscription")
    finally:
        await socket.close()


async def _let_in(socket: aiohttp.ClientWebSocketResponse, url: str) -> None:
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            message = await _receive(socket, url, is_first=True)
    except TimeoutError as error:
        raise ConnectionLostError(url, f"it did not open the subscription within {HANDSHAKE_S:g} s") from error
    if message["type"] == "connection_error":
        raise TokenRefusedError
    if message["type"] != "connection_ack":
        raise ConnectionLostError(url, f"it does not speak {DIALECT}")


async def _receive(socket: aiohttp.ClientWebSocketResponse, url: str, *, is_first: bool = False) -> dict[str, Any]:
    """Return the next message that is no sign of life."""
    while True:
        frame = await socket.receive()
        if frame.type is not aiohttp.WSMsgType.TEXT:
            if is_first and socket.close_code in {4401, 4403}:
                raise TokenRefusedError
            raise ConnectionLostError(url, "the connection broke off")
        message = _read(frame.data, url)
        if message["type"] == "ping":
            await _send(socket, url, {"type": "pong"})
        elif message["type"] != "ka":
            return message


def _read(text: str, url: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConnectionLostError(url, f"it does not speak {DIALECT}") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ConnectionLostError(url, f"it does not speak {DIALECT}")
    if message["type"] == "data" and not _is_answer(message.get("payload")):
        raise ConnectionLostError(url, "it sent an answer that cannot be used")
    return message


def _is_answer(payload: object) -> bool:
    return isinstance(payload, dict) and (isinstance(payload.get("data"), dict) or bool(payload.get("errors")))


async def _send(socket: aiohttp.ClientWebSocketResponse, url: str, message: Mapping[str, Any]) -> None:
    try:
        await socket.send_json(message)
    except (aiohttp.ClientError, OSError) as error:
        raise ConnectionLostError(url, "the connection broke off") from error


def _errors(message: Mapping[str, Any]) -> object:
    payload = message.get("payload")
    return payload.get("errors") if isinstance(payload, dict) else None


def _failure(operation: str, url: str, message: Mapping[str, Any]) -> Exception:
    refused: ArkitektError = refusal_of(operation, url, _errors(message) or message.get("payload"))
    codes = set(getattr(refused, "codes", ()))
    if codes & _TOKEN_CODES:
        return TokenRefusedError()
    if codes & _PASSING_CODES:
        return ConnectionLostError(url, "; ".join(getattr(refused, "messages", ())))
    return refused
