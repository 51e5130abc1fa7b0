"""Messages on a WebSocket, checked before strawberry's handlers see them."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from strawberry.aiohttp.views import AiohttpWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived

HANDSHAKE_S = 10.0
"""Longest wait for the first message, in seconds."""

MALFORMED = 4400
UNAUTHORIZED = 4401
TOO_LATE = 4408
"""Close codes of graphql-transport-ws; the older protocol has none of its own for this."""


class _Received(BaseModel):
    model_config = ConfigDict(strict=True)


class _Operation(_Received):
    query: str = Field(min_length=1)
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815  # the wire's name


class _Begin(_Received):
    """The start of an operation; ``start`` is the older protocol's word."""

    type: Literal["start", "subscribe"]
    id: str = Field(min_length=1, max_length=128)
    payload: _Operation


class _End(_Received):
    """The end of an operation; ``stop`` is the older protocol's word."""

    type: Literal["stop", "complete"]
    id: str


class _Bare(_Received):
    """Everything that is not about an operation."""

    type: Literal["connection_init", "connection_terminate", "ping", "pong"]
    payload: dict[str, Any] | None = None


_MESSAGE: TypeAdapter[_Begin | _End | _Bare] = TypeAdapter(_Begin | _End | _Bare)


class CheckedWebSocket(AiohttpWebSocketAdapter):
    """Hands on well-formed messages only, the first of which opens the connection in time."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        """Yield messages until the peer closes, or sends what is none; that is never ignored here."""
        messages = super().iter_json(ignore_parsing_errors=False)
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                first = await anext(messages, None)
            if first is not None and await self._opens(first):
                yield first
                async for message in messages:
                    _MESSAGE.validate_python(message)
                    yield message
        except TimeoutError:
            await self.close(TOO_LATE, "the connection was not opened in time")
        except (NonJsonMessageReceived, ValidationError):
            await self.close(MALFORMED, "a message was not understood")

    async def _opens(self, message: object) -> bool:
        if not isinstance(message, dict) or message.get("type") != "connection_init":
            await self.close(UNAUTHORIZED, "the first message does not open the connection")
            return False
        if message.get("payload") is None:
            message.pop("payload", None)  # both mean none, but strawberry takes one of them only
        return True
