"""Events reach a caller once and in order, however slowly they are read, and without filling the hub's memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.server.tasks.bus import InProcessBus
from arkitekt_di.server.tasks.feed import PAGE, Feed
from arkitekt_di.server.tasks.memory import InMemoryTasks
from arkitekt_di.server.tasks.patches import PatchError, patched
from arkitekt_di.server.tasks.records import Batch, Report
from arkitekt_di.testing.tasks import ADA, BEN, draft

pytestmark = pytest.mark.anyio


class Stage:
    """A ledger with one running task."""

    def __init__(self) -> None:
        self.bus = InProcessBus()
        self.store = InMemoryTasks(self.bus.publish)

    async def begin(self) -> None:
        self.lease = await self.store.take_lease("agent", "one")
        self.task = (await self.store.create_if_absent(draft("r"), self.lease)).task

    async def say(self, count: int) -> None:
        report = Report(self.task.id, "one", EventKind.YIELD, {"returns": {"return0": 1}})
        await self.store.append_events(self.lease, Batch((report,) * count))

    @asynccontextmanager
    async def feed(self, since: int = 0, most: int = 8) -> AsyncIterator[AsyncIterator[int]]:
        events = Feed(self.store, self.bus, ADA, since, most).events()
        async with asyncio.timeout(20), aclosing(events):
            yield (event.seq async for event in events)


async def take(reading: AsyncIterator[int], count: int) -> list[int]:
    return [await anext(reading) for _ in range(count)]


@pytest.fixture
async def stage() -> Stage:
    stage = Stage()
    await stage.begin()
    return stage


async def test_news_come_as_they_happen(stage: Stage) -> None:
    async with stage.feed() as reading:
        first = await anext(reading)
        await stage.say(3)
        assert await take(reading, 3) == [first + 1, first + 2, first + 3]


@pytest.mark.parametrize("burst", [1, 8, 9, 3 * PAGE])
async def test_whoever_reads_slowly_misses_nothing(stage: Stage, burst: int) -> None:
    async with stage.feed() as reading:
        first = await anext(reading)
        for _ in range(3):
            await stage.say(burst)
        assert await take(reading, 3 * burst) == list(range(first + 1, first + 1 + 3 * burst))


async def test_what_waits_in_memory_is_bounded(stage: Stage) -> None:
    feed = Feed(stage.store, stage.bus, ADA, 0, most=8)
    reading = feed.events()
    await anext(reading)
    await stage.say(10_000)

    assert len(feed._waiting) <= 8
    assert [(await anext(reading)).seq for _ in range(3)] == [2, 3, 4]
    await reading.aclose()


async def test_a_slow_reader_is_noted(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    async with stage.feed() as reading:
        await anext(reading)
        await stage.say(20)

    assert "reads its events slowly" in caplog.text


async def test_whoever_was_away_reads_on(stage: Stage) -> None:
    await stage.say(5)
    async with stage.feed(since=3) as reading:
        assert await take(reading, 3) == [4, 5, 6]


async def test_nobody_is_told_of_the_tasks_of_others(stage: Stage) -> None:
    async with stage.feed() as reading:
        await anext(reading)
        await stage.store.create_if_absent(draft("of ben", caller=BEN))
        await stage.say(1)
        assert await anext(reading) == 3


async def test_whoever_stops_reading_is_forgotten(stage: Stage) -> None:
    async with stage.feed() as reading:
        await anext(reading)
        assert stage.bus.has_listeners(ADA)

    assert not stage.bus.has_listeners(ADA)


_JSON = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(_JSON, st.dictionaries(st.text(max_size=3), _JSON, max_size=3), st.text(max_size=3))
def test_what_is_added_to_a_document_can_be_removed_again(value: object, document: dict[str, object], key: str) -> None:
    path = "/" + key.replace("~", "~0").replace("/", "~1")
    without = {name: member for name, member in document.items() if name != key}

    with_it = patched(without, "add", path, value)

    assert with_it == without | {key: value}
    assert patched(with_it, "replace", path, None) == without | {key: None}
    assert patched(with_it, "remove", path, None) == without


@pytest.mark.parametrize(
    ("op", "path"),
    [
        ("replace", "/no"),
        ("remove", "/list/9"),
        ("add", "/list/x"),
        ("add", "/text/1"),
        ("test", "/text"),
        ("add", "/no/1"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(op: str, path: str) -> None:
    with pytest.raises(PatchError):
        patched({"list": [1], "text": "a"}, op, path, 0)


def test_lists_are_changed_in_place_of_their_elements() -> None:
    document = {"list": [{"a": 1}, 2]}

    assert patched(document, "replace", "/list/0/a", 5) == {"list": [{"a": 5}, 2]}
    assert patched(document, "add", "/list/0", 0) == {"list": [0, {"a": 1}, 2]}
    assert patched(document, "remove", "/list/1", None) == {"list": [{"a": 1}]}
    assert patched(document, "replace", "", {"b": 1}) == {"b": 1}
    assert document == {"list": [{"a": 1}, 2]}
