"""Work that lives as long as its koil."""

import asyncio
import logging
from typing import Any

from arkitekt_di.errors import KoilClosedError
from arkitekt_di.koil.crossing import Crossing
from arkitekt_di.koil.loops import name_of

logger = logging.getLogger(__name__)


class BackgroundWork(Crossing[Any]):
    """Work that nobody waits for; its failure is logged at once and raised where the koil is left."""

    __slots__ = ()

    def deliver(self) -> None:
        """Tell of a failure."""
        error, self.error = self.error, None
        if error is None or isinstance(error, asyncio.CancelledError | KoilClosedError):
            return
        logger.error("the background work %s() failed", name_of(self.fn), exc_info=error)
        self.home.failures.append(error)


def raise_failures(failures: list[BaseException], error: BaseException | None) -> None:
    """Raise what the background work failed with, and the error that left the block, together.

    As in ``asyncio.TaskGroup``, KeyboardInterrupt and SystemExit leave the block alone.
    """
    if not failures or (error is not None and not isinstance(error, Exception)):
        return
    raise BaseExceptionGroup("background work failed", [*([error] if error else []), *failures])
