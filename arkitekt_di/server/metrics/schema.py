"""The operations on metrics: each hands over to the domain and shows what comes back."""

from datetime import UTC, datetime
from typing import Self

import strawberry
from strawberry.scalars import JSON

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.metrics import IDENTIFIERS, MetricDraft
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.paging import OffsetPaginationInput, page_of
from arkitekt_di.server.metrics.metrics import MetricListing, Metrics
from arkitekt_di.server.metrics.tables import Metric as MetricRow

_KINDS = {identifier: kind for kind, identifier in IDENTIFIERS.items()}


@strawberry.type(description="What a metric is about.")
class MetricTarget:
    """An image, a file or a table."""

    id: strawberry.ID
    identifier: str
    object: strawberry.ID
    uuid: str


@strawberry.type(description="A measured value; it never changes.")
class Metric:
    """A metric."""

    superseded: strawberry.Private[str | None]
    id: strawberry.ID
    uuid: str
    key: str
    magnitude: float | None
    unit: str | None
    code: str | None
    target: MetricTarget
    producer_app: str | None
    producer_version: str | None
    created_at: datetime

    @classmethod
    def of(cls, metric: MetricRow) -> Self:
        """Show a row."""
        return cls(
            superseded=metric.supersedes_id,
            id=strawberry.ID(metric.id),
            uuid=metric.id,
            key=metric.key,
            magnitude=metric.magnitude,
            unit=metric.unit,
            code=metric.code,
            target=MetricTarget(
                id=strawberry.ID(metric.subject_id),
                identifier=IDENTIFIERS[RecordKind(metric.subject_kind)],
                object=strawberry.ID(metric.subject_id),
                uuid=metric.subject_id,
            ),
            producer_app=metric.client_id,
            producer_version=None,
            created_at=datetime.fromtimestamp(metric.created_at, UTC),
        )

    @strawberry.field
    async def supersedes(self, info: Info) -> "Metric | None":
        """Return the metric that it corrects; None where there is none, or not any more."""
        if self.superseded is None:
            return None
        listing = MetricListing(ids=[self.superseded])
        found = await info.context.part(Metrics).list(await info.context.principal(), listing)
        return Metric.of(found[0]) if found else None


@strawberry.input
class MetricTargetInput:
    """What a metric is about."""

    identifier: str
    object: strawberry.ID


@strawberry.input
class MetricInput:
    """A new metric: a number, or a word."""

    target: MetricTargetInput
    key: str
    magnitude: float | None = None
    unit: str | None = None
    code: str | None = None
    supersedes: strawberry.ID | None = None

    def draft(self) -> MetricDraft:
        """Return what is asked for."""
        if self.target.identifier not in _KINDS:
            raise RecordRefusedError(
                f"there are no metrics of {self.target.identifier[:64]!r}", f"Name one of {', '.join(_KINDS)}"
            )
        return MetricDraft(
            kind=_KINDS[self.target.identifier],
            subject_id=self.target.object,
            key=self.key,
            magnitude=self.magnitude,
            code=self.code,
            unit=self.unit,
            supersedes_id=self.supersedes,
        )


@strawberry.input
class CreateMetricsInput:
    """Several metrics, all of them or none."""

    metrics: list[MetricInput]


@strawberry.input
class DeleteMetricInput:
    """The metric to delete."""

    id: strawberry.ID


@strawberry.input
class StrFilterLookup:
    """How a text is compared."""

    exact: str | None = None
    i_contains: str | None = None


@strawberry.input
class DescriptorConstraintInput:
    """A condition on facts about an object; this hub keeps none."""

    key: str
    operator: str
    value: JSON | None = None


@strawberry.input
class MetricFilter:
    """Which metrics are asked for."""

    ids: list[strawberry.ID] | None = None
    key: StrFilterLookup | None = None
    subject: strawberry.ID | None = None
    current: bool | None = None
    requires: list[DescriptorConstraintInput] | None = None

    def listing(self, pagination: OffsetPaginationInput | None) -> MetricListing:
        """Return the page that is asked for."""
        if self.requires:
            raise RecordRefusedError("this hub keeps no facts to require", "Leave it empty")
        key = self.key or StrFilterLookup()
        return MetricListing(
            page=page_of(pagination),
            ids=self.ids,
            key=key.exact,
            search=key.i_contains,
            subject_id=self.subject,
            is_current=bool(self.current),
        )


@strawberry.type
class MetricQuery:
    """What can be asked about metrics."""

    @strawberry.field
    async def metric(self, info: Info, id: strawberry.ID) -> Metric:
        """Return one metric."""
        return Metric.of(await info.context.part(Metrics).get(await info.context.principal(), id))

    @strawberry.field
    async def metrics(
        self, info: Info, filters: MetricFilter | None = None, pagination: OffsetPaginationInput | None = None
    ) -> list[Metric]:
        """Return one page."""
        listing = (filters or MetricFilter()).listing(pagination)
        found = await info.context.part(Metrics).list(await info.context.principal(), listing)
        return [Metric.of(metric) for metric in found]


@strawberry.type
class MetricMutation:
    """What can be changed about metrics."""

    @strawberry.mutation
    async def create_metric(self, info: Info, input: MetricInput) -> Metric:
        """Create a metric."""
        (made,) = await info.context.part(Metrics).create(await info.context.principal(), [input.draft()])
        return Metric.of(made)

    @strawberry.mutation
    async def create_metrics(self, info: Info, input: CreateMetricsInput) -> list[Metric]:
        """Create several metrics."""
        drafts = [metric.draft() for metric in input.metrics]
        made = await info.context.part(Metrics).create(await info.context.principal(), drafts)
        return [Metric.of(metric) for metric in made]

    @strawberry.mutation
    async def delete_metric(self, info: Info, input: DeleteMetricInput) -> strawberry.ID:
        """Delete a metric."""
        await info.context.part(Metrics).delete(await info.context.principal(), input.id)
        return input.id
