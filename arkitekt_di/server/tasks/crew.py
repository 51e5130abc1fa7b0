"""The agents that are connected here."""

from collections.abc import Iterator

from arkitekt_di.server.tasks.connection import AgentConnection


class Crew:
    """Knows the one good connection of each agent."""

    def __init__(self) -> None:
        self._connections: dict[str, AgentConnection] = {}

    def __iter__(self) -> Iterator[AgentConnection]:
        return iter(tuple(self._connections.values()))

    def at(self, agent_id: str) -> AgentConnection | None:
        """Return the connection of an agent."""
        return self._connections.get(agent_id)

    def enter(self, connection: AgentConnection) -> None:
        """Take a connection for the one of its agent."""
        self._connections[connection.agent.id] = connection

    def leave(self, connection: AgentConnection) -> bool:
        """Forget a connection; return False where another has taken its place."""
        if self._connections.get(connection.agent.id) is not connection:
            return False
        del self._connections[connection.agent.id]
        return True
