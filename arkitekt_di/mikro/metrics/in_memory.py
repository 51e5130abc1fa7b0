"""Metrics that live as long as the process: for tests, and to try things out without a hub."""

import uuid
from datetime import UTC, datetime

from arkitekt_di.errors import HubRefusedError, MetricNotFoundError
from arkitekt_di.messages.metrics import MetricDraft, MetricRecord


class InMemoryMetricRecords:
    """Metrics in a dictionary; whatever they are about is taken to be there."""

    def __init__(self) -> None:
        self._metrics: dict[str, MetricRecord] = {}

    async def create(self, draft: MetricDraft) -> MetricRecord:
        """Create a metric."""
        if (draft.magnitude is None) == (draft.code is None) or not draft.key.strip():
            raise HubRefusedError("CreateMetric", ["a metric has a key, and one value"])
        if draft.supersedes_id is not None:
            self._check_successor(draft, draft.supersedes_id)
        metric = MetricRecord(
            id=str(uuid.uuid4()),
            created_at=datetime.now(UTC).isoformat(),
            **draft.model_dump(exclude={"kind"}),
        )
        self._metrics[metric.id] = metric
        return metric

    async def search(
        self, *, subject_id: str | None, key: str | None, is_current: bool, limit: int, offset: int
    ) -> list[MetricRecord]:
        """Return one page of metrics, newest first."""
        superseded = {metric.supersedes_id for metric in self._metrics.values()} if is_current else set()
        found = [
            metric
            for metric in reversed(self._metrics.values())
            if subject_id in {None, metric.subject_id} and key in {None, metric.key} and metric.id not in superseded
        ]
        return found[offset : offset + limit]

    async def delete(self, metric_id: str) -> None:
        """Remove a metric for good."""
        if self._metrics.pop(metric_id, None) is None:
            raise MetricNotFoundError(metric_id)

    def _check_successor(self, draft: MetricDraft, former_id: str) -> None:
        former = self._metrics.get(former_id)
        if former is None:
            raise MetricNotFoundError(former_id)
        if (former.subject_id, former.key) != (draft.subject_id, draft.key):
            raise HubRefusedError("CreateMetric", ["a metric supersedes one of the same thing and key"])
        if any(metric.supersedes_id == former_id for metric in self._metrics.values()):
            raise HubRefusedError("CreateMetric", ["it is superseded already"])
