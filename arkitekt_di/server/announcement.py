"""Tells the other programs of the user where the local hub is."""

import os
import time
from pathlib import Path

from pydantic import SecretStr

from arkitekt_di import __version__
from arkitekt_di.messages.hub import HubRecord
from arkitekt_di.private_file import write_private
from arkitekt_di.process import birth_of
from arkitekt_di.server.site import Site

RECORD_NAME = "hub.json"


class Announcement:
    """Keeps ``hub.json`` in the data folder while the hub listens.

    Parameters
    ----------
    folder : Path
    site : Site
        Listens before the record is written.
    mandate_key : pydantic.SecretStr
        Key that the apps of this user may show.
    """

    def __init__(self, folder: Path, site: Site, mandate_key: SecretStr) -> None:
        self._path = folder / RECORD_NAME
        self._site = site
        self._mandate_key = mandate_key

    async def start(self) -> None:
        """Write the record."""
        record = HubRecord(
            url=self._site.url,
            pid=os.getpid(),
            birth=birth_of(os.getpid()),
            version=__version__,
            started_at=time.time(),
            mandate_key=self._mandate_key,
        )
        write_private(self._path, record.revealed())

    async def stop(self) -> None:
        """Remove the record."""
        self._path.unlink(missing_ok=True)
