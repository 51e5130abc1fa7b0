"""What agents send to the hub: they register, report on their tasks, and ask for tasks of others."""

from typing import Any, Literal

from pydantic import Field, SecretStr

from arkitekt_di.messages.frames import Frame, FrameReader, SecretFrame
from arkitekt_di.messages.tasks import EffectKind, LogLevel


class Register(SecretFrame):
    """The first frame of a connection: who the agent is, and what it offers.

    Attributes
    ----------
    token : pydantic.SecretStr
        Access token; client, user and organization of it are the agent's identity.
    force : bool
        Take the place of a connection that is there already.
    session_id : str or None
        Names the process; the same one after a reconnect takes its tasks back.
    hash : str or None
        Covers the declaration; what the hub holds already is not read again.
    implementations, states, locks : list of dict or None
        The declaration, in snake_case; None where the agent was declared in another way.
    supervisor : str or None
        The app that starts and stops this agent.
    features : tuple of str or None
        What the agent understands beyond the base protocol; hubs of the generation before refuse the member.
    """

    type: Literal["REGISTER"] = "REGISTER"
    token: SecretStr
    force: bool = False
    session_id: str | None = None
    name: str | None = None
    description: str | None = None
    hash: str | None = None
    implementations: list[dict[str, Any]] | None = None
    states: list[dict[str, Any]] | None = None
    locks: list[dict[str, Any]] | None = None
    bloks: list[dict[str, Any]] | None = None
    assets: list[dict[str, Any]] | None = None
    supervisor: str | None = None
    features: tuple[str, ...] | None = None


class HeartbeatAnswer(Frame):
    """The agent is there."""

    type: Literal["HEARTBEAT_ANSWER"] = "HEARTBEAT_ANSWER"


class NumberedFrame(Frame):
    """A frame that the agent keeps until the hub has recorded it.

    Attributes
    ----------
    pos : int or None
        1, 2, 3, ... without gaps in its session; None where the agent keeps no journal.
    journal_session : str or None
        The session that ``pos`` counts in.
    agent_ts : float or None
        Unix time of the agent, in seconds; shown, never decided by.
    task_step : int or None
        1, 2, 3, ... in its task, shared with the calls that the task makes.
    """

    pos: int | None = Field(default=None, ge=1)
    journal_session: str | None = None
    agent_ts: float | None = None
    task_step: int | None = None


class TaskReport(NumberedFrame):
    """A numbered frame about one task.

    Attributes
    ----------
    seq : int or None
        Counts the reports of a connection.
    attempt : int or None
        The attempt that reports, for agents that name ``arkitekt_di.attempts``.
    """

    task: str
    seq: int | None = None
    attempt: int | None = None


class Started(TaskReport):
    """The body runs."""

    type: Literal["STARTED"] = "STARTED"


class Progress(TaskReport):
    """How far the body is, in percent."""

    type: Literal["PROGRESS"] = "PROGRESS"
    progress: int | None = None
    message: str | None = None


class Log(TaskReport):
    """A line that the body logged."""

    type: Literal["LOG"] = "LOG"
    message: str
    level: LogLevel = "INFO"


class Yield(TaskReport):
    """A result, by the keys of the ports; a function has one, a generator as many as it likes."""

    type: Literal["YIELD"] = "YIELD"
    returns: dict[str, Any] | None = None


class Completed(TaskReport):
    """The body ended well."""

    type: Literal["COMPLETED"] = "COMPLETED"


class Failed(TaskReport):
    """The body raised."""

    type: Literal["FAILED"] = "FAILED"
    error: str
    code: str | None = None


class Critical(TaskReport):
    """The task cannot be run, whoever tries."""

    type: Literal["CRITICAL"] = "CRITICAL"
    error: str


class Cancelled(TaskReport):
    """The body was asked to stop, and has."""

    type: Literal["CANCELLED"] = "CANCELLED"


class Interrupted(TaskReport):
    """The body was stopped."""

    type: Literal["INTERRUPTED"] = "INTERRUPTED"


class Paused(TaskReport):
    """The body waits."""

    type: Literal["PAUSED"] = "PAUSED"
    message: str | None = None
    details: dict[str, Any] | None = None


class Resumed(TaskReport):
    """The body runs on."""

    type: Literal["RESUMED"] = "RESUMED"


class Held(TaskReport):
    """The body waits for a person's decision."""

    type: Literal["HELD"] = "HELD"
    message: str | None = None
    prompt: dict[str, Any] | None = None
    details: dict[str, Any] | None = None
    blok: dict[str, Any] | None = None


class Inform(TaskReport):
    """The body shows a person something while it goes on."""

    type: Literal["INFORM"] = "INFORM"
    message: str | None = None
    blok: dict[str, Any] | None = None


class Effect(TaskReport):
    """A value that a workflow took from outside itself."""

    type: Literal["EFFECT"] = "EFFECT"
    effect: EffectKind
    value: Any
    key: str | None = None


class SessionInit(NumberedFrame):
    """The first numbered frame of a session, with the states of the agent."""

    type: Literal["SESSION_INIT"] = "SESSION_INIT"
    session_id: str
    states: dict[str, Any] = Field(default_factory=dict)


class StatePatch(NumberedFrame):
    """One change of a state, as RFC 6902 says it."""

    type: Literal["STATE_PATCH"] = "STATE_PATCH"
    session_id: str
    global_rev: int
    state_name: str
    ts: float
    op: str
    path: str
    value: Any
    old_value: Any = Field()
    task_id: str | None = None


class StateSnapshot(NumberedFrame):
    """States as a whole."""

    type: Literal["STATE_SNAPSHOT"] = "STATE_SNAPSHOT"
    session_id: str
    global_rev: int
    snapshots: dict[str, Any]


class Lock(NumberedFrame):
    """A task holds a lock of its agent."""

    type: Literal["LOCK"] = "LOCK"
    key: str
    task: str


class Unlock(NumberedFrame):
    """A task has let go of a lock."""

    type: Literal["UNLOCK"] = "UNLOCK"
    key: str
    task: str | None = None


class Shelve(NumberedFrame):
    """The agent keeps a value in memory, under an identifier of its own."""

    type: Literal["SHELVE"] = "SHELVE"
    ref: str
    identifier: str
    resource_id: str
    label: str | None = None
    description: str | None = None
    task: str | None = None


class Unshelve(NumberedFrame):
    """The agent has dropped a value."""

    type: Literal["UNSHELVE"] = "UNSHELVE"
    ref: str
    drawer: str


class AssignRequest(Frame):
    """A running task calls another function.

    Attributes
    ----------
    reference : str or None
        Names the call for the caller: the same again is the same task.
    parent : str or None
        The task that calls.
    parent_step : int or None
        The step that the call takes in its parent; the same again is the same task.
    call_key : str or None
        The parent's own name of the call; the same again is the same task.
    action, action_hash, implementation, agent, interface, dependency, method : str or None
        What is called.
    """

    type: Literal["ASSIGN_REQUEST"] = "ASSIGN_REQUEST"
    reference: str | None = None
    parent: str | None = None
    parent_step: int | None = None
    call_key: str | None = None
    args: dict[str, Any] = Field(default_factory=dict)
    action: str | None = None
    action_hash: str | None = None
    implementation: str | None = None
    agent: str | None = None
    interface: str | None = None
    dependency: str | None = None
    method: str | None = None
    resolution: str | None = None
    hooks: list[dict[str, Any]] | None = None
    capture: bool | None = None
    step: bool | None = None
    prompt: dict[str, Any] | None = None
    state_requires: list[dict[str, Any]] = Field(default_factory=list)


class CancelRequest(Frame):
    """Ask a task's body to stop; interrupt it after ``auto_interrupt`` seconds."""

    type: Literal["CANCEL_REQUEST"] = "CANCEL_REQUEST"
    task: str
    auto_interrupt: float | None = Field(default=None, ge=0)


class InterruptRequest(Frame):
    """Stop a task and all that it called."""

    type: Literal["INTERRUPT_REQUEST"] = "INTERRUPT_REQUEST"
    task: str


class PauseRequest(Frame):
    """Let a task wait."""

    type: Literal["PAUSE_REQUEST"] = "PAUSE_REQUEST"
    task: str


class ResumeRequest(Frame):
    """Let a task run on; with ``step`` only to its next breakpoint."""

    type: Literal["RESUME_REQUEST"] = "RESUME_REQUEST"
    task: str
    step: bool = False


class ProbeRequest(Frame):
    """Ask for a call that leaves no trace; this hub has none, and says so."""

    type: Literal["PROBE_REQUEST"] = "PROBE_REQUEST"
    reference: str | None = None


class StateRevisionRequest(Frame):
    """Ask whether a state has changed; this hub does not know, and says so."""

    type: Literal["STATE_REVISION_REQUEST"] = "STATE_REVISION_REQUEST"
    parent: str
    dependency: str
    state: str


class Acknowledge(Frame):
    """Ours: the agent has journalled an assignment (feature ``arkitekt_di.attempts``)."""

    type: Literal["ACCEPTED"] = "ACCEPTED"
    task: str
    attempt: int | None = None


REPORTS = FrameReader(
    [
        *(Register, HeartbeatAnswer, SessionInit, Acknowledge),
        *(Started, Progress, Log, Yield, Completed, Failed, Critical, Cancelled, Interrupted),
        *(Paused, Resumed, Held, Inform, Effect, StatePatch, StateSnapshot, Lock, Unlock, Shelve, Unshelve),
        *(AssignRequest, CancelRequest, InterruptRequest, PauseRequest, ResumeRequest),
        *(ProbeRequest, StateRevisionRequest),
    ]
)
"""Reads what an agent sends."""

TERMINAL_REPORTS = (Completed, Failed, Critical, Cancelled, Interrupted)
"""Reports after which an agent says nothing more of a task."""
