"""The hubs that the user has chosen before."""

import logging
from pathlib import Path

from pydantic import ValidationError

from arkitekt_di.messages.model import Message
from arkitekt_di.private_file import read_private, write_private

log = logging.getLogger(__name__)

MOST = 20
"""Hubs that are remembered; the oldest is forgotten for a new one."""


class Hubs(Message):
    """Hubs by address.

    Attributes
    ----------
    current : str or None
        The one that apps use where they name none.
    known : tuple of str
        All of them, the latest first.
    """

    current: str | None = None
    known: tuple[str, ...] = ()


class RememberedHubs:
    """Keeps the hubs in a file that only its user may write, since apps send their logins there.

    Parameters
    ----------
    file : Path
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def load(self) -> Hubs:
        """Return the hubs; none where the file cannot be read."""
        try:
            content = read_private(self._file)
            return Hubs() if content is None else Hubs.model_validate_json(content)
        except (OSError, ValidationError) as error:
            log.warning("the remembered hubs in %s cannot be read: %s", self._file, error)
            return Hubs()

    def leave(self) -> None:
        """Let apps that name no hub use none of these by themselves; raises as `choose` does."""
        write_private(self._file, Hubs(known=self.load().known).revealed())

    def choose(self, url: str) -> None:
        """Let *url* be the hub that apps use; raises `OSError` where that cannot be written."""
        others = tuple(other for other in self.load().known if other != url)
        write_private(self._file, Hubs(current=url, known=(url, *others)[:MOST]).revealed())
