"""Metrics: measured values that stay as they are."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.errors import MetricNotFoundError, RecordRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.metrics import MetricDraft
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import is_identifier
from arkitekt_di.server.journal import Journal
from arkitekt_di.server.listing import MAX_PAGE, Page
from arkitekt_di.server.metrics.tables import Metric
from arkitekt_di.server.naming import MAX_NAME, checked_description, checked_name, folded, is_text
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.records import Record
from arkitekt_di.server.subjects import Require

MAX_AT_ONCE = 5000
"""Metrics that are created together, as in the real mikro."""


@dataclass(frozen=True)
class MetricListing:
    """Which metrics are asked for, newest first; part of a key, those of one record, those not superseded."""

    page: Page = field(default_factory=Page)
    ids: Sequence[str] | None = None
    key: str | None = None
    search: str | None = None
    subject_id: str | None = None
    is_current: bool = False


class Metrics:
    """Metrics of the organizations of a hub; nobody sees another's.

    Parameters
    ----------
    database : Database
    journal : Journal
        Orders the changes of an organization.
    subjects : mapping of RecordKind to callable
        Finds what a metric is about.
    tables : mapping of RecordKind to type
        Where that is; metrics of what is in the trash are not listed.
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        *,
        subjects: Mapping[RecordKind, Require],
        tables: Mapping[RecordKind, type[Record]],
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._journal = journal
        self._subjects = dict(subjects)
        self._tables = dict(tables)
        self._clock = clock

    async def create(self, principal: Principal, drafts: Sequence[MetricDraft]) -> Sequence[Metric]:
        """Create metrics, all of them or none.

        Raises
        ------
        NotFoundError
            What one is about, or supersedes, is not there.
        RecordRefusedError
            A value will not do, or what one supersedes is about something else, or superseded already.
        """
        if len(drafts) > MAX_AT_ONCE:
            raise RecordRefusedError(f"{len(drafts)} metrics were sent", f"Send {MAX_AT_ONCE} at most")
        for draft in drafts:
            _check(draft)
        for kind, subject_id in {(draft.kind, draft.subject_id) for draft in drafts}:
            await self._subjects[kind](principal, subject_id)
        async with self._journal.transaction(principal) as entry:
            made = []
            for draft in drafts:
                await self._check_successor(entry.session, principal, draft)
                made.append(self._row(principal, draft))
                entry.session.add(made[-1])
                await entry.session.flush()
            return made

    def _row(self, principal: Principal, draft: MetricDraft) -> Metric:
        return Metric(
            organization_id=principal.organization_id,
            user_id=principal.user_id,
            user_name=principal.user_name,
            client_id=principal.client_id,
            subject_kind=draft.kind,
            subject_id=draft.subject_id,
            key=draft.key,
            folded_key=folded(draft.key),
            magnitude=draft.magnitude,
            code=draft.code,
            unit=draft.unit,
            supersedes_id=draft.supersedes_id,
            created_at=self._clock(),
        )

    async def _check_successor(self, session: AsyncSession, principal: Principal, draft: MetricDraft) -> None:
        if draft.supersedes_id is None:
            return
        former = await _find(session, principal, draft.supersedes_id)
        if (former.subject_id, former.key) != (draft.subject_id, draft.key):
            raise RecordRefusedError("a metric supersedes one of the same thing and key", "Create it by itself")
        if await session.scalar(select(Metric.id).where(Metric.supersedes_id == former.id)) is not None:
            raise RecordRefusedError(f"metric {former.id} is superseded already", "Supersede the newest one")

    async def get(self, principal: Principal, metric_id: str) -> Metric:
        """Return one metric; raises `MetricNotFoundError`."""
        async with self._database.transaction() as session:
            return await _find(session, principal, metric_id)

    async def list(self, principal: Principal, listing: MetricListing) -> Sequence[Metric]:
        """Return one page of metrics."""
        query = select(Metric).where(Metric.organization_id == principal.organization_id)
        if listing.ids is not None:
            known = [identifier for identifier in listing.ids[:MAX_PAGE] if is_identifier(identifier)]
            query = query.where(Metric.id.in_(known))
        if listing.subject_id is not None:
            query = query.where(Metric.subject_id == listing.subject_id)
        if listing.key is not None:
            query = query.where(Metric.key == listing.key)
        if listing.search:
            query = query.where(Metric.folded_key.contains(folded(listing.search), autoescape=True))
        if listing.is_current:
            superseded = select(Metric.supersedes_id).where(
                Metric.organization_id == principal.organization_id, Metric.supersedes_id.is_not(None)
            )
            query = query.where(Metric.id.not_in(superseded))
        query = query.where(or_(*(_is_about(kind, table) for kind, table in self._tables.items())))
        query = query.order_by(Metric.created_at.desc(), Metric.id.desc())
        async with self._database.transaction() as session:
            return (await session.scalars(query.limit(listing.page.limit).offset(listing.page.offset))).all()

    async def delete(self, principal: Principal, metric_id: str) -> None:
        """Remove a metric for good; raises `MetricNotFoundError`."""
        async with self._journal.transaction(principal) as entry:
            metric = await _find(entry.session, principal, metric_id)
            await entry.session.execute(delete(Metric).where(Metric.id == metric.id))


def _is_about(kind: RecordKind, table: type[Record]) -> ColumnElement[bool]:
    """Return the condition that a metric is about a record of this kind that is not in the trash."""
    there = select(table.id).where(table.id == Metric.subject_id, table.deleted_at.is_(None))
    return and_(Metric.subject_kind == kind, there.exists())


async def _find(session: AsyncSession, principal: Principal, metric_id: str) -> Metric:
    mine = Metric.organization_id == principal.organization_id
    metric = None
    if is_identifier(metric_id):
        metric = await session.scalar(select(Metric).where(mine, Metric.id == metric_id))
    if metric is None:
        raise MetricNotFoundError(metric_id)
    return metric


def _check(draft: MetricDraft) -> None:
    checked_name(draft.key, subject="the key of a metric")
    if (draft.magnitude is None) == (draft.code is None):
        raise RecordRefusedError(f"the metric {draft.key!r} has no value, or two", "Give a number or a word")
    if draft.magnitude is not None and not math.isfinite(draft.magnitude):
        raise RecordRefusedError(f"the metric {draft.key!r} is {draft.magnitude}", "Give a number that is one")
    checked_description(draft.code or "")
    if draft.unit is not None and (len(draft.unit) > MAX_NAME or not is_text(draft.unit)):
        raise RecordRefusedError(f"the unit of {draft.key!r} is too long, or no text", "Shorten it")
