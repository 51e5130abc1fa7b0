"""The promises of the task service: the ledger decides, a dispatch carries orders, a bus carries news."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from arkitekt_di.messages.frames import Frame
from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.server.tasks.records import Batch, Created, Event, Instruct, Lease, Place, Task, TaskDraft, Whose


@dataclass(frozen=True)
class Wanted:
    """Which tasks are looked for; what is None does not matter.

    Attributes
    ----------
    organization_id : str
    same : dict
        Columns that have to be this: ``reference``, ``action_id``, ``agent_id``, ...
    ids : sequence of str or None
    kinds : sequence of EventKind or None
    is_done, is_root : bool or None
    after, before : float or None
        When they were created.
    """

    organization_id: str
    same: dict[str, Any] = field(default_factory=dict)
    ids: Sequence[str] | None = None
    kinds: Sequence[EventKind] | None = None
    is_done: bool | None = None
    is_root: bool | None = None
    after: float | None = None
    before: float | None = None


class TaskStore(Protocol):
    """The ledger: whatever it has answered is recorded, and nothing else decides how a task ends.

    What is recorded is told to the bus at once, in the order of the ledger.

    A task ends once: in `finish_if`, or in `append_events` by the same rule.  The one attempt that may end
    it is named by its number and the epoch of the lease under which it was given; everybody else comes too late, and
    what they say is kept as a ``LATE_REPORT``.
    """

    async def start(self) -> None:
        """Open the ledger; no agent is connected."""
        ...

    async def stop(self) -> None:
        """Record what was handed over, and close the ledger."""
        ...

    async def take_lease(self, agent_id: str, session_id: str) -> Lease:
        """Give a new lease for an agent; every earlier one is worth nothing from now on."""
        ...

    async def end_lease(self, lease: Lease) -> bool:
        """Note that a connection has ended; return False where the lease was given to another meanwhile."""
        ...

    async def create_if_absent(self, draft: TaskDraft, lease: Lease | None = None) -> Created:
        """Record a task unless its caller or its parent has named it before.

        Parameters
        ----------
        draft : TaskDraft
        lease : Lease or None
            Gives the task to the holder at once, as `claim` does, where the lease is good.
        """
        ...

    async def claim(self, lease: Lease, limit: int, *, only_children: bool = False) -> tuple[Task, ...]:
        """Give the holder of a lease up to *limit* of the tasks that wait for its agent, the oldest first.

        With *only_children* it is given none but those that other tasks wait for.
        """
        ...

    async def reclaim(self, lease: Lease) -> tuple[Task, ...]:
        """Return all open tasks that the agent has; those of the lease's own session go on under its epoch."""
        ...

    async def append_events(self, lease: Lease, batch: Batch) -> tuple[Event, ...]:
        """Record what an agent sent, in one transaction, and return the events that came of it.

        Raises
        ------
        LeaseLostError
            Where the lease is worth nothing any more; nothing is recorded.
        """
        ...

    async def note(self, task_id: str, kind: EventKind, payload: dict[str, Any], instruct: Instruct) -> Event | None:
        """Record what was asked of an open task; None where it has ended."""
        ...

    async def release(self, task_id: str, payload: dict[str, Any]) -> Event | None:
        """Let a held task be taken; None where it is not held."""
        ...

    async def finish_if(
        self, task_id: str, attempt: int, epoch: int | None, kind: EventKind, payload: dict[str, Any]
    ) -> Event | None:
        """End a task where this is its attempt still, and return the event; None where it is not."""
        ...

    async def requeue_if(
        self, task_id: str, attempt: int, epoch: int | None, payload: dict[str, Any], place: Place | None = None
    ) -> Event | None:
        """Let a task wait again, with a ``REDELIVERED`` event, where this is its attempt still.

        It waits for the agent of *place*, or for its own where that is None.
        """
        ...

    async def held(self, agent_id: str, session_id: str) -> tuple[Task, ...]:
        """Return the open tasks that a process of an agent has."""
        ...

    async def get(self, task_id: str) -> Task | None:
        """Return a task."""
        ...

    async def descendants(self, task_id: str) -> tuple[Task, ...]:
        """Return the open tasks that a task has led to, however far."""
        ...

    async def find(self, wanted: Wanted, limit: int, offset: int) -> tuple[Task, ...]:
        """Return one page of tasks, the newest first."""
        ...

    async def events(self, task_id: str) -> tuple[Event, ...]:
        """Return what happened to a task, in order."""
        ...

    async def events_after(self, seq: int, whose: Whose, limit: int) -> tuple[Event, ...]:
        """Return up to *limit* events after *seq* of the tasks of a caller, or of an organization, in order."""
        ...

    async def last_seq(self) -> int:
        """Return the number of the latest event."""
        ...

    async def positions(self, agent_id: str) -> dict[str, int]:
        """Return how far the journal of each session of an agent is recorded."""
        ...

    async def belongings(self, agent_id: str) -> tuple[Any, ...]:
        """Return the states, locks and values in memory of an agent, as `Belonging`."""
        ...

    async def holders(self) -> tuple[tuple[str, str], ...]:
        """Return agent and session of everyone who has an open task."""
        ...

    async def waiting(self, agent_id: str) -> tuple[Task, ...]:
        """Return the open tasks that wait for an agent and that no process has, the oldest first."""
        ...

    async def awaited(self) -> tuple[str, ...]:
        """Return every agent that an open task waits for."""
        ...

    async def sweep(self, ended_before: float, limit: int) -> int:
        """Remove up to *limit* tasks that ended before a time, with their events; return how many."""
        ...


class Outbox(Protocol):
    """Where orders for one connection go."""

    def put(self, order: Frame) -> None:
        """Take an order; it is sent in turn, or the connection ends."""
        ...


class Dispatch(Protocol):
    """Carries orders to agents; whatever it loses or repeats, the ledger's rules hold."""

    def attach(self, agent_id: str, outbox: Outbox) -> None:
        """Carry the orders of an agent there from now on."""
        ...

    def detach(self, agent_id: str, outbox: Outbox) -> None:
        """Carry them there no more."""
        ...

    def push(self, agent_id: str, order: Frame) -> bool:
        """Carry an order; return False where the agent is not connected here."""
        ...


class Listener(Protocol):
    """Somebody who is told of events."""

    def offer(self, events: Sequence[Event]) -> None:
        """Take news; must not wait."""
        ...


class EventBus(Protocol):
    """Carries news to those who listen; what it loses is read from the ledger."""

    def publish(self, events: Sequence[Event]) -> None:
        """Tell everyone whom the events concern."""
        ...

    def subscribe(self, whose: Whose, listener: Listener) -> None:
        """Tell *listener* of somebody's tasks from now on."""
        ...

    def unsubscribe(self, whose: Whose, listener: Listener) -> None:
        """Tell them no more."""
        ...
