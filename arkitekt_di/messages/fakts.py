"""Discovery and configuration on the wire: fakts protocol version 2."""

from typing import Literal

from pydantic import Field, SecretStr

from arkitekt_di.messages.model import Message

PROTOCOL_VERSION = "2"
"""Version of the fakts protocol that client and hub speak."""

DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
"""Grant type of RFC 8628, section 3.4."""

MANDATE_KEY_GRANT = "urn:fakts:grant-type:mandate-key"
"""Grant type that exchanges a key for an access token without a person."""


class WellKnown(Message):
    """The document at ``/.well-known/fakts``; all URLs are absolute."""

    name: str
    protocol_version: str = "1"
    description: str | None = None
    version: str | None = None
    base_url: str | None = None
    configure: str | None = None
    issuer: str | None = None
    token_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    revocation_endpoint: str | None = None
    jwks_uri: str | None = None
    grant_types_supported: tuple[str, ...] = ()
    token_endpoint_auth_methods_supported: tuple[str, ...] = ()


class ChallengeKey(Message):
    """Public key with which a service proves that it is itself; base64 of the raw 32 bytes."""

    kind: Literal["ed25519"] = "ed25519"
    key: str


class Alias(Message):
    """One address of a service."""

    id: str
    host: str
    port: int | None = None
    ssl: bool = False
    path: str | None = None
    challenge: str
    public: bool | None = None
    kind: str | None = None
    reach: str | None = None

    def url(self, *parts: str, scheme: Literal["http", "ws"] = "http") -> str:
        """Join the address and *parts* to a URL without a trailing slash."""
        secure = "s" if self.ssl else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port is not None else ""
        segments = [segment.strip("/") for segment in (self.path or "", *parts)]
        return "/".join([f"{scheme}{secure}://{host}{port}", *(segment for segment in segments if segment)])


class Instance(Message):
    """A running service and the addresses it can be reached at."""

    service: str
    identifier: str
    aliases: tuple[Alias, ...] = ()
    challenge_key: ChallengeKey | None = None


class SelfFakts(Message):
    """What the hub says about itself and about who logged in."""

    deployment_name: str
    alias: Alias | None = None
    sub: str | None = None
    organization: str | None = None
    hub: str | None = None


class ActiveFakts(Message):
    """The configuration that the hub gave to this app; holds no secret."""

    self: SelfFakts
    instances: dict[str, Instance] = Field(default_factory=dict)
    statuses: dict[str, str] = Field(default_factory=dict)


class DeviceCode(Message):
    """Answer of the device authorization endpoint (RFC 8628, section 3.2, and fakts' own members)."""

    status: Literal["granted"] = "granted"
    device_code: SecretStr
    user_code: str
    client_id: str
    token_endpoint: str | None = None
    verification_uri: str
    verification_uri_complete: str | None = None
    expires_in: int
    interval: int = 5
