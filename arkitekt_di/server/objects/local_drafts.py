"""Objects that clients on the hub's machine, of the hub's own user, write as files; the hub takes them over, checked.

A client of the same user could write anything below the hub's folder anyway, so nothing here is kept from it.  What is
kept from mistakes: an object is a plain file that no other name leads to and that nobody has open for writing, from
before it is summed up until it lies where no client knows its name.
"""

import os
import re
import secrets
import shutil
import signal
import stat
import sys
from io import BufferedReader
from pathlib import Path
from typing import Final

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.messages.images import DraftFolder
from arkitekt_di.private_file import FILE_MODE, make_private_folder
from arkitekt_di.server.objects.tree import place, status_of

if sys.platform == "linux":
    import fcntl

HAS_LEASES: Final = sys.platform == "linux"
"""Whether the system tells who has a file open (fcntl(2), "Leases")."""

_NAME: Final = re.compile(r"[0-9a-f]{32}")


class LocalDrafts:
    """Folders for drafts, one for each granted prefix; for threads.

    Parameters
    ----------
    root : Path
        Emptied at the start.
    staging : Path
        On the same file system; drafts that were taken over, and folders that are thrown away.
    """

    def __init__(self, root: Path, staging: Path) -> None:
        self._root = root
        self._staging = staging

    def prepare(self) -> None:
        """Remove what an earlier run of the hub left."""
        if self._root.exists():
            shutil.rmtree(self._root)
        make_private_folder(self._root)

    def open(self, bucket: str, prefix: str) -> DraftFolder | None:
        """Make the folder for a prefix; None where the system cannot tell who has a file open."""
        if not HAS_LEASES:
            return None
        folder = make_private_folder(place(self._root, bucket, prefix))
        proof = f"{secrets.token_hex(16)}.proof"
        os.close(os.open(folder / proof, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
        return DraftFolder(path=str(folder.absolute()), proof=proof)

    def close(self, bucket: str, prefix: str) -> None:
        """Remove the folder of a prefix with all that was not taken over."""
        trash = self._staging / secrets.token_hex(16)
        try:
            place(self._root, bucket, prefix).rename(trash)
        except FileNotFoundError:
            return
        shutil.rmtree(trash)

    def take(self, bucket: str, prefix: str, name: str, goal: Path) -> BufferedReader:
        """Move a draft to *goal* and return it open for reading; it is removed where it will not do.

        While it is open nobody else writes to it.

        Raises
        ------
        ObjectRefusedError
            ``InvalidRequest``: there is no such draft, or it is not a file that only the hub's user can change.
        """
        if not HAS_LEASES:
            raise _refused("this system does not tell who has a file open")
        if not _NAME.fullmatch(name):
            raise _refused("its name is not 32 hexadecimal digits")
        source = place(self._root, bucket, prefix) / name
        if status_of(source, self._root) is None:
            raise _refused("it is not there, or no plain file")
        try:
            source.rename(goal)
        except FileNotFoundError:
            raise _refused("another request was first") from None
        try:
            return os.fdopen(_checked(goal), "rb")
        except BaseException:
            _remove(goal)
            raise


def _checked(path: Path) -> int:
    """Return the descriptor of a file that will do, under a lease."""
    try:
        # Not blocking: between the look at it and the move it may have become a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:  # such as a link, by now
        raise _refused(f"it cannot be opened ({error.strerror})") from error
    try:
        _require_own(os.fstat(descriptor))
        _keep_writers_out(descriptor)
        os.fchmod(descriptor, FILE_MODE)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _remove(path: Path) -> None:
    if stat.S_ISDIR(path.lstat().st_mode):
        shutil.rmtree(path)
    else:
        path.unlink()


def _require_own(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _refused("it is no plain file")
    if status.st_nlink != 1:
        raise _refused("another name leads to it, too")
    if status.st_uid != os.geteuid():
        raise _refused("it belongs to another user")


def _keep_writers_out(descriptor: int) -> None:
    """Take a lease, which ends when the file is closed: nobody has it open for writing, and who opens it waits.

    fcntl(2), "Leases": whoever holds one is told by a signal of those who wait; SIGURG is ignored where nobody asked
    for it, the one that comes otherwise ends the process.
    """
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        raise _refused(f"it may be open for writing yet ({error.strerror})") from error


def _refused(reason: str) -> ObjectRefusedError:
    return ObjectRefusedError("InvalidRequest", f"the draft is not taken: {reason}. Send the bytes")
