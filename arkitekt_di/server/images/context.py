"""What a GraphQL operation works with: who asks, and the parts of the image service."""

from dataclasses import dataclass
from typing import Any

import strawberry

from arkitekt_di.errors import LoginRequiredError
from arkitekt_di.server.images.changes import Changes
from arkitekt_di.server.images.images import Images
from arkitekt_di.server.images.uploads import Uploads
from arkitekt_di.server.principal import Authenticator, Principal


@dataclass(frozen=True)
class Services:
    """The parts of the image service."""

    uploads: Uploads
    images: Images
    changes: Changes
    authenticator: Authenticator


@dataclass
class Context:
    """One request, or one WebSocket with everything that it asks.

    Attributes
    ----------
    services : Services
    sender : Principal or None
        Who sent the request; None on a WebSocket, which says it in its first message.
    connection_params : dict or None
        Payload of that message.
    """

    services: Services
    sender: Principal | None = None
    connection_params: dict[str, Any] | None = None

    async def principal(self) -> Principal:
        """Return who asks; raises `LoginRequiredError` where the token of a WebSocket is worth nothing any more."""
        if self.sender is not None:
            return self.sender
        token = (self.connection_params or {}).get("token")
        principal = await self.services.authenticator.authenticate_token(token) if isinstance(token, str) else None
        if principal is None:
            raise LoginRequiredError("this hub", "the token of the connection is missing, wrong or expired")
        return principal


Info = strawberry.Info[Context, None]
