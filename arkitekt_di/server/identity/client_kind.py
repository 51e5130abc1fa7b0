"""The kinds of clients that an administrator can register."""

from enum import StrEnum


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
