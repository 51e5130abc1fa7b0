"""Work of the hub that is due from time to time."""

import asyncio
import contextlib
import logging
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from arkitekt_di.errors import ArkitektError

log = logging.getLogger(__name__)

RETRY_S = 60.0
"""Seconds until work that failed is tried again."""

FAILURES = (ArkitektError, OSError, SQLAlchemyError)
"""What may go wrong for a while: a full disk, a store or a database that does not answer."""


class Chore(Protocol):
    """One kind of work."""

    @property
    def purpose(self) -> str:
        """What it is for, for the log."""
        ...

    async def attend(self) -> float | None:
        """Do what is due; return the seconds until there is more to do, None where nothing will be."""
        ...


class Caretaker:
    """Does a chore when it is due, and sleeps until then.

    Parameters
    ----------
    chore : Chore
    """

    def __init__(self, chore: Chore) -> None:
        self._chore = chore
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False

    async def start(self) -> None:
        """Begin; what an earlier run of the hub left over comes first."""
        self._is_stopping = False
        self._task = asyncio.create_task(self._run(), name=self._chore.purpose)

    async def stop(self) -> None:
        """Finish what is under way and begin nothing more; what is left is found at the next start."""
        if self._task is not None:
            # Not cancelled: the database would lose a connection in the middle of a transaction.
            task, self._task = self._task, None
            self._is_stopping = True
            self._woken.set()
            await task

    def wake(self) -> None:
        """Look again when something is due."""
        self._woken.set()

    async def _run(self) -> None:
        try:
            while not self._is_stopping:
                self._woken.clear()
                delay = await self._attempt()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(delay):
                        await self._woken.wait()
        except Exception:
            log.exception("%s is not done any more until the hub starts again", self._chore.purpose)
            raise

    async def _attempt(self) -> float | None:
        try:
            return await self._chore.attend()
        except FAILURES:
            log.exception("%s failed; it is tried again in %.0f s", self._chore.purpose, RETRY_S)
            return RETRY_S
