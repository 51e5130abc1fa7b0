"""The metrics of an app: ``app.mikro.metrics``."""

import math
from dataclasses import dataclass
from datetime import datetime

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.metrics import MetricDraft, MetricRecord
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.table import Table
from arkitekt_di.protocols.metrics import MetricRecords

Measured = Image | File | Table
"""What metrics are about."""


@dataclass(frozen=True)
class Metric:
    """One measured value; it never changes.

    Attributes
    ----------
    id : str
    key : str
        What was measured.
    value : float or str
        A number, or a word.
    unit : str or None
    subject_id : str
        Identifier of the image, file or table that it is about.
    supersedes_id : str or None
        The metric that it corrects.
    created_at : datetime.datetime
        With its time zone.
    """

    id: str
    key: str
    value: float | str
    unit: str | None
    subject_id: str
    supersedes_id: str | None
    created_at: datetime


class Metrics:
    """Writes measured values down, and finds them again.

    Parameters
    ----------
    records : MetricRecords
    """

    def __init__(self, records: MetricRecords) -> None:
        self._records = records

    async def acreate(
        self,
        of: Measured,
        key: str,
        value: float | str,
        *,
        unit: str | None = None,
        supersedes: Metric | str | None = None,
    ) -> Metric:
        """Write a value down; see `arkitekt_di.mikro.create_metric`."""
        magnitude = None if isinstance(value, str) else float(value)
        if magnitude is not None and not math.isfinite(magnitude):
            raise RecordRefusedError(f"the metric {key!r} is {value}", "Give a number that is one")
        draft = MetricDraft(
            kind=_kind(of),
            subject_id=of.id,
            key=key,
            magnitude=magnitude,
            code=value if isinstance(value, str) else None,
            unit=unit,
            supersedes_id=None if supersedes is None else identifier_of(supersedes, Metric),
        )
        return _metric(await self._records.create(draft))

    async def asearch(
        self,
        of: Measured | None = None,
        *,
        key: str | None = None,
        superseded: bool = False,
        limit: int = 200,
        offset: int = 0,
    ) -> list[Metric]:
        """Find values, newest first; see `arkitekt_di.mikro.get_metrics`."""
        found = await self._records.search(
            subject_id=None if of is None else of.id, key=key, is_current=not superseded, limit=limit, offset=offset
        )
        return [_metric(record) for record in found]

    async def adelete(self, metric_id: str) -> None:
        """Remove a value for good; raises `MetricNotFoundError`."""
        await self._records.delete(metric_id)


def _kind(of: Measured) -> RecordKind:
    if isinstance(of, Image):
        return RecordKind.IMAGE
    return RecordKind.FILE if isinstance(of, File) else RecordKind.TABLE


def _metric(record: MetricRecord) -> Metric:
    return Metric(
        id=record.id,
        key=record.key,
        value=record.magnitude if record.magnitude is not None else str(record.code),
        unit=record.unit,
        subject_id=record.subject_id,
        supersedes_id=record.supersedes_id,
        created_at=datetime.fromisoformat(record.created_at),
    )
