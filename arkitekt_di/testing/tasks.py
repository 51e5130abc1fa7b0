"""What every ledger of tasks has to hold, as tests."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arkitekt_di.errors import LeaseLostError
from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.server.tasks.promise import TaskStore, Wanted
from arkitekt_di.server.tasks.records import (
    Batch,
    Belonging,
    Caller,
    Event,
    Instruct,
    Lease,
    Place,
    Report,
    Task,
    TaskDraft,
)

ADA = Caller("lab", "script", "ada")
BEN = Caller("lab", "script", "ben")


def draft(reference: str, agent_id: str = "agent", caller: Caller = ADA) -> TaskDraft:
    """Return a call of a function of an agent."""
    return TaskDraft(
        caller=caller,
        reference=reference,
        action_id="action",
        implementation_id="implementation",
        agent_id=agent_id,
        interface="segment",
        args='{"threshold": 0.5}',
        args_hash="0" * 64,
        code_hash="code",
        options={"policy": "AUTO"},
    )


async def say(
    store: TaskStore, lease: Lease, task: Task, *kinds: EventKind | None, session_id: str | None = None
) -> list[EventKind]:
    """Report on a task, all in one batch; return the kinds that came of it."""
    session = session_id or lease.session_id
    reports = tuple(Report(task.id, session, kind, {"progress": 40} if kind else {}) for kind in kinds)
    return [event.kind for event in await store.append_events(lease, Batch(reports))]


@pytest.mark.anyio
class TaskStoreContract:
    """Tests of the promise `TaskStore`; a subclass says how its ledger is made, and makes the agents known to it."""

    def make_store(self, folder: Path) -> TaskStore:
        """Return a ledger that may use *folder* and was not started."""
        raise NotImplementedError

    async def add_agent(self, store: TaskStore, agent_id: str) -> None:
        """Make an agent known to an open ledger."""
        raise NotImplementedError

    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[TaskStore]:
        """Open a ledger that knows two agents, and close it."""
        store = self.make_store(tmp_path)
        await store.start()
        for agent_id in ("agent", "other"):
            await self.add_agent(store, agent_id)
        yield store
        await store.stop()

    @pytest.fixture
    async def lease(self, store: TaskStore) -> Lease:
        """Return a good lease of the first agent."""
        return await store.take_lease("agent", "session")

    async def test_a_task_is_what_was_asked_for(self, store: TaskStore) -> None:
        """Nothing of the call is lost, nor added."""
        asked = draft("r")
        created = await store.create_if_absent(asked)

        found = await store.get(created.task.id)

        assert created.is_new
        assert found is not None
        assert found == created.task
        assert found.draft == asked
        assert found.is_waiting
        assert [event.kind for event in created.events] == [EventKind.QUEUED]

    async def test_the_same_reference_of_the_same_caller_is_the_same_task(self, store: TaskStore) -> None:
        """Callers may ask again after they lost the answer."""
        first = await store.create_if_absent(draft("r"))
        again = await store.create_if_absent(draft("r"))
        of_ben = await store.create_if_absent(draft("r", caller=BEN))

        assert (again.task.id, again.is_new, again.events) == (first.task.id, False, ())
        assert of_ben.is_new

    @pytest.mark.parametrize("name", [{"call_key": "segment:1"}, {"parent_step": 7}], ids=["key", "step"])
    async def test_a_parent_names_its_children_itself(self, store: TaskStore, name: dict[str, str]) -> None:
        """A resumed workflow finds the children that it had, whatever reference it makes up."""
        mother = (await store.create_if_absent(draft("mother"))).task
        other = (await store.create_if_absent(draft("other"))).task
        child = replace(draft("child"), parent_id=mother.id, root_id=mother.id, **name)  # type: ignore[arg-type]

        first = await store.create_if_absent(child)
        again = await store.create_if_absent(replace(child, reference="made up"))
        elsewhere = await store.create_if_absent(replace(child, reference="elsewhere", parent_id=other.id))

        assert (again.task.id, again.is_new) == (first.task.id, False)
        assert elsewhere.is_new

    async def test_one_of_many_who_ask_at_once_creates_the_task(self, store: TaskStore) -> None:
        """Asking is safe in a race."""
        answers = await asyncio.gather(*(store.create_if_absent(draft("r")) for _ in range(20)))

        assert len({answer.task.id for answer in answers}) == 1
        assert [answer.is_new for answer in answers].count(True) == 1

    async def test_tasks_are_claimed_once_and_in_order(self, store: TaskStore, lease: Lease) -> None:
        """Each task has one holder, and the oldest goes first."""
        tasks = [(await store.create_if_absent(draft(str(number)))).task for number in range(5)]
        await store.create_if_absent(draft("of another", agent_id="other"))

        first = await store.claim(lease, 2)
        rest = await store.claim(lease, 10)

        assert [task.id for task in first + rest] == [task.id for task in tasks]
        assert {(task.attempt, task.epoch, task.session_id) for task in first} == {(1, lease.epoch, "session")}
        assert await store.claim(lease, 10) == ()

    async def test_a_task_may_be_claimed_as_it_is_created(self, store: TaskStore, lease: Lease) -> None:
        """One transaction less on the way of a call."""
        created = await store.create_if_absent(draft("r"), lease)

        assert (created.task.attempt, created.task.epoch) == (1, lease.epoch)
        assert await store.claim(lease, 10) == ()

    async def test_an_old_lease_is_worth_nothing(self, store: TaskStore, lease: Lease) -> None:
        """Whoever was replaced can neither take nor report nor end anything."""
        task = (await store.create_if_absent(draft("r"), lease)).task
        newer = await store.take_lease("agent", "newer")

        with pytest.raises(LeaseLostError):
            await say(store, lease, task, EventKind.COMPLETED)
        waiting = await store.create_if_absent(draft("waits"), lease)

        assert newer.epoch > lease.epoch
        assert waiting.task.is_waiting
        assert await store.claim(lease, 10) == ()
        assert await store.reclaim(lease) == ()
        assert not await store.end_lease(lease)
        assert await store.end_lease(newer)
        assert [event.kind for event in await store.events(task.id)] == [EventKind.QUEUED]

    async def test_reports_are_recorded_in_order(self, store: TaskStore, lease: Lease) -> None:
        """What happened is what the agent said."""
        task = (await store.create_if_absent(draft("r"), lease)).task
        told = [EventKind.STARTED, EventKind.PROGRESS, EventKind.YIELD, EventKind.COMPLETED]

        assert await say(store, lease, task, *told) == told
        events, after = await store.events(task.id), await store.get(task.id)

        assert [event.kind for event in events] == [EventKind.QUEUED, *told]
        assert [event.seq for event in events] == sorted({event.seq for event in events})
        assert after is not None
        assert (after.kind, after.is_started, after.last_progress) == (EventKind.COMPLETED, True, 40)
        assert after.ended_at is not None

    async def test_passing_events_do_not_change_what_a_task_is(self, store: TaskStore, lease: Lease) -> None:
        """A log line does not make a running task a logging one."""
        task = (await store.create_if_absent(draft("r"), lease)).task
        await say(store, lease, task, EventKind.STARTED, EventKind.LOG, EventKind.PROGRESS, EventKind.YIELD)

        after = await store.get(task.id)

        assert after is not None
        assert after.kind is EventKind.STARTED

    async def test_a_task_that_was_taken_says_so(self, store: TaskStore, lease: Lease) -> None:
        """An agent that has a task has not begun it yet."""
        task = (await store.create_if_absent(draft("r"), lease)).task

        assert await say(store, lease, task, None) == []
        after = await store.get(task.id)

        assert after is not None
        assert (after.is_picked_up, after.is_started) == (True, False)

    async def test_a_task_ends_once(self, store: TaskStore, lease: Lease) -> None:
        """Whatever is said afterwards is kept, but changes nothing; the same end said again is not news."""
        task = (await store.create_if_absent(draft("r"), lease)).task
        await say(store, lease, task, EventKind.COMPLETED)

        assert await say(store, lease, task, EventKind.COMPLETED) == []
        assert await say(store, lease, task, EventKind.FAILED) == [EventKind.LATE_REPORT]
        assert await say(store, lease, task, EventKind.YIELD, EventKind.LOG) == [EventKind.LATE_REPORT]
        assert await store.finish_if(task.id, task.attempt, task.epoch, EventKind.LOST, {}) is None
        after = await store.get(task.id)

        assert after is not None
        assert after.kind is EventKind.COMPLETED

    async def test_only_the_attempt_that_has_a_task_ends_it(self, store: TaskStore, lease: Lease) -> None:
        """Number and epoch both have to fit."""
        task = (await store.create_if_absent(draft("r"), lease)).task

        assert await store.finish_if(task.id, 2, lease.epoch, EventKind.LOST, {}) is None
        assert await store.finish_if(task.id, 1, lease.epoch + 1, EventKind.LOST, {}) is None
        assert await store.finish_if(task.id, 1, None, EventKind.LOST, {}) is None
        ended = await store.finish_if(task.id, 1, lease.epoch, EventKind.LOST, {"started": False})

        assert ended is not None
        assert (ended.kind, ended.payload) == (EventKind.LOST, {"started": False})

    async def test_what_a_lost_attempt_says_is_late(self, store: TaskStore, lease: Lease) -> None:
        """The result of an attempt that was given up is kept beside the task, never as its result."""
        task = (await store.create_if_absent(draft("r"), lease)).task
        assert await store.requeue_if(task.id, 1, lease.epoch, {"attempt": 2}) is not None
        newer = await store.take_lease("agent", "newer")
        (again,) = await store.claim(newer, 10)

        late = await say(store, newer, task, EventKind.YIELD, EventKind.COMPLETED, session_id="session")
        result = await say(store, newer, task, EventKind.COMPLETED)

        assert again.attempt == 2
        assert late == [EventKind.LATE_REPORT, EventKind.LATE_REPORT]
        assert result == [EventKind.COMPLETED]
        kinds = [event.kind for event in await store.events(task.id)]
        assert kinds.count(EventKind.REDELIVERED) == 1
        assert kinds.index(EventKind.REDELIVERED) < kinds.index(EventKind.LATE_REPORT)

    async def test_an_agent_that_counts_attempts_is_taken_at_its_word(self, store: TaskStore, lease: Lease) -> None:
        """The same process may be given a task twice; its first body does not speak for the second."""
        task = (await store.create_if_absent(draft("r"), lease)).task
        await store.requeue_if(task.id, 1, lease.epoch, {})
        await store.claim(lease, 10)

        first = Batch((Report(task.id, "session", EventKind.COMPLETED, attempt=1),))
        second = Batch((Report(task.id, "session", EventKind.COMPLETED, attempt=2),))

        assert [event.kind for event in await store.append_events(lease, first)] == [EventKind.LATE_REPORT]
        assert [event.kind for event in await store.append_events(lease, second)] == [EventKind.COMPLETED]

    async def test_a_task_may_move_to_another_agent(self, store: TaskStore, lease: Lease) -> None:
        """Where its own does not come back."""
        task = (await store.create_if_absent(draft("r"), lease)).task
        assert [held.id for held in await store.held("agent", "session")] == [task.id]
        await store.requeue_if(task.id, 1, lease.epoch, {}, Place("other", "its own", "cut"))
        other = await store.take_lease("other", "elsewhere")

        assert await store.claim(lease, 10) == ()
        (moved,) = await store.claim(other, 10)

        assert (moved.draft.implementation_id, moved.draft.interface) == ("its own", "cut")
        assert await store.held("agent", "session") == ()
        assert await say(store, lease, task, EventKind.COMPLETED) == []
        assert await say(store, other, task, EventKind.COMPLETED) == [EventKind.COMPLETED]

    async def test_what_waits_for_an_agent_is_known(self, store: TaskStore, lease: Lease) -> None:
        """So that another can have it where that agent is gone for good."""
        taken = (await store.create_if_absent(draft("taken"), lease)).task
        waiting = [(await store.create_if_absent(draft(str(number)))).task for number in range(2)]
        stopped = (await store.create_if_absent(draft("stopped"))).task
        await store.note(stopped.id, EventKind.CANCELLING, {}, Instruct.CANCEL)
        await store.create_if_absent(draft("of another", agent_id="other"))

        assert [task.id for task in await store.waiting("agent")] == [task.id for task in waiting]
        assert set(await store.awaited()) == {"agent", "other"}
        await store.requeue_if(waiting[0].id, 0, None, {}, Place("other", "its own", "cut"))

        assert [task.id for task in await store.waiting("agent")] == [waiting[1].id]
        assert taken.id not in {task.id for task in await store.waiting("agent")}

    async def test_a_process_that_comes_back_keeps_its_tasks(self, store: TaskStore, lease: Lease) -> None:
        """They go on under the new lease; those of another process of the agent are shown, but not touched."""
        task = (await store.create_if_absent(draft("r"), lease)).task
        between = await store.take_lease("agent", "between")
        other = (await store.create_if_absent(draft("s"), between)).task
        back = await store.take_lease("agent", "session")

        held = {held.id: (held.session_id, held.epoch) for held in await store.reclaim(back)}

        assert held == {task.id: ("session", back.epoch), other.id: ("between", between.epoch)}
        assert set(await store.holders()) == {("agent", "session"), ("agent", "between")}
        assert await say(store, back, task, EventKind.COMPLETED) == [EventKind.COMPLETED]
        assert await say(store, back, other, EventKind.COMPLETED, session_id="between") == [EventKind.COMPLETED]
        assert await store.holders() == ()

    async def test_nobody_reports_on_the_tasks_of_another_agent(self, store: TaskStore, lease: Lease) -> None:
        """Even whoever knows the identifier and the session."""
        task = (await store.create_if_absent(draft("r"), lease)).task
        other = await store.take_lease("other", "session")

        assert await say(store, other, task, EventKind.COMPLETED) == []
        after = await store.get(task.id)

        assert after is not None
        assert after.ended_at is None

    async def test_a_held_task_waits_for_a_person(self, store: TaskStore, lease: Lease) -> None:
        """No agent takes it before it is let go."""
        held = (await store.create_if_absent(replace(draft("r"), is_held=True), lease)).task
        assert held.kind is EventKind.HELD
        assert await store.claim(lease, 10) == ()

        assert await store.release(held.id, {"auto": False}) is not None
        assert await store.release(held.id, {}) is None

        assert [task.id for task in await store.claim(lease, 10)] == [held.id]

    async def test_what_is_asked_of_a_task_is_noted_until_it_has_ended(self, store: TaskStore, lease: Lease) -> None:
        """A person who cancels too late is told so."""
        task = (await store.create_if_absent(draft("r"), lease)).task

        noted = await store.note(task.id, EventKind.CANCELLING, {}, Instruct.CANCEL)
        asked = await store.get(task.id)
        await say(store, lease, task, EventKind.CANCELLED)

        assert noted is not None
        assert asked is not None
        assert (asked.kind, asked.instruct) == (EventKind.CANCELLING, Instruct.CANCEL)
        assert await store.note(task.id, EventKind.PAUSING, {}, Instruct.PAUSE) is None
        assert await store.note("no such task", EventKind.PAUSING, {}, Instruct.PAUSE) is None

    async def test_a_caller_reads_on_from_where_it_was(self, store: TaskStore, lease: Lease) -> None:
        """Everything once, in order, and nothing of others; what the agent of its app calls is its own."""
        start = await store.last_seq()
        task = (await store.create_if_absent(draft("r"), lease)).task
        await store.create_if_absent(draft("of ben", caller=BEN))
        agent = replace(ADA, agent_id="agent")
        await store.create_if_absent(draft("of an agent", caller=agent))
        await store.create_if_absent(draft("of another agent", caller=replace(BEN, agent_id="agent")))
        await say(store, lease, task, EventKind.STARTED, EventKind.YIELD, EventKind.COMPLETED)

        seen: list[Event] = []
        while page := await store.events_after(seen[-1].seq if seen else start, ADA, limit=2):
            assert len(page) <= 2
            seen += page

        own = [event for event in seen if event.caller == ADA]
        assert [event.kind for event in own] == [
            EventKind.QUEUED,
            EventKind.STARTED,
            EventKind.YIELD,
            EventKind.COMPLETED,
        ]
        assert [event.payload for event in own[1:]] == [{"progress": 40}] * 3
        assert [event.caller for event in seen if event not in own] == [agent]
        assert [event.caller for event in await store.events_after(start, agent, limit=9)] == [agent]
        assert await store.last_seq() >= seen[-1].seq

    async def test_positions_and_belongings_are_kept_with_the_batch(self, store: TaskStore, lease: Lease) -> None:
        """A batch is recorded as a whole."""
        state = Belonging("state", "stage", {"value": {"x": 1}, "revision": 3, "session_id": "session"})
        lock = Belonging("lock", "camera", {"task_id": "t"})
        drawer = Belonging("drawer", "d", {"identifier": "@x/y", "label": "a", "description": None, "task_id": None})
        await store.append_events(lease, Batch(belongings=(state, lock, drawer), positions={"session": 3}))
        await store.append_events(
            lease, Batch(belongings=(Belonging("lock", "camera", None),), positions={"session": 4, "older": 9})
        )

        assert set(map(repr, await store.belongings("agent"))) == {repr(state), repr(drawer)}
        assert await store.positions("agent") == {"session": 4, "older": 9}
        assert await store.positions("other") == {}

    async def test_a_tree_is_found_from_its_root(self, store: TaskStore, lease: Lease) -> None:
        """Whoever interrupts a task interrupts what it has led to."""
        root = (await store.create_if_absent(draft("root"), lease)).task
        child = (await store.create_if_absent(replace(draft("child"), parent_id=root.id, root_id=root.id))).task
        grandchild = replace(draft("grandchild"), parent_id=child.id, root_id=root.id)
        grandchild_id = (await store.create_if_absent(grandchild)).task.id
        done = (await store.create_if_absent(replace(draft("done"), parent_id=root.id, root_id=root.id), lease)).task
        await say(store, lease, done, EventKind.COMPLETED)

        assert {task.id for task in await store.descendants(root.id)} == {child.id, grandchild_id}
        assert await store.descendants(grandchild_id) == ()

    async def test_tasks_are_found_by_what_is_known_of_them(self, store: TaskStore, lease: Lease) -> None:
        """Those of other organizations never are."""
        first = (await store.create_if_absent(draft("first"), lease)).task
        second = (await store.create_if_absent(replace(draft("second"), parent_id=first.id, root_id=first.id))).task
        await store.create_if_absent(draft("strange", caller=replace(ADA, organization_id="rivals")))
        await say(store, lease, first, EventKind.COMPLETED)

        async def found(**wanted: Any) -> list[str]:
            return [task.draft.reference for task in await store.find(Wanted("lab", **wanted), 10, 0)]

        assert sorted(await found()) == ["first", "second"]
        assert await found(is_done=True) == ["first"]
        assert await found(kinds=[EventKind.QUEUED]) == ["second"]
        assert await found(ids=[second.id, "none"]) == ["second"]
        assert await found(is_root=True) == ["first"]
        assert await found(same={"reference": "second", "agent_id": "agent"}) == ["second"]
        assert await found(after=1e12) == await found(before=1.0) == await found(ids=[]) == []
        assert len(await store.find(Wanted("lab"), 1, 1)) == 1

    async def test_old_tasks_go_with_their_events(self, store: TaskStore, lease: Lease) -> None:
        """Open ones stay, however old."""
        ended = (await store.create_if_absent(draft("r"), lease)).task
        waiting = (await store.create_if_absent(draft("waits"))).task
        await say(store, lease, ended, EventKind.COMPLETED)

        assert await store.sweep(0.0, 10) == 0
        assert await store.sweep(1e12, 10) == 1

        assert await store.get(ended.id) is None
        assert await store.events(ended.id) == ()
        assert await store.get(waiting.id) is not None
        assert (await store.create_if_absent(draft("r"))).is_new
