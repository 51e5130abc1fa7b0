"""Whatever happens in whatever order, a task ends once, and nothing of a lost attempt is its result."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from arkitekt_di.errors import LeaseLostError
from arkitekt_di.messages.tasks import TERMINAL_KINDS, EventKind
from arkitekt_di.server.tasks.ledger import Ledger
from arkitekt_di.server.tasks.memory import InMemoryTasks
from arkitekt_di.server.tasks.promise import TaskStore
from arkitekt_di.server.tasks.records import Batch, Event, Instruct, Lease, Report
from arkitekt_di.testing.tasks import ADA, draft
from tests.server.tasks.stored import add_agent, sqlite_url

KINDS = [EventKind.STARTED, EventKind.PROGRESS, EventKind.YIELD, EventKind.COMPLETED, EventKind.FAILED, None]


class Ledgers(RuleBasedStateMachine):
    """Two processes of one agent, a hub that loses and requeues, and a caller who asks again and again."""

    tasks = Bundle("tasks")
    leases = Bundle("leases")

    def make_store(self) -> TaskStore:
        """Return a ledger that was not started."""
        return InMemoryTasks(self.seen.extend)

    def add_agent(self) -> None:
        """Make the agent known."""

    @initialize(target=leases)
    def begin(self) -> Any:
        self.loop = asyncio.new_event_loop()
        self.seen: list[Event] = []
        self.bodies: dict[str, list[int]] = {}
        self.store = self.make_store()
        self.run(self.store.start())
        self.add_agent()
        return multiple()

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.run(self.store.stop())
            self.loop.close()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @rule(target=tasks, reference=st.sampled_from("abcd"))
    def create(self, reference: str) -> str:
        return str(self.run(self.store.create_if_absent(draft(reference))).task.id)

    @rule(target=leases, session=st.sampled_from(["one", "two"]))
    def connect(self, session: str) -> Lease:
        lease: Lease = self.run(self.store.take_lease("agent", session))
        self.run(self.store.reclaim(lease))
        return lease

    @rule(lease=leases, limit=st.integers(1, 3))
    def claim(self, lease: Lease, limit: int) -> None:
        for task in self.run(self.store.claim(lease, limit)):
            self.bodies.setdefault(task.id, []).append(task.attempt)

    @rule(lease=leases, task=tasks, kinds=st.lists(st.sampled_from(KINDS), max_size=3), attempt=st.integers(1, 3))
    def report(self, lease: Lease, task: str, kinds: list[EventKind | None], attempt: int) -> None:
        before = self.run(self.store.get(task))
        reports = tuple(Report(task, lease.session_id, kind, {}, attempt) for kind in kinds)
        try:
            events = self.run(self.store.append_events(lease, Batch(reports)))
        except LeaseLostError:
            return
        speaks = (before.session_id, before.attempt) == (lease.session_id, attempt)
        assert speaks or all(event.kind is EventKind.LATE_REPORT for event in events)

    @rule(task=tasks, offset=st.integers(-1, 0), may_rerun=st.booleans())
    def lose(self, task: str, offset: int, may_rerun: bool) -> None:
        found = self.run(self.store.get(task))
        if may_rerun and found.session_id is not None:
            self.run(self.store.requeue_if(task, found.attempt + offset, found.epoch, {}))
        else:
            self.run(self.store.finish_if(task, found.attempt + offset, found.epoch, EventKind.LOST, {}))

    @rule(task=tasks)
    def cancel(self, task: str) -> None:
        self.run(self.store.note(task, EventKind.CANCELLING, {}, Instruct.CANCEL))

    @rule(lease=consumes(leases))
    def disconnect(self, lease: Lease) -> None:
        self.run(self.store.end_lease(lease))

    @invariant()
    def every_task_ends_at_most_once(self) -> None:
        for task_id in {event.task_id for event in getattr(self, "seen", [])}:
            events = self.run(self.store.events(task_id))
            task = self.run(self.store.get(task_id))
            ends = [event for event in events if event.kind in TERMINAL_KINDS]
            assert len(ends) == (task.ended_at is not None)
            if ends:
                assert {event.kind for event in events[events.index(ends[0]) + 1 :]} <= {EventKind.LATE_REPORT}
                assert ends[0].kind is task.kind

    @invariant()
    def a_body_that_starts_again_was_announced(self) -> None:
        for task_id, attempts in getattr(self, "bodies", {}).items():
            events = self.run(self.store.events(task_id))
            announced = [event for event in events if event.kind is EventKind.REDELIVERED]
            assert attempts == sorted(set(attempts))
            assert len(announced) >= len(attempts) - 1

    @invariant()
    def nothing_is_told_that_is_not_recorded(self) -> None:
        if seen := getattr(self, "seen", []):
            recorded = self.run(self.store.events_after(0, ADA, 10_000))
            assert [event.seq for event in recorded] == [event.seq for event in seen]


class LedgersOnDisk(Ledgers):
    """The same, in a database."""

    empty: Path

    def make_store(self) -> TaskStore:
        self.folder = Path(tempfile.mkdtemp())
        shutil.copytree(self.empty, self.folder, dirs_exist_ok=True)
        return Ledger(sqlite_url(self.folder), "process", self.seen.extend)

    def add_agent(self) -> None:
        add_agent(sqlite_url(self.folder), "agent")

    def teardown(self) -> None:
        super().teardown()
        shutil.rmtree(self.folder, ignore_errors=True)


def test_in_memory() -> None:
    run_state_machine_as_test(Ledgers, settings=settings(max_examples=30, stateful_step_count=25, deadline=None))


def test_on_disk(migrated: Path) -> None:
    LedgersOnDisk.empty = migrated
    few = settings(max_examples=6, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    run_state_machine_as_test(LedgersOnDisk, settings=few)
