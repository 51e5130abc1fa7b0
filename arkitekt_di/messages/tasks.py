"""The words of a task's life, as agents, callers and the hub exchange them."""

from enum import StrEnum
from typing import Any, Literal

from arkitekt_di.messages.model import Message

LogLevel = Literal["DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"]


class EventKind(StrEnum):
    """What happened to a task.

    ``REDELIVERED`` is ours: the task is about to run again because its agent was lost.  Clients that do not name it
    among their features are told ``QUEUED``, which is true as well.
    """

    BOUND = "BOUND"
    QUEUED = "QUEUED"
    STARTED = "STARTED"
    PROGRESS = "PROGRESS"
    DELEGATE = "DELEGATE"
    YIELD = "YIELD"
    COMPLETED = "COMPLETED"
    LOG = "LOG"
    EFFECT = "EFFECT"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    INTERRUPTING = "INTERRUPTING"
    INTERRUPTED = "INTERRUPTED"
    PAUSING = "PAUSING"
    PAUSED = "PAUSED"
    RESUMING = "RESUMING"
    RESUMED = "RESUMED"
    HELD = "HELD"
    DECIDED = "DECIDED"
    INFORM = "INFORM"
    DENIED = "DENIED"
    FAILED = "FAILED"
    CRITICAL = "CRITICAL"
    LOST = "LOST"
    LATE_REPORT = "LATE_REPORT"
    REDELIVERED = "REDELIVERED"


TERMINAL_KINDS = frozenset(
    {
        EventKind.COMPLETED,
        EventKind.CANCELLED,
        EventKind.INTERRUPTED,
        EventKind.DENIED,
        EventKind.FAILED,
        EventKind.CRITICAL,
        EventKind.LOST,
    }
)
"""Kinds that end a task: exactly one of them is ever recorded for it."""

PASSING_KINDS = frozenset(
    {
        EventKind.PROGRESS,
        EventKind.LOG,
        EventKind.YIELD,
        EventKind.EFFECT,
        EventKind.INFORM,
        EventKind.LATE_REPORT,
    }
)
"""Kinds that leave the state of a task as it is."""


class Effects(StrEnum):
    """What running a function leaves behind, as its author says; for people to judge by, never a promise."""

    NONE = "NONE"
    REPEATABLE = "REPEATABLE"
    UNKNOWN = "UNKNOWN"
    IRREVERSIBLE = "IRREVERSIBLE"


class Execution(StrEnum):
    """How a function runs: a workflow may call others, and is resumed from its journal when its agent dies."""

    PLAIN = "PLAIN"
    WORKFLOW = "WORKFLOW"


class EffectKind(StrEnum):
    """What a workflow took from outside itself."""

    NOW = "NOW"
    RANDOM = "RANDOM"
    SLEEP = "SLEEP"
    RECORD = "RECORD"
    HOLD = "HOLD"


class RecordedEffect(Message):
    """A value that a workflow recorded; its resumed run gets it back by its key."""

    key: str
    effect: EffectKind
    value: Any = None


class Journal(Message):
    """What a workflow recorded before its agent died.

    Attributes
    ----------
    last_step : int
        Steps that the task took; new ones count on from here.
    effects : tuple of RecordedEffect
        In the order in which they were recorded.
    """

    last_step: int = 0
    effects: tuple[RecordedEffect, ...] = ()
