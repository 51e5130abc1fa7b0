"""Metrics over GraphQL."""

from typing import Any

from arkitekt_di.errors import MetricNotFoundError, NotFoundError
from arkitekt_di.messages.metrics import IDENTIFIERS, MetricDraft, MetricRecord
from arkitekt_di.mikro.answers import ask, read
from arkitekt_di.mikro.metrics import documents
from arkitekt_di.protocols.transport import GraphQL


class GraphQLMetricRecords:
    """Metrics that a hub keeps.

    Parameters
    ----------
    graphql : GraphQL
    """

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql

    async def create(self, draft: MetricDraft) -> MetricRecord:
        """Create a metric."""
        input_ = {
            "target": {"identifier": IDENTIFIERS[draft.kind], "object": draft.subject_id},
            "key": draft.key,
            "magnitude": draft.magnitude,
            "code": draft.code,
            "unit": draft.unit,
            "supersedes": draft.supersedes_id,
        }
        missing: NotFoundError = MetricNotFoundError(draft.supersedes_id or draft.subject_id)
        return _record(
            (await ask(self._graphql, documents.CREATE_METRIC, {"input": input_}, missing=missing))["record"]
        )

    async def search(
        self, *, subject_id: str | None, key: str | None, is_current: bool, limit: int, offset: int
    ) -> list[MetricRecord]:
        """Return one page of metrics, newest first."""
        filters = {
            "subject": subject_id,
            "key": None if key is None else {"exact": key},
            "current": is_current or None,
        }
        variables = {
            "filters": {name: value for name, value in filters.items() if value is not None},
            "pagination": {"limit": limit, "offset": offset},
        }
        answer = await self._graphql.execute(documents.FIND_METRICS, variables)
        return [_record(record) for record in answer["records"]]

    async def delete(self, metric_id: str) -> None:
        """Remove a metric for good."""
        missing = MetricNotFoundError(metric_id)
        await ask(self._graphql, documents.DELETE_METRIC, {"input": {"id": metric_id}}, missing=missing)


def _record(given: Any) -> MetricRecord:
    if isinstance(given, dict):
        given = given | {
            "subjectId": (given.get("target") or {}).get("object"),
            "supersedesId": (given.get("supersedes") or {}).get("id"),
        }
    return read(MetricRecord, given)
