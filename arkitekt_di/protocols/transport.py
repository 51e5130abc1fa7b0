"""What services may ask of the transport."""

from collections.abc import Mapping
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
