"""What was said about records that are gone for good."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import delete, select

from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.server.comments.tables import Comment
from arkitekt_di.server.database import Database
from arkitekt_di.server.files.tables import File
from arkitekt_di.server.folders.tables import Folder
from arkitekt_di.server.images.relations import Relation
from arkitekt_di.server.images.tables import Image
from arkitekt_di.server.metrics.tables import Metric
from arkitekt_di.server.provenance.tables import Provenance
from arkitekt_di.server.rois.tables import Roi
from arkitekt_di.server.tables.tables import TableDataset

SUBJECTS: Final[Mapping[RecordKind, Any]] = {
    RecordKind.IMAGE: Image,
    RecordKind.FILE: File,
    RecordKind.TABLE: TableDataset,
    RecordKind.FOLDER: Folder,
    RecordKind.ROI: Roi,
}
"""Where the records of each kind are."""

SAID: Final[Sequence[tuple[Any, Any, Any]]] = (
    (Comment, Comment.subject_kind, Comment.subject_id),
    (Metric, Metric.subject_kind, Metric.subject_id),
    (Provenance, Provenance.subject_kind, Provenance.subject_id),
    (Relation, Relation.source_kind, Relation.source_id),
    (Relation, Relation.target_kind, Relation.target_id),
)
"""What is said about them, with the columns that name the record."""


class Leftovers:
    """The last `Bin`: removes what was said about records that the others have removed.

    Nobody sees it before either: whatever is said about a record is shown with the record alone.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def oldest(self) -> float | None:
        """Return None: nothing here waits for a day of its own."""
        return None

    async def empty(self, deadline: float) -> None:
        """Remove what is about nothing any more, whenever it was said."""
        del deadline
        async with self._database.transaction() as session:
            for said, kind, subject_id in SAID:
                for record_kind, table in SUBJECTS.items():
                    gone = (kind == record_kind, subject_id.not_in(select(table.id)))
                    await session.execute(delete(said).where(*gone))
