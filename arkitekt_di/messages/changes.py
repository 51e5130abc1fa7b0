"""What there are records of, and what can happen to one."""

from enum import StrEnum


class RecordKind(StrEnum):
    """What a record is about; comments, relations and history name their subjects by it and an identifier."""

    IMAGE = "IMAGE"
    FILE = "FILE"
    TABLE = "TABLE"
    FOLDER = "FOLDER"
    ROI = "ROI"
    COMMENT = "COMMENT"


class ChangeKind(StrEnum):
    """What happened to a record, as a watcher sees it.

    For one who watches a folder, an image that is moved there is created, and one that is moved away is deleted.  So
    is one that is restored, or put into the trash.
    """

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
