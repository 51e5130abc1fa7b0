"""A ledger in memory: the promise `TaskStore` in its shortest form, for tests and for hubs that keep nothing."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from arkitekt_di.errors import LeaseLostError
from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.server.identifiers import new_identifier
from arkitekt_di.server.tasks import rules
from arkitekt_di.server.tasks.promise import Wanted
from arkitekt_di.server.tasks.records import (
    Batch,
    Belonging,
    Created,
    Event,
    Instruct,
    Lease,
    Organization,
    Place,
    Task,
    TaskDraft,
    Whose,
)


class InMemoryTasks:
    """Keeps tasks and events in dictionaries.

    Parameters
    ----------
    publish : callable, optional
        Told of every event that is recorded.
    clock : callable, default time.time
        Returns seconds since 1970, UTC.
    """

    def __init__(
        self, publish: Callable[[Sequence[Event]], None] | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._publish = publish
        self._clock = clock
        self._tasks: dict[str, Task] = {}
        self._names: dict[tuple[object, ...], str] = {}
        self._events: list[Event] = []
        self._seq = 0
        self._epochs: defaultdict[str, int] = defaultdict(int)
        self._connected: set[str] = set()
        self._positions: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._belongings: defaultdict[str, dict[tuple[str, str], Belonging]] = defaultdict(dict)

    async def start(self) -> None:
        """There is nothing to open."""

    async def stop(self) -> None:
        """There is nothing to close."""

    async def take_lease(self, agent_id: str, session_id: str) -> Lease:
        """Give a new lease for an agent."""
        self._epochs[agent_id] += 1
        self._connected.add(agent_id)
        return Lease(agent_id, session_id, self._epochs[agent_id])

    async def end_lease(self, lease: Lease) -> bool:
        """Note that a connection has ended."""
        was_good = self._is_good(lease)
        if was_good:
            self._connected.discard(lease.agent_id)
        return was_good

    async def create_if_absent(self, draft: TaskDraft, lease: Lease | None = None) -> Created:
        """Record a task unless its caller or its parent has named it before."""
        names = names_of(draft)
        known = next((self._names[name] for name in names if name in self._names), None)
        if known is not None:
            return Created(self._tasks[known], is_new=False)
        now = self._clock()
        kind = EventKind.HELD if draft.is_held else EventKind.QUEUED
        task = Task(new_identifier(), draft, created_at=now, updated_at=now, kind=kind)
        if lease is not None and self._is_good(lease) and task.is_waiting:
            task = rules.claimed(task, lease, now)
        self._names |= dict.fromkeys(names, task.id)
        event = Event(task.id, kind, 0, {"reference": draft.reference}, now, draft.caller)
        self._record(task, event)
        return Created(task, is_new=True, events=(event,))

    async def claim(self, lease: Lease, limit: int, *, only_children: bool = False) -> tuple[Task, ...]:
        """Give the holder of a lease tasks that wait for its agent."""
        if not self._is_good(lease):
            return ()
        waiting = [task for task in self._tasks.values() if task.is_waiting and task.draft.agent_id == lease.agent_id]
        if only_children:
            waiting = [task for task in waiting if task.draft.parent_id is not None]
        taken = [rules.claimed(task, lease, self._clock()) for task in waiting[:limit]]
        self._tasks |= {task.id: task for task in taken}
        return tuple(taken)

    async def reclaim(self, lease: Lease) -> tuple[Task, ...]:
        """Return all open tasks that the agent has."""
        held = [task for task in self._open() if task.session_id and task.draft.agent_id == lease.agent_id]
        if not self._is_good(lease):
            return ()
        own = {task.id: task._replace(epoch=lease.epoch) for task in held if task.session_id == lease.session_id}
        self._tasks |= own
        return tuple(own.get(task.id, task) for task in held)

    async def append_events(self, lease: Lease, batch: Batch) -> tuple[Event, ...]:
        """Record what an agent sent."""
        if not self._is_good(lease):
            raise LeaseLostError(lease.agent_id, lease.epoch)
        events = []
        for report in batch.reports:
            task = self._tasks.get(report.task_id)
            if task is not None and task.draft.agent_id == lease.agent_id:
                changed, event = rules.reported(task, report, self._clock())
                events.append(self._record(changed, event))
        for belonging in batch.belongings:
            self._belongings[lease.agent_id].pop((belonging.kind, belonging.key), None)
            if belonging.values is not None:
                self._belongings[lease.agent_id][belonging.kind, belonging.key] = belonging
        self._positions[lease.agent_id] |= batch.positions
        return tuple(event for event in events if event is not None)

    async def note(self, task_id: str, kind: EventKind, payload: dict[str, Any], instruct: Instruct) -> Event | None:
        """Record what was asked of an open task."""
        return self._apply(task_id, lambda task: rules.noted(task, kind, payload, instruct, self._clock()))

    async def release(self, task_id: str, payload: dict[str, Any]) -> Event | None:
        """Let a held task be taken."""
        return self._apply(task_id, lambda task: rules.released(task, payload, self._clock()))

    async def finish_if(
        self, task_id: str, attempt: int, epoch: int | None, kind: EventKind, payload: dict[str, Any]
    ) -> Event | None:
        """End a task where this is its attempt still."""
        return self._apply(task_id, lambda task: rules.finished(task, attempt, epoch, kind, payload, self._clock()))

    async def requeue_if(
        self, task_id: str, attempt: int, epoch: int | None, payload: dict[str, Any], place: Place | None = None
    ) -> Event | None:
        """Let a task wait for an agent again."""
        return self._apply(task_id, lambda task: rules.requeued(task, attempt, epoch, payload, place, self._clock()))

    async def held(self, agent_id: str, session_id: str) -> tuple[Task, ...]:
        """Return the open tasks that a process of an agent has."""
        holder = (agent_id, session_id)
        return tuple(task for task in self._open() if (task.draft.agent_id, task.session_id) == holder)

    async def get(self, task_id: str) -> Task | None:
        """Return a task."""
        return self._tasks.get(task_id)

    async def descendants(self, task_id: str) -> tuple[Task, ...]:
        """Return the open tasks that a task has led to."""
        found, parents = [], {task_id}
        for task in self._tasks.values():  # parents come before their children
            if task.draft.parent_id in parents:
                parents.add(task.id)
                found.append(task)
        return tuple(task for task in found if task.ended_at is None)

    async def find(self, wanted: Wanted, limit: int, offset: int) -> tuple[Task, ...]:
        """Return one page of tasks, the newest first."""
        found = [task for task in self._tasks.values() if _is_wanted(task, wanted)]
        return tuple(found[::-1][offset : offset + limit])

    async def events(self, task_id: str) -> tuple[Event, ...]:
        """Return what happened to a task."""
        return tuple(event for event in self._events if event.task_id == task_id)

    async def events_after(self, seq: int, whose: Whose, limit: int) -> tuple[Event, ...]:
        """Return events of the tasks of a caller, or of an organization."""
        found = (
            event
            for event in self._events
            if event.seq > seq and whose in (event.caller, event.caller.app, Organization(event.caller.organization_id))
        )
        return tuple(event for event, _ in zip(found, range(limit), strict=False))

    async def last_seq(self) -> int:
        """Return the number of the latest event."""
        return self._seq

    async def positions(self, agent_id: str) -> dict[str, int]:
        """Return how far the journal of each session of an agent is recorded."""
        return dict(self._positions[agent_id])

    async def belongings(self, agent_id: str) -> tuple[Belonging, ...]:
        """Return the states, locks and values in memory of an agent."""
        return tuple(self._belongings[agent_id].values())

    async def holders(self) -> tuple[tuple[str, str], ...]:
        """Return agent and session of everyone who has an open task."""
        return tuple({(task.draft.agent_id, task.session_id) for task in self._open() if task.session_id})

    async def waiting(self, agent_id: str) -> tuple[Task, ...]:
        """Return the open tasks that wait for an agent."""
        return tuple(task for task in self._open() if task.is_waiting and task.draft.agent_id == agent_id)

    async def awaited(self) -> tuple[str, ...]:
        """Return every agent that an open task waits for."""
        return tuple({task.draft.agent_id for task in self._open() if task.is_waiting})

    async def sweep(self, ended_before: float, limit: int) -> int:
        """Remove tasks that ended before a time."""
        old = [task for task in self._tasks.values() if task.ended_at is not None and task.ended_at < ended_before]
        gone = {task.id for task in old[:limit]}
        self._tasks = {task_id: task for task_id, task in self._tasks.items() if task_id not in gone}
        self._names = {name: task_id for name, task_id in self._names.items() if task_id not in gone}
        self._events = [event for event in self._events if event.task_id not in gone]
        return len(gone)

    def _open(self) -> list[Task]:
        return [task for task in self._tasks.values() if task.ended_at is None]

    def _is_good(self, lease: Lease) -> bool:
        return lease.agent_id in self._connected and self._epochs[lease.agent_id] == lease.epoch

    def _apply(self, task_id: str, rule: Callable[[Task], rules.Step]) -> Event | None:
        task = self._tasks.get(task_id)
        return None if task is None else self._record(*rule(task))

    def _record(self, task: Task, event: Event | None) -> Event | None:
        self._tasks[task.id] = task
        if event is not None:
            self._seq += 1
            event.seq = self._seq
            self._events.append(event)
            if self._publish is not None:
                self._publish((event,))
        return event


def _is_wanted(task: Task, wanted: Wanted) -> bool:
    conditions = (
        task.draft.caller.organization_id == wanted.organization_id,
        all(getattr(task.draft, name) == value for name, value in wanted.same.items()),
        wanted.ids is None or task.id in wanted.ids,
        wanted.kinds is None or task.kind in wanted.kinds,
        wanted.is_done is None or (task.ended_at is not None) == wanted.is_done,
        wanted.is_root is None or (task.draft.parent_id is None) == wanted.is_root,
        wanted.after is None or task.created_at > wanted.after,
        wanted.before is None or task.created_at < wanted.before,
    )
    return all(conditions)


def names_of(draft: TaskDraft) -> list[tuple[object, ...]]:
    """Return the names under which a task is known, the strongest first."""
    names: list[tuple[object, ...]] = []
    if draft.parent_id is not None and draft.call_key is not None:
        names.append(("call_key", draft.parent_id, draft.call_key))
    if draft.parent_id is not None and draft.parent_step is not None:
        names.append(("parent_step", draft.parent_id, draft.parent_step))
    caller = draft.caller
    return [*names, ("reference", caller.organization_id, caller.client_id, caller.user_id, draft.reference)]
