"""What an app says about itself when it asks to be let in."""

import hashlib

from pydantic import Field

from arkitekt_di.messages.model import Message

MIKRO_SERVICE = "live.arkitekt.mikro"
"""Reverse-domain name of the image service."""

S3_SERVICE = "live.arkitekt.s3"
"""Reverse-domain name of the object store."""


REKUEST_SERVICE = "live.arkitekt.rekuest"
"""Reverse-domain name of the service of functions."""


class Requirement(Message):
    """A service that the app wants.

    Attributes
    ----------
    key : str
        Name that the app uses for the service, such as ``mikro``.
    service : str
        Reverse-domain name of the service.
    optional : bool
        Whether the app can work without it.
    description : str or None
        Shown to the person who approves the app.
    """

    key: str
    service: str
    optional: bool = False
    description: str | None = None


class Manifest(Message):
    """Identity of an app, protocol version 2.

    Attributes
    ----------
    identifier : str
        Name of the app; no slash, at most 255 characters.
    version : str
        Version of the app.
    scopes : tuple of str
        OAuth2 scopes that the app asks for (RFC 6749, section 3.3).
    requirements : tuple of Requirement
        Services that the app wants.
    device_id : str or None
        Which device the app runs on.
    """

    identifier: str = Field(min_length=1, max_length=255, pattern=r"^[^/]+$")
    version: str = Field(default="0.0.1", min_length=1, max_length=255)
    author: str | None = None
    description: str | None = None
    logo: str | None = None
    scopes: tuple[str, ...] = ("openid",)
    entrypoint: str | None = None
    requirements: tuple[Requirement, ...] = ()
    device_id: str | None = None

    def digest(self) -> str:
        """Return a SHA-256 over the manifest, hexadecimal: what is cached for one never serves another."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
