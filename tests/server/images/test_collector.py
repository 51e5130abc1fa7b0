import asyncio
import errno
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import new_identifier
from arkitekt_di.server.images.collector import Collector
from arkitekt_di.server.images.pixels import Pixels
from arkitekt_di.server.images.tables import Store, StoreState
from arkitekt_di.server.objects.grants import ObjectGrants
from arkitekt_di.server.objects.memory import InMemoryObjects
from arkitekt_di.settings.models import ObjectSettings, TrashSettings
from tests.server.images.documents import DELETE, FINISH, REQUEST
from tests.server.images.image_hub import DUE_S, SETTINGS, Clock, ImageHub, RefusedError, array, serve

pytestmark = pytest.mark.anyio


class FailingObjects(InMemoryObjects):
    """Cannot remove anything while it is broken; tells of every removal."""

    def __init__(self) -> None:
        super().__init__()
        self.is_broken = False
        self.removed = asyncio.Event()

    async def delete_prefix(self, bucket: str, prefix: str) -> None:
        if self.is_broken:
            raise OSError(errno.EIO, "the disk does not answer")
        await super().delete_prefix(bucket, prefix)
        self.removed.set()


@pytest.mark.parametrize("is_finished", [True, False])
async def test_a_forgotten_upload_is_removed_when_it_is_due_and_not_before(hub: ImageHub, is_finished: bool) -> None:
    store = (await hub.ask(REQUEST))["store"]
    await hub.write(f"{store}/zarr.json", json.dumps(array()).encode())
    if is_finished:
        await hub.ask(FINISH, id=store, valid=True)

    hub.clock.now += DUE_S - 1
    await hub.endpoint.collector.collect()
    assert hub.keys(store)

    hub.clock.now += 1
    await hub.endpoint.collector.collect()
    assert hub.keys(store) == []
    with pytest.raises(RefusedError, match="no store"):
        await hub.ask(FINISH, id=store, valid=True)


async def test_an_image_is_never_removed(hub: ImageHub) -> None:
    image = await hub.image()
    hub.clock.now += 1000 * DUE_S

    await hub.endpoint.collector.collect()

    assert hub.keys(image["dataArrays"][0]["store"]["id"])
    assert await hub.names() == ["embryo"]


async def test_what_is_written_under_an_old_grant_after_the_upload_was_given_up_is_removed_too(hub: ImageHub) -> None:
    store = (await hub.ask(REQUEST))["store"]
    await hub.ask(FINISH, id=store, valid=False)
    await hub.write(f"{store}/c/0/0", b"a late request")
    hub.clock.now += DUE_S

    await hub.endpoint.collector.collect()

    assert hub.keys(store) == []


async def test_a_hub_that_died_while_it_deleted_frees_the_space_at_its_next_start(database: Database) -> None:
    async with serve(database) as hub:
        store = (await hub.image())["dataArrays"][0]["store"]["id"]
    objects = FailingObjects()
    objects.stored = hub.objects.stored
    async with database.transaction() as session:
        (await session.get_one(Store, store)).state = StoreState.DISCARDED

    async with running(database, objects, hub.clock):
        await objects.removed.wait()

    assert hub.keys(store) == []


async def test_the_collector_sleeps_until_the_next_upload_is_due(hub: ImageHub, database: Database) -> None:
    store = (await hub.ask(REQUEST))["store"]
    await hub.write(f"{store}/c/0/0", b"pixels")
    objects = FailingObjects()
    objects.stored = hub.objects.stored
    clock = hub.clock

    class Alarm(Clock):
        """Shows the time at which the upload is due from the second look on."""

        def __call__(self) -> float:
            self.now, before = clock.now + DUE_S, self.now
            return before

    alarm = Alarm()
    alarm.now = clock.now + DUE_S - 0.01
    async with running(database, objects, alarm), asyncio.timeout(10):
        await objects.removed.wait()

    assert hub.keys(store) == []


async def test_the_collector_is_woken_by_a_new_upload(database: Database) -> None:
    async with serve(database, FailingObjects()) as hub:
        assert isinstance(hub.objects, FailingObjects)
        forgotten = (await hub.ask(REQUEST))["store"]
        hub.clock.now += DUE_S

        await hub.ask(REQUEST)

        async with asyncio.timeout(10):
            await hub.objects.removed.wait()
        assert hub.keys(forgotten) == []


async def test_a_removal_that_fails_is_tried_again_and_hides_the_image_meanwhile(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    objects = FailingObjects()
    async with serve(database, objects) as hub:
        image = await hub.image()
        store = image["dataArrays"][0]["store"]["id"]
        objects.is_broken = True

        assert await hub.ask(DELETE, id=image["id"]) == image["id"]
        assert await hub.names() == []
        assert hub.keys(store)
        hub.clock.now += TrashSettings().keep_s
        await hub.endpoint.trash.attend()
        assert hub.keys(store)
        assert "could not remove the pixels" in caplog.text
        hub.clock.now += DUE_S
        assert not await hub.endpoint.collector.collect()
        objects.is_broken = False
        assert await hub.endpoint.collector.collect()

        assert hub.keys(store) == []


async def test_a_database_that_does_not_answer_is_asked_again(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    objects = FailingObjects()
    async with serve(database, objects) as hub, asyncio.timeout(20):
        store = (await hub.ask(REQUEST))["store"]
        await hub.write(f"{store}/c/0/0", b"pixels")
        async with database.transaction() as session:
            await session.execute(text("ALTER TABLE image_stores RENAME TO away"))
        hub.clock.now += DUE_S
        hub.endpoint.collector.wake()
        while "could not collect garbage" not in caplog.text:  # noqa: ASYNC110  # a log tells nobody that it grew
            await asyncio.sleep(0)

        async with database.transaction() as session:
            await session.execute(text("ALTER TABLE away RENAME TO image_stores"))
        hub.endpoint.collector.wake()
        await objects.removed.wait()

        assert hub.keys(store) == []


async def test_a_collector_that_breaks_says_so(hub: ImageHub, caplog: pytest.LogCaptureFixture, monkeypatch) -> None:
    broken = asyncio.Event()

    async def fail(_store: Store) -> bool:
        broken.set()
        message = "a bug"
        raise LookupError(message)

    await hub.ask(REQUEST)
    hub.clock.now += DUE_S
    monkeypatch.setattr(hub.endpoint.collector, "remove", fail)
    hub.endpoint.collector.wake()
    async with asyncio.timeout(20):
        await broken.wait()

    with pytest.raises(LookupError):
        await hub.endpoint.collector.stop()

    assert "not collected any more" in caplog.text


async def test_a_new_upload_wakes_the_collector_only_where_it_would_be_found_too_late(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: asyncio.Queue[float | None] = asyncio.Queue()
    collector = collector_of(database, InMemoryObjects(), clock := Clock(), SETTINGS)
    sleep = collector._sleep

    async def noted(delay: float | None) -> None:
        planned.put_nowait(delay)
        await sleep(delay)

    monkeypatch.setattr(collector, "_sleep", noted)
    async with database.transaction() as session:
        session.add(store_of(clock, expires_at=clock.now + 100))
    await collector.start()
    try:
        async with asyncio.timeout(20):
            await planned.get()
            collector.expect(clock.now + 200)
            assert not collector._woken.is_set()
            collector.expect(clock.now + 50)
            await planned.get()
            clock.now += DUE_S + 100
            collector.expect(clock.now + 200)
            await planned.get()
    finally:
        await collector.stop()


def store_of(clock: Clock, *, expires_at: float) -> Store:
    return Store(
        id=new_identifier(),
        organization_id="lab",
        user_id="ada",
        client_id="app",
        bucket="zarr",
        key=new_identifier(),
        state=StoreState.OPEN,
        created_at=clock.now,
        expires_at=expires_at,
        max_bytes=1,
    )


async def test_a_collector_that_never_started_may_be_stopped(database: Database) -> None:
    await collector_of(database, InMemoryObjects(), Clock(), SETTINGS).stop()


def collector_of(database: Database, objects: InMemoryObjects, clock: Clock, settings: ObjectSettings) -> Collector:
    return Collector(database, Pixels(objects, ObjectGrants(b"s" * 32), settings), settings, clock=clock)


@asynccontextmanager
async def running(database: Database, objects: InMemoryObjects, clock: Clock) -> AsyncIterator[None]:
    collector = collector_of(database, objects, clock, SETTINGS)
    await collector.start()
    try:
        yield
    finally:
        await collector.stop()
