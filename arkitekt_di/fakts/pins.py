"""The hubs that a person has trusted, each known by its key."""

import hashlib
from pathlib import Path
from typing import Protocol

from arkitekt_di.messages.fakts import ChallengeKey
from arkitekt_di.messages.model import Message
from arkitekt_di.private_records import PrivateRecords
from arkitekt_di.transport.origin import Origin


class Pin(Message):
    """What is known of a trusted hub.

    Attributes
    ----------
    origin : str
        Scheme, host and port at which it was trusted.
    name : str
        What it called itself.
    key : ChallengeKey
        Proves that it is the same hub.
    certificates : tuple of str
        What it shows where no authority vouches for it, in PEM; the key vouches for these.
    """

    origin: str
    name: str
    key: ChallengeKey
    certificates: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Short name of the key."""
        return self.key.fingerprint


class HubPins(Protocol):
    """Keeps pins, one for each origin; like a store of logins, it never fails."""

    def load(self, url: str) -> Pin | None:
        """Return the pin of the origin of *url*."""
        ...

    def save(self, pin: Pin) -> None:
        """Keep *pin* in place of what was there."""
        ...

    def forget(self, url: str) -> None:
        """Keep nothing for the origin of *url*."""
        ...

    def all(self) -> list[Pin]:
        """Return every pin."""
        ...


class InMemoryHubPins:
    """Keeps pins as long as the program runs."""

    def __init__(self) -> None:
        self._kept: dict[str, Pin] = {}

    def load(self, url: str) -> Pin | None:
        """Return the pin of the origin of *url*."""
        return self._kept.get(str(Origin.of(url)))

    def save(self, pin: Pin) -> None:
        """Keep *pin* in place of what was there."""
        self._kept[pin.origin] = pin

    def forget(self, url: str) -> None:
        """Keep nothing for the origin of *url*."""
        self._kept.pop(str(Origin.of(url)), None)

    def all(self) -> list[Pin]:
        """Return every pin."""
        return list(self._kept.values())


class FileHubPins:
    """Keeps each pin in a file that only its user may read and write, as ``known_hosts`` of SSH does.

    Parameters
    ----------
    folder : Path
        Made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._records = PrivateRecords(folder, Pin, what="trust in a hub", otherwise="so the hub counts as new")

    def load(self, url: str) -> Pin | None:
        """Return the pin of the origin of *url*."""
        origin = str(Origin.of(url))
        pin = self._records.load(_name(origin))
        return pin if pin is not None and pin.origin == origin else None

    def save(self, pin: Pin) -> None:
        """Keep *pin* in place of what was there."""
        self._records.save(_name(pin.origin), pin)

    def forget(self, url: str) -> None:
        """Keep nothing for the origin of *url*."""
        self._records.forget(_name(str(Origin.of(url))))

    def all(self) -> list[Pin]:
        """Return every pin."""
        return [pin for name in self._records.names() if (pin := self._records.load(name)) is not None]


def _name(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()
