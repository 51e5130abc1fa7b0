"""What the metrics of an app stand on."""

from typing import Protocol

from arkitekt_di.messages.metrics import MetricDraft, MetricRecord


class MetricRecords(Protocol):
    """Where the hub keeps metrics.

    Every method may raise `ConnectionLostError`, `LoginRequiredError` and `HubRefusedError`.
    """

    async def create(self, draft: MetricDraft) -> MetricRecord:
        """Create a metric, which never changes; raises `NotFoundError` where what it is about is not there."""
        ...

    async def search(
        self, *, subject_id: str | None, key: str | None, is_current: bool, limit: int, offset: int
    ) -> list[MetricRecord]:
        """Return one page of metrics, newest first."""
        ...

    async def delete(self, metric_id: str) -> None:
        """Remove a metric for good; raises `MetricNotFoundError`."""
        ...
