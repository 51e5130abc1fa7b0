"""What services may ask of the transport."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol


class GraphQL(Protocol):
    """Executes fixed GraphQL documents against one service."""

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Run the one operation in *document* and return its ``data``.

        Raises
        ------
        HubRefusedError
            The answer carries errors.
        LoginRequiredError
            The token is refused, and so is its renewal.
        ConnectionLostError
            The service does not answer.
        """
        ...

    def follow(self, document: str, variables: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Run the one subscription in *document* and yield its events, each with a ``cursor``.

        It comes back whenever the connection is lost, with ``$after`` set to the last cursor.  The first event says
        that the service has taken note.

        Raises
        ------
        ConnectionLostError
            The first connection failed, or there was none for too long.
        HubRefusedError
            The service does not do what it was asked, or does not know any more what was missed.
        LoginRequiredError
            The token is refused, and so is its renewal.
        """
        ...
