"""GraphQL over HTTP and WebSockets: strawberry's view, with bounds and refusals of our own."""

import asyncio
import json
from dataclasses import replace
from typing import Any
from weakref import WeakSet

from aiohttp import WSCloseCode, web
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from strawberry.aiohttp.views import GraphQLView
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLRequestData
from strawberry.schema.base import BaseSchema
from strawberry.types.unset import UnsetType

from arkitekt_di.errors import LoginRequiredError
from arkitekt_di.messages.provenance import TASK_HEADER
from arkitekt_di.server.graphql.context import Context, Parts
from arkitekt_di.server.graphql.limits import MAX_BODY_BYTES
from arkitekt_di.server.graphql.sockets import CheckedWebSocket
from arkitekt_di.server.identifiers import is_identifier

MAX_OPERATIONS = 16
"""Operations that run at the same time on one WebSocket."""

MAX_SOCKETS = 256
"""WebSockets that are open at the same time."""

HEARTBEAT_S = 20.0
"""Seconds between two pings; a peer that answers none is gone."""

GOODBYE_S = 2.0
"""Longest wait, in seconds, for a peer to agree to the end of a connection."""


class BoundView(GraphQLView[Context, None]):
    """Answers GraphQL requests.

    Parameters
    ----------
    schema : BaseSchema
    parts : Parts
    max_body_bytes : int, default MAX_BODY_BYTES
        Largest request, and largest message on a WebSocket, in bytes.
    """

    websocket_adapter_class = CheckedWebSocket

    def __init__(self, schema: BaseSchema, parts: Parts, *, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=False,
            keep_alive_interval=HEARTBEAT_S,
            max_subscriptions_per_connection=MAX_OPERATIONS,
        )
        self._parts = parts
        self._max_body_bytes = max_body_bytes
        self._sockets: WeakSet[web.WebSocketResponse] = WeakSet()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one operation; the token comes in the request's header."""
        sender = await self._parts.authenticator.authenticate(request)
        claimed = request.headers.get(TASK_HEADER, "")
        if is_identifier(claimed):
            sender = replace(sender, task_id=claimed)
        bounded = request.clone(client_max_size=self._max_body_bytes)
        try:
            return await self.run(bounded, context=Context(self._parts, sender, request=request))
        except HTTPException as error:
            return web.Response(text=f"{error.reason}\n", status=error.status_code)

    async def converse(self, request: web.Request) -> web.StreamResponse:
        """Answer operations on a WebSocket; the token comes in its first message."""
        if not self.is_websocket_request(request):
            return web.Response(
                text="send operations with POST, or open a WebSocket\n", status=426, headers={"Upgrade": "websocket"}
            )
        if len(self._sockets) >= MAX_SOCKETS:
            return web.Response(text="too many open connections; try again later\n", status=503)
        return await self.run(request, context=Context(self._parts, request=request))

    async def close(self) -> None:
        """Close every WebSocket."""
        await asyncio.gather(
            *(socket.close(code=WSCloseCode.GOING_AWAY, message=b"the hub stops") for socket in self._sockets)
        )

    async def create_websocket_response(self, request: web.Request, subprotocol: str | None) -> web.WebSocketResponse:
        """Open a WebSocket with bounds."""
        socket = web.WebSocketResponse(
            protocols=(subprotocol,) if subprotocol else (),
            timeout=GOODBYE_S,
            heartbeat=HEARTBEAT_S,
            max_msg_size=self._max_body_bytes,
        )
        await socket.prepare(request)
        self._sockets.add(socket)
        return socket

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """Let a WebSocket in whose first message has a good token."""
        try:
            await context.principal()
        except LoginRequiredError as error:
            raise ConnectionRejectionError({"message": str(error)}) from error
        return await super().on_ws_connect(context)

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData | list[GraphQLRequestData]:
        """Read a request; the name of the operation is checked here, as nothing below does."""
        data = await super().parse_http_body(request)
        if isinstance(data, GraphQLRequestData) and not isinstance(data.operation_name, str | None):
            raise HTTPException(400, "The `operationName` must be a string or null, if provided.")
        return data

    def decode_json(self, data: str | bytes) -> Any:
        """Read a JSON object of text that can be stored.

        Python's reader lets through what is no Unicode text (half surrogate pairs), and fails in other ways on bytes
        that are not UTF-8 and on nesting without end.
        """
        try:
            decoded = json.loads(data)
            json.dumps(decoded, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise json.JSONDecodeError("not JSON text", "", 0) from error
        if not isinstance(decoded, dict):
            raise json.JSONDecodeError("not a JSON object", "", 0)
        return decoded
