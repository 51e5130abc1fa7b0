"""How a hub announces itself on the local network, where its operator wants that."""

import json
from typing import Literal

from pydantic import Field, ValidationError

from arkitekt_di.messages.model import Message

BEACON_PORT = 45678
"""UDP port that clients of Arkitekt listen on."""

PHRASE = b"beacon-fakts"
"""Stands before the JSON of a beacon, as older clients of Arkitekt expect it."""

MAX_BEACON_BYTES = 1024
"""A longer datagram is no beacon."""


class Beacon(Message):
    """What a hub says about itself to everyone; nothing in it is proven.

    Attributes
    ----------
    v : int
        Version of the message.
    name : str
        Shown to people.
    url : str
        Where the hub is said to be.
    fingerprint : str or None
        Fingerprint of the hub's key, for people to compare.
    """

    v: Literal[1] = 1
    name: str = Field(min_length=1, max_length=100)
    url: str = Field(min_length=1, max_length=300)
    fingerprint: str | None = Field(default=None, max_length=64)

    def datagram(self) -> bytes:
        """Return the message as it travels."""
        return PHRASE + self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def read(cls, datagram: bytes) -> "Beacon | None":
        """Return the message in *datagram*; None where it is anything else."""
        if len(datagram) > MAX_BEACON_BYTES or not datagram.startswith(PHRASE):
            return None
        try:
            return cls.model_validate(json.loads(datagram[len(PHRASE) :]))
        except (ValueError, RecursionError, ValidationError):
            return None
