"""News of tasks, inside one process: who listens to what."""

from collections import defaultdict
from collections.abc import Sequence

from arkitekt_di.server.tasks.promise import Listener
from arkitekt_di.server.tasks.records import Event, Organization, Whose


class InProcessBus:
    """Hands events to those who listen; keeps the promise `EventBus`."""

    def __init__(self) -> None:
        self._listeners: defaultdict[Whose, set[Listener]] = defaultdict(set)

    def publish(self, events: Sequence[Event]) -> None:
        """Tell everyone whom the events concern."""
        for event in events:
            concerned: tuple[Whose, ...] = (event.caller, event.caller.app, Organization(event.caller.organization_id))
            for whose in dict.fromkeys(concerned):
                for listener in tuple(self._listeners.get(whose, ())):
                    listener.offer((event,))

    def subscribe(self, whose: Whose, listener: Listener) -> None:
        """Tell *listener* of somebody's tasks."""
        self._listeners[whose].add(listener)

    def unsubscribe(self, whose: Whose, listener: Listener) -> None:
        """Tell them no more."""
        self._listeners[whose].discard(listener)
        if not self._listeners[whose]:
            del self._listeners[whose]

    def has_listeners(self, whose: Whose) -> bool:
        """Tell whether anyone listens."""
        return whose in self._listeners
