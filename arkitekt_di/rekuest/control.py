"""How a running body is stopped, paused and let go on."""

import asyncio
from collections.abc import Callable


class Control:
    """The brakes of one body.

    Everything but `is_cancelled` belongs to the loop that made it.

    Attributes
    ----------
    is_cancelled : bool
        Whether the body was asked to stop; may be read in any thread.
    is_interrupted : bool
        Whether it is to be stopped by all means.
    """

    def __init__(self) -> None:
        self.is_cancelled = False
        self.is_interrupted = False
        self.on_paused: Callable[[], None] = _nothing
        """Told when the body waits."""
        self.on_resumed: Callable[[], None] = _nothing
        """Told when it goes on."""
        self.listeners: list[Callable[[str], None]] = []
        """Told ``pause`` and ``resume``, for a body that is in another process."""
        self._go = asyncio.Event()
        self._go.set()
        self._credits: int | None = None
        self._more = asyncio.Event()

    def cancel(self) -> None:
        """Ask the body to stop."""
        self.is_cancelled = True
        self._go.set()
        self._more.set()

    def interrupt(self) -> None:
        """Stop the body by all means."""
        self.is_interrupted = True
        self.cancel()

    def pause(self) -> None:
        """Let the body wait at its next pause point."""
        if not self.is_cancelled:
            self._go.clear()
            self._tell("pause")

    def resume(self) -> None:
        """Let the body go on."""
        self._go.set()
        self._tell("resume")

    def _tell(self, word: str) -> None:
        for listener in self.listeners:
            listener(word)

    async def pausepoint(self) -> None:
        """Wait while the body is paused."""
        if self._go.is_set():
            return
        self.on_paused()
        await self._go.wait()
        if not self.is_cancelled:
            self.on_resumed()

    def limit(self, credits: int | None) -> None:
        """Allow so many results; any number where it is None."""
        self._credits = credits

    def allow(self, more: int) -> None:
        """Allow so many more results."""
        if self._credits is not None:
            self._credits += more
            self._more.set()

    async def spend(self) -> None:
        """Take one result from those that are allowed; wait for more where there is none."""
        if self._credits is None:
            return
        while self._credits <= 0 and not self.is_cancelled:
            self._more.clear()
            await self._more.wait()
        self._credits -= 1


def _nothing() -> None:
    """Tell nobody."""
