"""What each kind of client may do."""

from collections.abc import Mapping
from types import MappingProxyType

from arkitekt_di.messages.fakts import DEVICE_CODE_GRANT
from arkitekt_di.server.identity.client_kind import ClientKind

CODE_GRANT = "authorization_code"
CLIENT_CREDENTIALS_GRANT = "client_credentials"
REFRESH_GRANT = "refresh_token"

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
