"""Objects that are written into the hub's own folder, where the hub is on this machine and of the same user."""

import os
import re
import secrets
import stat
from pathlib import Path
from typing import Final, Self

from arkitekt_di.messages.images import DraftFolder
from arkitekt_di.private_file import FILE_MODE

_PROOF: Final = re.compile(r"[0-9a-f]{32}\.proof")


class LocalDrafts:
    """A folder for the objects of one upload on their way to the hub.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def found(cls, named: DraftFolder | None) -> Self | None:
        """Return the folder that the hub names, where it is here, and the user's alone.

        A hub elsewhere could name any folder of this machine: what it cannot know is a random name in it.
        """
        if named is None or not hasattr(os, "geteuid") or not _PROOF.fullmatch(named.proof):
            return None
        folder = Path(named.path)
        try:
            status, proof = folder.lstat(), folder.joinpath(named.proof).lstat()
        except OSError:
            return None
        is_ours = status.st_uid == proof.st_uid == os.geteuid() and not status.st_mode & 0o077
        is_plain = stat.S_ISDIR(status.st_mode) and stat.S_ISREG(proof.st_mode)
        return cls(folder) if folder.is_absolute() and is_ours and is_plain else None

    def write(self, body: bytes | bytearray | memoryview) -> str:
        """Write an object into a fresh file, closed when this returns, and return its name; raises `OSError`."""
        name = secrets.token_hex(16)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        try:
            with os.fdopen(os.open(self._folder / name, flags, FILE_MODE), "wb", buffering=0) as file:
                rest = memoryview(body)
                while rest:
                    rest = rest[file.write(rest) or 0 :]
        except BaseException:
            self.remove(name)
            raise
        return name

    def remove(self, name: str) -> None:
        """Remove a file that the hub did not take; does nothing where it is gone."""
        self._folder.joinpath(name).unlink(missing_ok=True)
