"""The journal numbers changes, tells them, keeps them, and says so when it cannot."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from arkitekt_di.errors import ConnectionLostError, RecordRefusedError
from arkitekt_di.messages.changes import ChangeKind, RecordKind
from arkitekt_di.server import journal as journal_module
from arkitekt_di.server.database import Database
from arkitekt_di.server.journal import KEPT_S, MAX_WAITING, Change, ChangeRow, Event, Journal, News, Scope, Watch
from arkitekt_di.server.principal import Principal

pytestmark = pytest.mark.anyio
IMAGES = Scope(RecordKind.IMAGE)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(database: Database, clock: Clock) -> Journal:
    return Journal(database, clock=clock)


def change(subject_id: str, event: Event = Event.CREATED, **members: Any) -> Change:
    return Change(event, RecordKind.IMAGE, subject_id, **members)


async def write(journal: Journal, *changes: Change, organization_id: str = "lab") -> None:
    async with journal.transaction(Principal("ada", "Ada", organization_id, "app", frozenset())) as entry:
        for one in changes:
            entry.tell(one)


async def write_and_fail(journal: Journal) -> None:
    async with journal.transaction(Principal("ada", "Ada", "lab", "app", frozenset())) as entry:
        entry.tell(change("a"))
        raise ZeroDivisionError


def told(listed: list[News]) -> list[tuple[str, ChangeKind]]:
    return [(news.change.subject_id, news.kind) for news in listed]


async def test_a_watcher_is_told_in_order_and_the_numbers_ascend(journal: Journal) -> None:
    with journal.watch("lab", IMAGES) as watch:
        await write(journal, change("a"), change("b"))
        await write(journal, change("a", Event.DELETED))

        news = aiter(watch)
        seen = [await anext(news) for _ in range(3)]

    assert told(seen) == [("a", ChangeKind.CREATED), ("b", ChangeKind.CREATED), ("a", ChangeKind.DELETED)]
    assert [one.change.number for one in seen] == [1, 2, 3]
    assert await journal.last("lab") == 3


async def test_a_transaction_that_fails_changes_and_tells_nothing(journal: Journal) -> None:
    with journal.watch("lab", IMAGES) as watch:
        with pytest.raises(ZeroDivisionError):
            await write_and_fail(journal)
        await write(journal, change("b"))

        assert (await anext(aiter(watch))).change.subject_id == "b"
    assert told((await journal.missed("lab", IMAGES, 0))[0]) == [("b", ChangeKind.CREATED)]


async def test_changes_go_to_those_who_watch_that_organization_and_kind(journal: Journal) -> None:
    with journal.watch("rivals", IMAGES) as rivals, journal.watch("lab", Scope(RecordKind.FILE)) as files:
        await write(journal, change("a"))
        await write(journal, change("theirs"), organization_id="rivals")
        await write(journal, Change(Event.CREATED, RecordKind.FILE, "f"))

        assert (await anext(aiter(rivals))).change.subject_id == "theirs"
        assert (await anext(aiter(files))).change.subject_id == "f"
    assert not journal.has_watchers("lab")


async def test_organizations_are_counted_apart(journal: Journal) -> None:
    await write(journal, change("a"), change("b"))
    await write(journal, change("theirs"), organization_id="rivals")

    assert (await journal.last("lab"), await journal.last("rivals"), await journal.last("nobody")) == (2, 1, 0)
    assert told((await journal.missed("rivals", IMAGES, 0))[0]) == [("theirs", ChangeKind.CREATED)]


async def test_writers_at_the_same_time_get_numbers_of_their_own(journal: Journal) -> None:
    await asyncio.gather(*(write(journal, change(str(number))) for number in range(20)))

    missed, last = await journal.missed("lab", IMAGES, 0)
    assert last == 20
    assert sorted(news.change.number for news in missed) == list(range(1, 21))


async def test_what_was_missed_is_summed_up_for_each_record(journal: Journal) -> None:
    await write(journal, change("old"))
    after = await journal.last("lab")
    await write(journal, change("old", Event.UPDATED), change("new"), change("brief"))
    await write(journal, change("new", Event.UPDATED), change("brief", Event.DELETED), change("old", Event.UPDATED))

    missed, last = await journal.missed("lab", IMAGES, after)

    assert told(missed) == [("new", ChangeKind.CREATED), ("old", ChangeKind.UPDATED)]
    assert last == 7


async def test_a_move_is_an_arrival_here_and_a_departure_there(journal: Journal) -> None:
    here, there = Scope(RecordKind.IMAGE, place_id="here"), Scope(RecordKind.IMAGE, place_id="there")
    with (
        journal.watch("lab", here) as arrivals,
        journal.watch("lab", there) as departures,
        journal.watch("lab", IMAGES) as everything,
    ):
        await write(journal, change("a", Event.MOVED, place_id="here", former_place_id="there"))

        assert (await anext(aiter(arrivals))).kind is ChangeKind.CREATED
        assert (await anext(aiter(departures))).kind is ChangeKind.DELETED
        assert (await anext(aiter(everything))).kind is ChangeKind.UPDATED
    assert told((await journal.missed("lab", there, 0))[0]) == [("a", ChangeKind.DELETED)]


async def test_what_is_too_old_is_forgotten_and_said_to_be(journal: Journal, clock: Clock, monkeypatch) -> None:
    monkeypatch.setattr(journal_module, "_PRUNED_EVERY", 2)
    await write(journal, change("a"))
    clock.now += KEPT_S + 1
    await write(journal, change("b"))
    await write(journal, change("c"))

    with pytest.raises(RecordRefusedError, match="not known any more"):
        await journal.missed("lab", IMAGES, 0)
    assert told((await journal.missed("lab", IMAGES, 1))[0])[-1] == ("c", ChangeKind.CREATED)


async def test_a_number_that_was_never_given_is_refused(journal: Journal) -> None:
    with pytest.raises(RecordRefusedError):
        await journal.missed("lab", IMAGES, 1)


async def test_too_much_to_catch_up_with_is_refused(journal: Journal, monkeypatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_MISSED", 2)
    await write(journal, change("a"), change("b"), change("c"))

    with pytest.raises(RecordRefusedError, match="more than 2"):
        await journal.missed("lab", IMAGES, 0)


async def test_changes_are_rows_of_their_own(journal: Journal, database: Database) -> None:
    await write(journal, *(change(str(number)) for number in range(3)))

    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(ChangeRow)) == 3


async def test_a_watcher_that_falls_behind_sees_what_waited_and_is_let_go() -> None:
    watch = Watch(IMAGES)
    for number in range(MAX_WAITING + 10):
        watch.offer(Change(Event.DELETED, RecordKind.IMAGE, str(number), number=number))

    news = aiter(watch)
    seen = [(await anext(news)).change.subject_id for _ in range(MAX_WAITING)]
    with pytest.raises(ConnectionLostError, match=f"{MAX_WAITING} changes"):
        await anext(news)

    assert seen == [str(number) for number in range(MAX_WAITING)]


async def test_updates_that_are_not_taken_become_one() -> None:
    watch = Watch(IMAGES)
    for number in range(10 * MAX_WAITING):
        watch.offer(Change(Event.UPDATED, RecordKind.IMAGE, "growing", number=number, state=number))

    assert (await anext(aiter(watch))).change.state == 10 * MAX_WAITING - 1


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([Event.CREATED, Event.UPDATED, Event.DELETED])), max_size=30
    )
)
def test_what_waits_ends_in_the_same_state_as_everything_in_order(steps: list[tuple[str, Event]]) -> None:
    """A watcher who applies what is handed out knows which records there are, and the last state of each."""
    watch, state = Watch(IMAGES), dict[str, int]()
    for number, (subject_id, event) in enumerate(steps):
        watch.offer(Change(event, RecordKind.IMAGE, subject_id, number=number, state=number))
        _apply(state, subject_id, event, number)

    known = dict[str, int]()
    for news in watch._waiting.values():
        _apply(known, news.change.subject_id, Event(news.kind), news.change.number)

    assert known == state


def _apply(state: dict[str, int], subject_id: str, event: Event, number: int) -> None:
    if event is Event.DELETED:
        state.pop(subject_id, None)
    else:
        state[subject_id] = number
