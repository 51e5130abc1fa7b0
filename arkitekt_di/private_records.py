"""Messages that are kept between runs: one private file each, shared by all programs of the user."""

import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Generic, TypeVar

from filelock import AsyncFileLock, Timeout
from pydantic import ValidationError

from arkitekt_di.messages.model import Message
from arkitekt_di.private_file import FILE_MODE, make_private_folder, read_private, write_private

log = logging.getLogger(__name__)

M = TypeVar("M", bound=Message)


class PrivateRecords(Generic[M]):
    """Keeps messages by name, each in a JSON file with mode 0600, replaced whole or not at all.

    It never fails: what cannot be read counts as not there, and what cannot be written is told in the log.

    Parameters
    ----------
    folder : Path
        Made when it is needed, with mode 0700.
    kind : type of Message
    what : str
        What is kept, for the log, such as ``login``.
    otherwise : str
        What happens where one cannot be read, for the log.
    """

    def __init__(self, folder: Path, kind: type[M], *, what: str, otherwise: str) -> None:
        self._folder = folder
        self._kind = kind
        self._what = what
        self._otherwise = otherwise

    def path(self, name: str) -> Path:
        """Return the file of *name*, which is fit for one: letters, digits and hyphens."""
        return self._folder / f"{name}.json"

    def names(self) -> list[str]:
        """Return the names under which something is kept, sorted."""
        try:
            return sorted(path.stem for path in self._folder.glob("[!.]*.json"))
        except OSError as error:
            log.warning("the folder %s cannot be read: %s", self._folder, error)
            return []

    def load(self, name: str) -> M | None:
        """Return what was saved last under *name*; None where there is nothing, or nothing that makes sense."""
        path = self.path(name)
        try:
            content = read_private(path)
            return None if content is None else self._kind.model_validate_json(content)
        except (OSError, ValidationError) as error:
            # Messages hide their input, so the error shows which members are wrong and never a secret.
            log.warning("the kept %s %s cannot be read, %s: %s", self._what, path, self._otherwise, error)
            return None

    def save(self, name: str, record: M) -> bool:
        """Keep *record* in place of what was there, and tell whether that went well."""
        path = self.path(name)
        try:
            write_private(path, record.revealed())
        except OSError as error:
            log.warning("the %s cannot be kept in %s, it is good for this run only: %s", self._what, path, error)
            return False
        return True

    def forget(self, name: str) -> None:
        """Keep nothing under *name*."""
        path = self.path(name)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("the kept %s %s cannot be removed: %s", self._what, path, error)

    @asynccontextmanager
    async def exclusive(self, name: str, *, timeout_s: float) -> AsyncIterator[None]:
        """Hold *name* for the block, against every process that has the same folder; others may read and write.

        Raises
        ------
        TimeoutError
            Another holds it for longer than *timeout_s* seconds.
        """
        path = self.path(name).with_suffix(".lock")
        # The lock is tried on the loop, where one try is one system call: a cancelled wait leaves nothing behind.
        lock = AsyncFileLock(path, timeout=timeout_s, mode=FILE_MODE, run_in_executor=False)
        async with contextlib.AsyncExitStack() as stack:
            try:
                make_private_folder(self._folder)
                await stack.enter_async_context(lock)
            except Timeout as error:
                raise TimeoutError(str(path)) from error
            except OSError as error:
                # Nothing can be written there, so no other process shares what this one is about to change.
                log.warning("the %s cannot be locked in %s: %s", self._what, path, error)
            yield
