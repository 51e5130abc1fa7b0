"""Events of tasks whose name the caller does not know yet, because the answer to the call is on its way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from arkitekt_di.messages.calls import TaskEvent

MOST_TASKS: Final = 4096
"""Tasks whose events are kept; those of the oldest go first, and are asked for like everything that was missed."""


class EarlyEvents:
    """Keeps events while a call is asked for."""

    def __init__(self) -> None:
        self._asking = 0
        self._events: dict[str, list[TaskEvent]] = {}

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the events of unknown tasks while the block runs."""
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1
            if not self._asking:
                self._events.clear()

    def put(self, event: TaskEvent) -> None:
        """Keep an event, where somebody may ask for it."""
        if not self._asking:
            return
        self._events.setdefault(event.task, []).append(event)
        if len(self._events) > MOST_TASKS:
            del self._events[next(iter(self._events))]

    def take(self, task: str) -> list[TaskEvent]:
        """Return the events of a task, and keep them no longer."""
        return self._events.pop(task, [])
