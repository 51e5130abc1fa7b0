"""Actions and tasks as callers see them."""

from datetime import datetime
from typing import Any

from pydantic import Field

from arkitekt_di.messages.definitions import ActionKind
from arkitekt_di.messages.model import CamelMessage
from arkitekt_di.messages.ports import ArgPort, ReturnPort
from arkitekt_di.messages.tasks import EventKind


class ActionRecord(CamelMessage):
    """An action that the hub knows.

    Attributes
    ----------
    id, hash : str
        Identifier in this hub; identity everywhere.
    key : str or None
        Name within its app.
    name : str
    description : str or None
    kind : ActionKind
    args : tuple of ArgPort
    returns : tuple of ReturnPort
    """

    id: str
    hash: str
    key: str | None = None
    name: str
    description: str | None = None
    kind: ActionKind
    args: tuple[ArgPort, ...] = ()
    returns: tuple[ReturnPort, ...] = ()


class AgentRecord(CamelMessage):
    """An agent that the hub knows.

    Attributes
    ----------
    id : str
    name : str
    connected : bool
    """

    id: str
    name: str = ""
    connected: bool = False


class ImplementationRecord(CamelMessage):
    """One agent's way of carrying an action out."""

    id: str
    interface: str
    action: ActionRecord
    agent: AgentRecord


class CallOrder(CamelMessage):
    """What is asked for when a task is.

    Attributes
    ----------
    args : dict
        Values by the keys of the ports, as they travel.
    action, implementation, action_hash : str or None
        What is called: one of them, or *agent* and *interface*.
    agent, interface : str or None
    reference : str
        The caller's own name of the call; the same again is the same task.
    capture : bool
    """

    args: dict[str, Any]
    action: str | None = None
    implementation: str | None = None
    action_hash: str | None = None
    agent: str | None = None
    interface: str | None = None
    reference: str
    capture: bool = False


class TaskRecord(CamelMessage):
    """A task, as its caller sees it."""

    id: str
    reference: str | None = None
    latest_event_kind: EventKind | None = None


class OffererRecord(CamelMessage):
    """Who carries a task out."""

    id: str
    interface: str
    agent: AgentRecord


class TaskSummary(CamelMessage):
    """A task in a list.

    Attributes
    ----------
    id : str
    args : dict
        As they travelled.
    latest_event_kind : EventKind or str
    is_done : bool
    created_at, finished_at : datetime or None
    action : ActionRecord or None
        What was called; None where nobody offers it any more.
    implementation : OffererRecord or None
    """

    id: str
    args: dict[str, Any] = Field(default_factory=dict)
    latest_event_kind: EventKind | str = Field(union_mode="left_to_right")
    is_done: bool
    created_at: datetime | None = None
    finished_at: datetime | None = None
    action: ActionRecord | None = None
    implementation: OffererRecord | None = None


class TaskEvent(CamelMessage):
    """Something that happened to a task.

    Attributes
    ----------
    id : str
    task : str
        The task that it happened to.
    kind : EventKind or str
        A kind that this version does not know stays a plain str.
    returns : dict or None
        Of a YIELD.
    message : str or None
        Of LOG, PROGRESS, FAILED, CRITICAL, LOST.
    progress : int or None
        In percent.
    level : str or None
        Of a LOG.
    value : object
        Of an EFFECT; of a LOST with ``started`` and ``last_progress`` from hubs that tell them so.
    created_at : datetime or None
    """

    id: str
    task: str
    kind: EventKind | str = Field(union_mode="left_to_right")
    returns: dict[str, Any] | None = None
    message: str | None = None
    progress: int | None = None
    level: str | None = None
    value: Any = None
    created_at: datetime | None = None
