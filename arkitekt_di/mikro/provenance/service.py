"""The provenance of an app's records: ``app.mikro.provenance``."""

from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.provenance import Origin
from arkitekt_di.mikro.subject import Stored, subject_of
from arkitekt_di.protocols.provenance import ProvenanceRecords

_PAGE = 200


class Provenances:
    """Tells which app, user and task made and changed a record.

    Parameters
    ----------
    records : ProvenanceRecords
    """

    def __init__(self, records: ProvenanceRecords) -> None:
        self._records = records

    async def aof(self, record: Stored) -> list[Origin]:
        """Return what was done to a record, oldest first; raises `NotFoundError`."""
        return await self.aof_subject(subject_of(record))

    async def aof_subject(self, subject: Subject) -> list[Origin]:
        """Return what was done to a record that is named, oldest first; raises `NotFoundError`."""
        lines: list[Origin] = []
        while page := await self._records.find(subject, limit=_PAGE, offset=len(lines)):
            lines += page
            if len(page) < _PAGE:
                break
        return lines
