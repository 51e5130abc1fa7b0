"""Where it is kept how records came to be."""

from typing import Protocol

from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.provenance import Origin


class ProvenanceRecords(Protocol):
    """Where the hub keeps provenance; it writes that down itself.

    Every method may raise `ConnectionLostError`, `LoginRequiredError` and `HubRefusedError`.
    """

    async def find(self, subject: Subject, *, limit: int, offset: int) -> list[Origin]:
        """Return one page of what was done to a record, oldest first; raises `NotFoundError`."""
        ...
