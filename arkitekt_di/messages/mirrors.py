"""Events of a task as the agent that called it hears of them: one frame for each kind."""

from typing import Any, Literal

from arkitekt_di.messages.frames import Frame
from arkitekt_di.messages.tasks import EventKind, LogLevel


class Mirror(Frame):
    """An event of a task, for its caller.

    Attributes
    ----------
    task : str
    event : str
        Identifier of the event.
    seq : int
        Place of the event in the ledger; grows, with gaps.
    """

    task: str
    event: str
    seq: int


class ProgressEvent(Mirror):
    """How far the body is, in percent."""

    type: Literal["PROGRESS_EVENT"] = "PROGRESS_EVENT"
    progress: int | None = None
    message: str | None = None


class YieldEvent(Mirror):
    """A result."""

    type: Literal["YIELD_EVENT"] = "YIELD_EVENT"
    returns: dict[str, Any] | None = None


class LogEvent(Mirror):
    """A line that the body logged."""

    type: Literal["LOG_EVENT"] = "LOG_EVENT"
    message: str | None = None
    level: LogLevel = "INFO"


class HeldEvent(Mirror):
    """The task waits for a person."""

    type: Literal["HELD_EVENT"] = "HELD_EVENT"
    prompt: dict[str, Any] | None = None


class DeniedEvent(Mirror):
    """A person refused."""

    type: Literal["DENIED_EVENT"] = "DENIED_EVENT"
    answer: str | None = None


class FailedEvent(Mirror):
    """The body raised."""

    type: Literal["FAILED_EVENT"] = "FAILED_EVENT"
    error: str | None = None
    code: str | None = None


class CriticalEvent(Mirror):
    """The task cannot be run, whoever tries."""

    type: Literal["CRITICAL_EVENT"] = "CRITICAL_EVENT"
    error: str | None = None


class LostEvent(Mirror):
    """The agent was lost: how the task ended is not known.

    Attributes
    ----------
    started : bool
        False where the body never ran.
    last_progress : int or None
        The last that it reported, in percent.
    effects : str or None
        What the function leaves behind, as its author says.
    reason : str or None
    """

    type: Literal["LOST_EVENT"] = "LOST_EVENT"
    started: bool = True
    last_progress: int | None = None
    effects: str | None = None
    reason: str | None = None


class RedeliveredEvent(Mirror):
    """Ours: the task is about to run again; ``attempt`` counts from 1."""

    type: Literal["REDELIVERED_EVENT"] = "REDELIVERED_EVENT"
    attempt: int
    reason: str | None = None


class BoundEvent(Mirror):
    """An agent was chosen."""

    type: Literal["BOUND_EVENT"] = "BOUND_EVENT"


class QueuedEvent(Mirror):
    """The task waits for its agent."""

    type: Literal["QUEUED_EVENT"] = "QUEUED_EVENT"


class StartedEvent(Mirror):
    """The body runs."""

    type: Literal["STARTED_EVENT"] = "STARTED_EVENT"


class DelegateEvent(Mirror):
    """The task was handed on to another."""

    type: Literal["DELEGATE_EVENT"] = "DELEGATE_EVENT"


class CompletedEvent(Mirror):
    """The body ended well."""

    type: Literal["COMPLETED_EVENT"] = "COMPLETED_EVENT"


class CancellingEvent(Mirror):
    """The body was asked to stop."""

    type: Literal["CANCELLING_EVENT"] = "CANCELLING_EVENT"


class CancelledEvent(Mirror):
    """The body has stopped, as it was asked to."""

    type: Literal["CANCELLED_EVENT"] = "CANCELLED_EVENT"


class InterruptingEvent(Mirror):
    """The body is being stopped."""

    type: Literal["INTERRUPTING_EVENT"] = "INTERRUPTING_EVENT"


class InterruptedEvent(Mirror):
    """The body was stopped."""

    type: Literal["INTERRUPTED_EVENT"] = "INTERRUPTED_EVENT"


class PausingEvent(Mirror):
    """The body was asked to wait."""

    type: Literal["PAUSING_EVENT"] = "PAUSING_EVENT"


class PausedEvent(Mirror):
    """The body waits."""

    type: Literal["PAUSED_EVENT"] = "PAUSED_EVENT"


class ResumingEvent(Mirror):
    """The body was asked to run on."""

    type: Literal["RESUMING_EVENT"] = "RESUMING_EVENT"


class ResumedEvent(Mirror):
    """The body runs on."""

    type: Literal["RESUMED_EVENT"] = "RESUMED_EVENT"


_ALL: tuple[type[Mirror], ...] = (
    *(BoundEvent, QueuedEvent, StartedEvent, ProgressEvent, DelegateEvent, YieldEvent, CompletedEvent, LogEvent),
    *(CancellingEvent, CancelledEvent, InterruptingEvent, InterruptedEvent, PausingEvent, PausedEvent),
    *(HeldEvent, DeniedEvent, ResumingEvent, ResumedEvent, FailedEvent, CriticalEvent, LostEvent, RedeliveredEvent),
)

MIRRORS: dict[EventKind, type[Mirror]] = {
    EventKind(str(mirror.model_fields["type"].default).removesuffix("_EVENT")): mirror for mirror in _ALL
}
"""The frame for each kind of event; kinds without one stay in the ledger."""
