"""Shows whoever waits in a terminal or notebook how far a task is."""

import logging
import sys
from types import TracebackType
from typing import Any, Self

from arkitekt_di.messages.calls import TaskEvent
from arkitekt_di.messages.tasks import EventKind

logger = logging.getLogger(__name__)

_LEVELS = {"DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARN": logging.WARNING}


def is_watched() -> bool:
    """Tell whether a person looks at what this process writes."""
    return sys.stderr.isatty() or "ipykernel" in sys.modules


class Display:
    """A bar, from the first progress of a task to its end; lines of its log above it.

    Where nobody looks, lines go to the log of this process, and there is no bar.

    Parameters
    ----------
    name : str
        Of what is called.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._is_watched = is_watched()
        self._bar: Any = None
        self._row: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, event: TaskEvent) -> None:
        """Show an event."""
        if event.kind == EventKind.LOG:
            self._log(event)
        elif event.kind == EventKind.PROGRESS and self._is_watched:
            self._progress(event)

    def _log(self, event: TaskEvent) -> None:
        if self._is_watched and self._bar is not None:
            self._bar.console.print(f"{self._name}: {event.message}", markup=False, highlight=False)
        else:
            logger.log(_LEVELS.get(event.level or "INFO", logging.ERROR), "%s: %s", self._name, event.message)

    def _progress(self, event: TaskEvent) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._row = self._bar.add_task(self._name, total=100)
        self._bar.update(self._row, completed=event.progress, description=event.message or self._name)
