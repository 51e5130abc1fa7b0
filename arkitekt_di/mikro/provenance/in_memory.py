"""Provenance that lives as long as the process: for tests, and to try things out without a hub."""

from collections import defaultdict

from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.provenance import Origin
from arkitekt_di.mikro.subject import missing


class InMemoryProvenanceRecords:
    """What was done to records, as it is told here."""

    def __init__(self) -> None:
        self._lines: defaultdict[Subject, list[Origin]] = defaultdict(list)

    def keep(self, subject: Subject, line: Origin) -> None:
        """Write a line down."""
        self._lines[subject].append(line)

    async def find(self, subject: Subject, *, limit: int, offset: int) -> list[Origin]:
        """Return one page of what was done to a record, oldest first."""
        if subject not in self._lines:
            raise missing(subject)
        return self._lines[subject][offset : offset + limit]
