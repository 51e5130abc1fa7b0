"""The folder that a hub keeps everything in, used by one hub at a time."""

from pathlib import Path

from filelock import FileLock, Timeout

from arkitekt_di.errors import DataFolderInUseError
from arkitekt_di.private_file import FILE_MODE, make_private_folder


class DataFolder:
    """Locks the data folder while the hub runs.

    The lock belongs to the process, so it is gone when the process is, however that ended.

    Parameters
    ----------
    root : Path
        Made at start, closed to other users.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = FileLock(root / "hub.lock", mode=FILE_MODE, thread_local=False)

    @property
    def keys(self) -> Path:
        """Where signing keys and secrets are."""
        return self.root / "keys"

    @property
    def objects(self) -> Path:
        """Where pixels are."""
        return self.root / "objects"

    async def start(self) -> None:
        """Take the folder; raises `DataFolderInUseError` where another hub has it."""
        make_private_folder(self.root)
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise DataFolderInUseError(str(self.root)) from error

    async def stop(self) -> None:
        """Let the folder go."""
        self._lock.release()
