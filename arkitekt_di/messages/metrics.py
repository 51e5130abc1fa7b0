"""Metrics on the wire."""

from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.model import CamelMessage

IDENTIFIERS = {
    RecordKind.IMAGE: "@mikro/arraydataset",
    RecordKind.FILE: "@mikro/file",
    RecordKind.TABLE: "@mikro/tabledataset",
}
"""How the real mikro names what a metric is about."""


class MetricRecord(CamelMessage):
    """One measured value; it never changes.

    Attributes
    ----------
    id : str
    key : str
        What was measured.
    magnitude : float or None
        A number.
    code : str or None
        A word, where it is none.
    unit : str or None
    subject_id : str
        The image, file or table that it is about.
    supersedes_id : str or None
        The metric that it corrects.
    created_at : str
        ISO 8601, UTC.
    """

    id: str
    key: str
    magnitude: float | None = None
    code: str | None = None
    unit: str | None = None
    subject_id: str
    supersedes_id: str | None = None
    created_at: str


class MetricDraft(CamelMessage):
    """A metric to be created: a number, or a word."""

    kind: RecordKind
    subject_id: str
    key: str
    magnitude: float | None = None
    code: str | None = None
    unit: str | None = None
    supersedes_id: str | None = None
