"""The kinds of clients, and what each may do."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from arkitekt_di.messages.fakts import DEVICE_CODE_GRANT

CODE_GRANT = "authorization_code"
CLIENT_CREDENTIALS_GRANT = "client_credentials"
REFRESH_GRANT = "refresh_token"


class ClientKind(StrEnum):
    """What an administrator can register."""

    NATIVE = "native"
    """A program on people's computers; it cannot keep a secret (RFC 8252, section 8.4)."""

    WEB = "web"
    """A web site with a server that keeps the client's secret."""

    SERVICE = "service"
    """A program that works for the organization and not for a person."""

    RESOURCE_SERVER = "resource-server"
    """A service that asks the hub what the tokens it gets are worth, and gets none itself."""


CONFIDENTIAL = frozenset({ClientKind.WEB, ClientKind.SERVICE, ClientKind.RESOURCE_SERVER})
"""Kinds with a secret (RFC 6749, section 2.1)."""

WITH_REDIRECT = frozenset({ClientKind.NATIVE, ClientKind.WEB})
"""Registered kinds that send people's browsers."""

UNREGISTERED = frozenset({"development", "desktop", "mobile"})
"""Kinds of apps that register themselves, as the protocol of fakts names them."""

GRANTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        ClientKind.NATIVE: frozenset({CODE_GRANT, DEVICE_CODE_GRANT, REFRESH_GRANT}),
        ClientKind.WEB: frozenset({CODE_GRANT, REFRESH_GRANT}),
        ClientKind.SERVICE: frozenset({CLIENT_CREDENTIALS_GRANT}),
        ClientKind.RESOURCE_SERVER: frozenset(),
        **dict.fromkeys(UNREGISTERED, frozenset({CODE_GRANT, DEVICE_CODE_GRANT, REFRESH_GRANT})),
    }
)
"""What each kind may use at the token endpoint."""
