"""News of tasks, inside one process: who listens to what."""

from collections import defaultdict
from collections.abc import Sequence

from arkitekt_di.server.tasks.promise import Listener
from arkitekt_di.server.tasks.records import Caller, Event


class InProcessBus:
    """Hands events to those who listen; keeps the promise `EventBus`."""

    def __init__(self) -> None:
        self._listeners: defaultdict[Caller, set[Listener]] = defaultdict(set)

    def publish(self, events: Sequence[Event]) -> None:
        """Tell everyone whom the events concern."""
        for event in events:
            for listener in tuple(self._listeners.get(event.caller, ())):
                listener.offer((event,))

    def subscribe(self, caller: Caller, listener: Listener) -> None:
        """Tell *listener* of the tasks of a caller."""
        self._listeners[caller].add(listener)

    def unsubscribe(self, caller: Caller, listener: Listener) -> None:
        """Tell them no more."""
        self._listeners[caller].discard(listener)
        if not self._listeners[caller]:
            del self._listeners[caller]

    def has_listeners(self, caller: Caller) -> bool:
        """Tell whether anyone listens."""
        return caller in self._listeners
