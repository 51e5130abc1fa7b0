"""Orders to agents, inside one process: which connection is whose."""

from arkitekt_di.messages.frames import Frame
from arkitekt_di.server.tasks.promise import Outbox


class InProcessDispatch:
    """Hands orders to the connection of an agent; keeps the promise `Dispatch`."""

    def __init__(self) -> None:
        self._outboxes: dict[str, Outbox] = {}

    def attach(self, agent_id: str, outbox: Outbox) -> None:
        """Carry the orders of an agent there from now on."""
        self._outboxes[agent_id] = outbox

    def detach(self, agent_id: str, outbox: Outbox) -> None:
        """Carry them there no more; one that has taken its place stays."""
        if self._outboxes.get(agent_id) is outbox:
            del self._outboxes[agent_id]

    def push(self, agent_id: str, order: Frame) -> bool:
        """Carry an order."""
        outbox = self._outboxes.get(agent_id)
        if outbox is not None:
            outbox.put(order)
        return outbox is not None
