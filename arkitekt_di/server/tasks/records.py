"""What the ledger speaks of: tasks, their events, and who holds them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from arkitekt_di.messages.tasks import EventKind


class Instruct(StrEnum):
    """The last thing that was asked of a task."""

    ASSIGN = "ASSIGN"
    CANCEL = "CANCEL"
    INTERRUPT = "INTERRUPT"
    PAUSE = "PAUSE"
    RESUME = "RESUME"


STOPPING = frozenset({Instruct.CANCEL, Instruct.INTERRUPT})
"""What was asked of a task that is to end."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one connection to write for an agent, until another one is given.

    Attributes
    ----------
    agent_id : str
    session_id : str
        The agent's process.
    epoch : int
        Grows with every lease of the agent; only the largest is good.
    """

    agent_id: str
    session_id: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asked for a task: nobody else is told of it.

    Attributes
    ----------
    organization_id, client_id, user_id : str
    agent_id : str or None
        The agent whose task made the call; None where a person's app did.
    """

    organization_id: str
    client_id: str
    user_id: str
    agent_id: str | None = None

    @property
    def app(self) -> "Caller":
        """The person's app, which is told of what its agent's tasks call, too."""
        return self if self.agent_id is None else Caller(self.organization_id, self.client_id, self.user_id)


@dataclass(frozen=True, slots=True)
class Organization:
    """Everybody of one organization: they may see each other's tasks."""

    id: str


Whose = Caller | Organization
"""Whose tasks are followed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task runs."""

    agent_id: str
    implementation_id: str
    interface: str


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """A task that is asked for.

    Attributes
    ----------
    caller : Caller
    reference : str
        Names the call for its caller; the same again is the same task.
    parent_id, root_id : str or None
        Tasks that led to this one.
    parent_step : int or None
    call_key : str or None
        The parent's names of the call; the same again is the same task.
    action_id, implementation_id, agent_id, interface : str
        What runs it.
    args : str
        JSON object.
    args_hash : str
    code_hash : str or None
    options : dict
        What the caller wants beside: ``policy``, ``capture``, ``step``, ``state_requires``, ...
    effects, execution : str
    is_repeatable : bool
        Whether it may run again without being asked.
    is_held : bool
        Whether a person has to approve it first.
    """

    caller: Caller
    reference: str
    action_id: str
    implementation_id: str
    agent_id: str
    interface: str
    args: str
    args_hash: str
    code_hash: str | None = None
    parent_id: str | None = None
    root_id: str | None = None
    parent_step: int | None = None
    call_key: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    effects: str = "UNKNOWN"
    execution: str = "PLAIN"
    is_repeatable: bool = False
    is_held: bool = False


class Task(NamedTuple):
    """A task as it is now; a tuple, because each report makes another one, and a dataclass takes ten times as long.

    Attributes
    ----------
    id : str
    draft : TaskDraft
        What was asked for.
    kind : EventKind
        Its latest event, passing ones left out.
    instruct : Instruct
    attempt : int
        How often it was given to an agent.
    epoch : int or None
        Lease under which it was given; None while nobody has it.
    session_id : str or None
        Process that has it.
    is_picked_up : bool
        Whether this attempt was heard of.
    is_started : bool
        Whether a body of it has begun, in this attempt or an earlier one.
    last_progress : int or None
    last_step : int
    created_at, updated_at : float
    ended_at : float or None
    """

    id: str
    draft: TaskDraft
    created_at: float
    updated_at: float
    kind: EventKind = EventKind.QUEUED
    instruct: Instruct = Instruct.ASSIGN
    attempt: int = 0
    epoch: int | None = None
    session_id: str | None = None
    is_picked_up: bool = False
    is_started: bool = False
    last_progress: int | None = None
    last_step: int = 0
    ended_at: float | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether an agent may take it."""
        is_free = self.session_id is None and self.kind is not EventKind.HELD
        return self.ended_at is None and is_free and self.instruct not in STOPPING


@dataclass(slots=True)
class Event:
    """Something that happened to a task.

    Attributes
    ----------
    seq : int
        Place in the ledger, given when it is recorded.
    task_id : str
    kind : EventKind
    attempt : int
    payload : dict
        What the kind has to say, by the names of the wire.
    created_at : float
    caller : Caller
    text : str or None
        The payload as JSON, once the ledger has written it; an event that tells less has none of the one before.
    """

    task_id: str
    kind: EventKind
    attempt: int
    payload: dict[str, Any]
    created_at: float
    caller: Caller
    seq: int = 0
    text: str | None = field(default=None, init=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Report:
    """What an agent says of a task.

    Attributes
    ----------
    task_id : str
    session_id : str
        The process that speaks: a journal may hold words of an earlier one.
    attempt : int or None
        Which attempt speaks; None where the agent does not count them.
    kind : EventKind or None
        None says no more than that the task was taken.
    payload : dict
    step : int or None
    """

    task_id: str
    session_id: str
    kind: EventKind | None
    payload: dict[str, Any] = field(default_factory=dict)
    attempt: int | None = None
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Belonging:
    """Something else that an agent has: a state, a lock, or a value in its memory.

    Attributes
    ----------
    kind : {'state', 'lock', 'drawer'}
    key : str
    values : dict or None
        None where it is gone.
    """

    kind: Literal["state", "lock", "drawer"]
    key: str
    values: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What an agent sent, in order; recorded as a whole or not at all.

    Attributes
    ----------
    reports : tuple of Report
    belongings : tuple of Belonging
    positions : dict of str to int
        How far each session's journal is with it.
    """

    reports: tuple[Report, ...] = ()
    belongings: tuple[Belonging, ...] = ()
    positions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Created:
    """The answer to a call; ``events`` are those that are new."""

    task: Task
    is_new: bool
    events: tuple[Event, ...] = ()
