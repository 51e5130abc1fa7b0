"""The agent over lost connections: nothing lost, nothing twice, and whoever waits is told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from arkitekt_di import App
from arkitekt_di.errors import AgentLostError, AgentRefusedError, OfferRefusedError, StorageFullError
from arkitekt_di.messages.reports import Completed, Progress, Started, StatePatch, Yield
from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.rekuest import Registry, Task, context, current_task, state
from arkitekt_di.rekuest.agent.admission import Admission
from arkitekt_di.rekuest.agent.agent import Agent
from arkitekt_di.rekuest.agent.journal import Entry, FileJournal, InMemoryJournal
from arkitekt_di.rekuest.agent.reporter import MERGE_ABOVE, Reporter
from arkitekt_di.rekuest.in_memory import InMemoryTaskHub
from arkitekt_di.rekuest.offer import Offer, make_offer
from arkitekt_di.testing.rekuest import Bench
from tests.apps import offline_app
from tests.rekuest.conftest import Ada

pytestmark = pytest.mark.anyio


async def test_a_lost_connection_loses_no_report(app: App, task_hub: InMemoryTaskHub, bench: Bench):
    task = await app.rekuest.asubmit("wait")
    await bench.begun.wait()
    task_hub.accepts = False
    (socket,) = task_hub.sockets()
    socket.end(1006)
    agent: Agent = app.rekuest.agent
    await agent.lost.wait()

    task_hub.accepts = True
    await agent.ready.wait()
    await task.cancel.aio()

    await task._ended.wait()
    assert task.state == EventKind.CANCELLED
    assert [type(frame) for frame in task_hub.frames if isinstance(frame, Started)] == [Started]


async def test_a_task_that_is_delivered_twice_runs_once(app: App, task_hub: InMemoryTaskHub, bench: Bench):
    task = await app.rekuest.asubmit("double", 2)
    await task.aresult()

    task_hub.redeliver(task.id)
    assert await app.rekuest.acall("double", 3) == 6

    assert bench.runs == 2


async def test_the_caller_hears_that_an_agent_was_lost(app: App, task_hub: InMemoryTaskHub):
    task = await app.rekuest.asubmit("wait")
    heard = asyncio.Event()
    task.on_event.append(lambda event: heard.set() if event.kind == EventKind.STARTED else None)
    if not task.has_started:
        await heard.wait()

    task_hub.forget_process(str(app.rekuest.agent.id))

    with pytest.raises(AgentLostError) as caught:
        await task.aresult()
    assert caught.value.started


async def test_a_caller_whose_feed_was_away_catches_up(app: App, task_hub: InMemoryTaskHub):
    task = await app.rekuest.asubmit("count", n=50)

    task_hub.reconnect_watchers()

    assert [value async for value in task.aiterate()] == list(range(50))


async def test_a_refused_agent_says_why(closed_app: App, task_hub: InMemoryTaskHub, bench: Bench):
    async with closed_app as app:
        app.rekuest.register(bench.double)
        async with app.rekuest.serving():
            ada = Ada("herre")
            second = offline_app("second", fakts=ada, herre=ada, **{"rekuest.door": task_hub, "rekuest.desk": task_hub})
            async with second:
                second.rekuest.register(bench.double)
                with pytest.raises(AgentRefusedError, match="another process of this app is connected"):
                    await second.rekuest.arun()


# --- the journal and the reporter ---------------------------------------------------------------------


class Line:
    """A socket that keeps what is sent, and breaks when it is told to."""

    url = "memory://line"

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.quiet = asyncio.Event()

    async def send(self, text: str) -> None:
        self.sent.append(text)

    async def receive(self) -> str:
        raise NotImplementedError

    async def close(self) -> None: ...


@pytest.fixture(params=["file", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> FileJournal | InMemoryJournal:
    return FileJournal(lambda: tmp_path / "journal.db") if request.param == "file" else InMemoryJournal()


def test_a_journal_keeps_what_is_not_acknowledged_in_order(journal: FileJournal | InMemoryJournal):
    journal.open()
    journal.append([Entry("old", 1, "a"), Entry("old", 2, "b")])
    journal.append([Entry("new", 1, "c"), Entry("new", 2, "d")])
    journal.acknowledge("old", 1)
    journal.acknowledge("new", 0)

    assert [entry.text for entry in journal.unacknowledged()] == ["b", "c", "d"]
    journal.close()


def test_a_journal_survives_its_process(tmp_path: Path):
    first = FileJournal(lambda: tmp_path / "deep" / "journal.db")
    first.open()
    first.append([Entry("s", 1, "a")])  # and no close: the process was killed

    second = FileJournal(lambda: tmp_path / "deep" / "journal.db")
    second.open()

    assert list(second.unacknowledged()) == [Entry("s", 1, "a")]
    assert (tmp_path / "deep" / "journal.db").stat().st_mode & 0o077 == 0
    first.close()
    second.close()


def numbers(sent: list[str]) -> list[int]:
    return [int(text.partition('"pos":')[2].partition(",")[0]) for text in sent]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_positions_have_no_gaps_and_what_is_unconfirmed_is_sent_again():
    reporter = Reporter(InMemoryJournal(), "s")
    for _ in range(3):
        reporter.report(Yield(task="t", returns={}))
    line = Line()
    sending = asyncio.create_task(reporter.send_through(line))
    await settle()
    reporter.acknowledge("s", 2)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    reporter.report(Completed(task="t"))

    again = Line()
    sending = asyncio.create_task(reporter.send_through(again))
    await settle()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)

    assert (numbers(line.sent), numbers(again.sent)) == ([1, 2, 3], [3, 4])


async def test_progress_is_merged_where_the_hub_does_not_keep_up():
    reporter = Reporter(InMemoryJournal(), "s")
    for step in range(MERGE_ABOVE + 1):
        reporter.report(Yield(task="t", returns={"return0": step}))
    for percent in range(100):
        reporter.report(Progress(task="t", progress=percent))

    reporter.report(Completed(task="t"))

    assert reporter.unacknowledged == MERGE_ABOVE + 3, "the yields, the last progress and the end"


async def test_a_full_disk_keeps_reports_in_memory_and_says_so(caplog: pytest.LogCaptureFixture):
    class Full(InMemoryJournal):
        def append(self, entries: object) -> None:
            raise StorageFullError("the journal")

    reporter = Reporter(Full(), "s")
    reporter.report(Yield(task="t", returns={}))
    await settle()

    assert reporter.is_broken
    assert "no new tasks are taken" in caplog.text
    line = Line()
    sending = asyncio.create_task(reporter.send_through(line))
    await settle()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert numbers(line.sent) == [1]


# --- whose turn it is ---------------------------------------------------------------------------------


async def quiet() -> None: ...


def offer_of(name: str, **options: object) -> Offer:
    return make_offer(quiet, {"interface": name, **options})  # type: ignore[typeddict-item]


async def test_turns_go_by_priority_limits_and_locks():
    admission = Admission(most=3)
    order: list[str] = []
    gate = asyncio.Event()

    async def body(offer: Offer) -> None:
        async with admission.turn(offer):
            order.append(offer.interface)
            await gate.wait()

    offers = [
        offer_of("stage", locks=["stage"]),
        offer_of("also stage", locks=["camera", "stage"]),
        offer_of("camera", locks=["camera"]),
        offer_of("single", limit=1),
        offer_of("late"),
        offer_of("urgent", priority=5),
    ]
    bodies = [asyncio.create_task(body(offer)) for offer in offers]
    await settle()
    assert order == ["stage", "camera", "single"], "the one that needs both locks waits, and holds none meanwhile"

    gate.set()
    await asyncio.gather(*bodies)

    assert order[3] == "urgent"
    assert admission.running == 0


# --- hooks, contexts, states --------------------------------------------------------------------------


@context
@dataclass
class Loaded:
    factor: int


@state
@dataclass
class Stage:
    x: float = 0.0
    note: str | None = None


@pytest.fixture
async def hooked(closed_app: App, anyio_backend: str) -> AsyncIterator[tuple[App, list[str]]]:
    told: list[str] = []
    running = asyncio.Event()

    def begin() -> tuple[Loaded, Stage]:
        told.append("begin")
        return Loaded(3), Stage()

    async def beside(stage: Stage) -> None:
        told.append(f"beside {stage.x}")
        running.set()
        await asyncio.Event().wait()

    async def end() -> None:
        told.append("end")

    async def move(to: float, stage: Stage, loaded: Loaded, task: Task, app: App) -> str:
        assert current_task() is task
        stage.x = to * loaded.factor
        return app.identifier

    async with closed_app as app:
        registry: Registry = app.rekuest.registry
        registry.startups["begin"] = begin
        registry.backgrounds["beside"] = beside
        registry.shutdowns["end"] = end
        app.rekuest.register(move)
        async with app.rekuest.serving():
            await running.wait()
            yield app, told


async def test_hooks_share_what_functions_take_and_states_are_published(hooked, task_hub: InMemoryTaskHub):
    app, told = hooked

    assert await app.rekuest.acall("move", 1.5) == "tasks"

    patch = next(frame for frame in task_hub.frames if isinstance(frame, StatePatch))
    assert (patch.state_name, patch.op, patch.path, patch.value, patch.old_value) == (
        "stage",
        "replace",
        "/x",
        4.5,
        0.0,
    )
    assert told == ["begin", "beside 0.0"]


async def test_what_nobody_shares_is_told_to_the_caller(app: App):
    async def needs(loaded: Loaded) -> None: ...

    app.rekuest.register(needs)

    with pytest.raises(OfferRefusedError, match="there is no Loaded to give"):
        await app.rekuest.acall_local(needs)


def test_a_state_is_a_dataclass_of_values():
    with pytest.raises(OfferRefusedError, match="a state is a dataclass"):

        @state
        class Loose:
            pass
