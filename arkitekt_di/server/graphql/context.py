"""What a GraphQL operation works with: who asks, and the parts of the service."""

from dataclasses import dataclass
from typing import Any, TypeVar, cast

import strawberry
from aiohttp import web

from arkitekt_di.errors import LoginRequiredError
from arkitekt_di.server.principal import Authenticator, Principal

T = TypeVar("T")


class Parts:
    """The parts of a service, each found by its class, so that an area of the schema knows only its own.

    Parameters
    ----------
    authenticator : Authenticator
    *parts : object
        At most one of each class.
    """

    def __init__(self, authenticator: Authenticator, *parts: object) -> None:
        self.authenticator = authenticator
        self._parts = {type(part): part for part in parts}

    def find(self, kind: type[T]) -> T:
        """Return the part of this very class."""
        return cast("T", self._parts[kind])

    def known(self, kind: type[T]) -> T | None:
        """Return the part of this very class, where there is one."""
        return cast("T | None", self._parts.get(kind))


@dataclass
class Context:
    """One request, or one WebSocket with everything that it asks.

    Attributes
    ----------
    parts : Parts
    sender : Principal or None
        Who sent the request; None on a WebSocket, which says it in its first message.
    connection_params : dict or None
        Payload of that message.
    request : aiohttp.web.BaseRequest or None
        The request itself: tells under which address its sender reaches the hub.
    """

    parts: Parts
    sender: Principal | None = None
    connection_params: dict[str, Any] | None = None
    request: web.BaseRequest | None = None

    def part(self, kind: type[T]) -> T:
        """Return the part of the service that has this class."""
        return self.parts.find(kind)

    async def principal(self) -> Principal:
        """Return who asks; raises `LoginRequiredError` where the token of a WebSocket is worth nothing any more."""
        if self.sender is not None:
            return self.sender
        token = (self.connection_params or {}).get("token")
        principal = await self.parts.authenticator.authenticate_token(token) if isinstance(token, str) else None
        if principal is None:
            raise LoginRequiredError("this hub", "the token of the connection is missing, wrong or expired")
        return principal


Info = strawberry.Info[Context, None]
