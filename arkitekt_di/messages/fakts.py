"""Discovery and configuration on the wire: fakts protocol version 2."""

import base64
import hashlib
from typing import Literal

from pydantic import Field, SecretStr

from arkitekt_di.messages.model import Message

PROTOCOL_VERSION = "2"
"""Version of the fakts protocol that client and hub speak."""

DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
"""Grant type of RFC 8628, section 3.4."""

MANDATE_KEY_GRANT = "urn:fakts:grant-type:mandate-key"
"""Grant type that exchanges a key for an access token without a person."""

REDEEM_GRANT = "urn:fakts:grant-type:redeem"
"""What clients before fakts 6 call the same grant; they name the key ``redeem_token``."""

SIGNATURE_HEADER = "Arkitekt-Signature"
"""Header of the well-known document with the hub's signature over it, where the request had a ``nonce``."""

MAX_NONCE = 128
"""Characters of a nonce that a service signs."""


def challenge_message(nonce: str) -> bytes:
    """Return what a service signs to answer a challenge; the prefix makes the signature good for nothing else."""
    return f"fakts-challenge-v1:{nonce}".encode()


def document_message(nonce: str, document: bytes) -> bytes:
    """Return what the hub signs to vouch for its well-known document, byte for byte as it was sent."""
    return b"arkitekt-document-v1:%s:%s" % (nonce.encode(), document)


class ChallengeKey(Message):
    """Public key with which a service proves that it is itself; base64 of the raw 32 bytes."""

    kind: Literal["ed25519"] = "ed25519"
    key: str

    @property
    def fingerprint(self) -> str:
        """Short name of the key for people to compare, in the form of OpenSSH: ``SHA256:`` and 43 letters."""
        digest = hashlib.sha256(base64.b64decode(self.key)).digest()
        return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


class TlsClaim(Message):
    """Certificates (PEM) that the addresses of a service show: each is trusted as itself, and nothing else is."""

    certificates: tuple[str, ...] = ()


class WellKnown(Message):
    """The document at ``/.well-known/fakts``; all URLs are absolute.

    ``challenge_key`` and ``tls`` are additions of this project: the hub's own key, and its certificate where no
    authority vouches for it.
    """

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
    challenge_key: ChallengeKey | None = None
    tls: TlsClaim | None = None


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
    tls: TlsClaim | None = None


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
