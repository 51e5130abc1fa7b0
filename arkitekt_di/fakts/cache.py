"""Where the configuration that a hub gave is kept between runs."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from arkitekt_di.messages.fakts import PROTOCOL_VERSION, ActiveFakts
from arkitekt_di.private_records import PrivateRecords


@dataclass(frozen=True)
class ClaimKey:
    """What a configuration is good for.

    Attributes
    ----------
    url : str
        The hub.
    manifest : str
        Digest of the manifest: an app that asks for something else is asked about anew.
    """

    url: str
    manifest: str

    @property
    def name(self) -> str:
        """A name for it that is fit for a file."""
        return hashlib.sha256(f"{PROTOCOL_VERSION}:{self.url}:{self.manifest}".encode()).hexdigest()


class ClaimCache(Protocol):
    """Keeps configurations; they hold no secrets.

    A cache never fails: what cannot be kept or read is asked of the hub again.
    """

    def load(self, key: ClaimKey) -> ActiveFakts | None:
        """Return what was saved last under *key*, or None."""
        ...

    def save(self, key: ClaimKey, configuration: ActiveFakts) -> None:
        """Keep *configuration* in place of what was there."""
        ...

    def forget(self, key: ClaimKey) -> None:
        """Keep nothing under *key*."""
        ...


class InMemoryClaimCache:
    """Keeps configurations as long as the program runs."""

    def __init__(self) -> None:
        self._kept: dict[ClaimKey, ActiveFakts] = {}

    def load(self, key: ClaimKey) -> ActiveFakts | None:
        """Return what was saved last under *key*, or None."""
        return self._kept.get(key)

    def save(self, key: ClaimKey, configuration: ActiveFakts) -> None:
        """Keep *configuration* in place of what was there."""
        self._kept[key] = configuration

    def forget(self, key: ClaimKey) -> None:
        """Keep nothing under *key*."""
        self._kept.pop(key, None)


class FileClaimCache:
    """Keeps each configuration in a file that only its user may read, shared by all programs of the user.

    Parameters
    ----------
    folder : Path
        Made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._records = PrivateRecords(folder, ActiveFakts, what="configuration", otherwise="so the hub is asked again")

    def load(self, key: ClaimKey) -> ActiveFakts | None:
        """Return what was saved last under *key*, or None; also None for a file that is damaged."""
        return self._records.load(key.name)

    def save(self, key: ClaimKey, configuration: ActiveFakts) -> None:
        """Keep *configuration* in place of what was there."""
        self._records.save(key.name, configuration)

    def forget(self, key: ClaimKey) -> None:
        """Keep nothing under *key*."""
        self._records.forget(key.name)
