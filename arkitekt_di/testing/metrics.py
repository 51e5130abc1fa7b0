"""What every implementation of the promise of metrics has to pass."""

import pytest

from arkitekt_di.errors import ArkitektError, MetricNotFoundError
from arkitekt_di.messages.metrics import MetricDraft
from arkitekt_di.protocols.metrics import MetricRecords

_UNKNOWN = "4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d"


@pytest.mark.anyio
class MetricRecordsContract:
    """Tests of `MetricRecords`; a subclass has fixtures `metrics`, empty, and `about`, a draft about what is there."""

    async def keys(self, metrics: MetricRecords, *, is_current: bool = True) -> list[str]:
        """Return the values that a search finds."""
        found = await metrics.search(subject_id=None, key=None, is_current=is_current, limit=10, offset=0)
        return [f"{metric.key}={metric.magnitude if metric.code is None else metric.code}" for metric in found]

    async def test_a_value_is_found_as_it_was_written(self, metrics: MetricRecords, about: MetricDraft) -> None:
        """Numbers with their unit, and words."""
        number = await metrics.create(about.model_copy(update={"magnitude": 7.5, "unit": "µm"}))
        word = await metrics.create(about.model_copy(update={"key": "focus", "code": "good"}))

        found = await metrics.search(subject_id=about.subject_id, key=about.key, is_current=True, limit=10, offset=0)

        assert found == [number]
        assert (number.magnitude, number.unit, number.subject_id) == (7.5, "µm", about.subject_id)
        assert (word.magnitude, word.code) == (None, "good")
        assert await metrics.search(subject_id=_UNKNOWN, key=None, is_current=True, limit=10, offset=0) == []

    async def test_a_correction_takes_the_place_of_what_it_supersedes(
        self, metrics: MetricRecords, about: MetricDraft
    ) -> None:
        """Once, and only of the same thing and key."""
        first = await metrics.create(about.model_copy(update={"magnitude": 1.0}))
        correction = about.model_copy(update={"magnitude": 2.0, "supersedes_id": first.id})
        second = await metrics.create(correction)

        assert second.supersedes_id == first.id
        assert await self.keys(metrics) == [f"{about.key}=2.0"]
        assert len(await self.keys(metrics, is_current=False)) == 2
        with pytest.raises(ArkitektError, match="already"):
            await metrics.create(correction)
        with pytest.raises(ArkitektError, match="same thing"):
            await metrics.create(correction.model_copy(update={"key": "other", "supersedes_id": second.id}))
        with pytest.raises(MetricNotFoundError):
            await metrics.create(correction.model_copy(update={"supersedes_id": _UNKNOWN}))

    async def test_a_metric_has_one_value(self, metrics: MetricRecords, about: MetricDraft) -> None:
        """Neither none nor two."""
        with pytest.raises(ArkitektError):
            await metrics.create(about)
        with pytest.raises(ArkitektError):
            await metrics.create(about.model_copy(update={"magnitude": 1.0, "code": "one"}))

    async def test_a_deleted_metric_is_gone(self, metrics: MetricRecords, about: MetricDraft) -> None:
        """For good."""
        made = await metrics.create(about.model_copy(update={"magnitude": 1.0}))

        await metrics.delete(made.id)

        assert await self.keys(metrics) == []
        with pytest.raises(MetricNotFoundError):
            await metrics.delete(made.id)
