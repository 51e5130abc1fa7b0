"""What becomes of metrics when what they are about goes into the trash, and beyond."""

import pytest
from sqlalchemy import func, select

from arkitekt_di.server.database import Database
from arkitekt_di.server.metrics.tables import Metric
from tests.server.files.test_files import DELETE, MONTH_S, RESTORE, make
from tests.server.images.image_hub import ImageHub

pytestmark = pytest.mark.anyio

MEASURE = """mutation($file: ID!) {
  createMetric(input: {target: {identifier: "@mikro/file", object: $file}, key: "nuclei", magnitude: 412}) { id }
}"""
LIST_ALL = "{ metrics { id } }"


async def measured(hub: ImageHub) -> tuple[str, str]:
    """Return a file, and its metric."""
    file, _ = await make(hub)
    return file, (await hub.ask(MEASURE, file=file))["id"]


async def test_metrics_of_what_is_in_the_trash_are_not_listed(hub: ImageHub) -> None:
    file, metric = await measured(hub)
    hub.clock.now += 1
    _, other = await measured(hub)

    await hub.ask(DELETE, id=file)
    without = await hub.ask(LIST_ALL)
    await hub.ask(RESTORE, id=file)

    assert without == [{"id": other}]
    assert await hub.ask(LIST_ALL) == [{"id": other}, {"id": metric}]


async def test_metrics_go_for_good_with_what_they_are_about(hub: ImageHub, database: Database) -> None:
    file, _ = await measured(hub)
    _, other = await measured(hub)
    await hub.ask(DELETE, id=file)

    hub.clock.now += MONTH_S
    await hub.endpoint.trash.attend()

    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Metric)) == 1
    assert await hub.ask(LIST_ALL) == [{"id": other}]
