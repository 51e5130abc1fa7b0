"""The records that comments and provenance are about, as a hub names them."""

from arkitekt_di.errors import (
    FolderNotFoundError,
    ImageNotFoundError,
    NotFoundError,
    RoiNotFoundError,
    StoredFileNotFoundError,
    TableNotFoundError,
)
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.rois.roi import Roi
from arkitekt_di.mikro.table import Table

Commented = Image | File | Table | Folder | Roi
"""What comments are on."""

Stored = Image | File | Table
"""What provenance is kept of."""

_KINDS: dict[type, RecordKind] = {
    Image: RecordKind.IMAGE,
    File: RecordKind.FILE,
    Table: RecordKind.TABLE,
    Folder: RecordKind.FOLDER,
    Roi: RecordKind.ROI,
}


def subject_of(record: Commented) -> Subject:
    """Return the words for a record."""
    kind = next(kind for cls, kind in _KINDS.items() if isinstance(record, cls))
    return Subject(kind=kind, id=record.id)


def missing(subject: Subject) -> NotFoundError:
    """Return the error for a record that is not there."""
    errors: dict[RecordKind, type[NotFoundError]] = {
        RecordKind.IMAGE: ImageNotFoundError,
        RecordKind.FILE: StoredFileNotFoundError,
        RecordKind.TABLE: TableNotFoundError,
        RecordKind.FOLDER: FolderNotFoundError,
        RecordKind.ROI: RoiNotFoundError,
    }
    return errors[subject.kind](subject.id)
