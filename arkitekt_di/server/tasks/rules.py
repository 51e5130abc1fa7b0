"""How a task goes from one state to the next: the rules that every ledger keeps, without any storage."""

from dataclasses import replace
from typing import Any

from arkitekt_di.messages.tasks import PASSING_KINDS, TERMINAL_KINDS, EventKind
from arkitekt_di.server.tasks.records import Event, Instruct, Lease, Place, Report, Task

Step = tuple[Task, Event | None]
"""A task as it is next, and what is to be told of it."""

RESULTS = TERMINAL_KINDS | {EventKind.YIELD}
"""Kinds that are kept even when they come too late."""


def reported(task: Task, report: Report, now: float) -> Step:
    """Return what a report makes of a task; it is late unless the attempt that speaks has the task."""
    if not _speaks_for(task, report):
        return task, _late(task, report, now)
    kind = report.kind
    is_passing = kind is None or kind in PASSING_KINDS
    changed = task._replace(
        kind=task.kind if is_passing or kind is None else kind,
        is_picked_up=True,
        is_started=task.is_started or kind is not None,
        last_step=max(task.last_step, report.step or 0),
        last_progress=_progress_of(report) or task.last_progress,
        updated_at=now,
        ended_at=now if kind in TERMINAL_KINDS else None,
    )
    return changed, None if kind is None else _event(task, kind, report.payload, now)


def claimed(task: Task, lease: Lease, now: float) -> Task:
    """Return a waiting task as the holder of a lease has it."""
    return task._replace(
        attempt=task.attempt + 1,
        epoch=lease.epoch,
        session_id=lease.session_id,
        is_picked_up=False,
        updated_at=now,
    )


def finished(task: Task, attempt: int, epoch: int | None, kind: EventKind, payload: dict[str, Any], now: float) -> Step:
    """Return an ended task where this is its attempt, and no event where it is not."""
    if not _is_attempt(task, attempt, epoch):
        return task, None
    return task._replace(kind=kind, ended_at=now, updated_at=now), _event(task, kind, payload, now)


def requeued(
    task: Task, attempt: int, epoch: int | None, payload: dict[str, Any], place: Place | None, now: float
) -> Step:
    """Return a waiting task where this is its attempt, and no event where it is not."""
    if not _is_attempt(task, attempt, epoch):
        return task, None
    draft = task.draft
    if place is not None:
        draft = replace(
            draft,
            agent_id=place.agent_id,
            implementation_id=place.implementation_id,
            interface=place.interface,
        )
    waiting = task._replace(
        draft=draft,
        kind=EventKind.REDELIVERED,
        epoch=None,
        session_id=None,
        is_picked_up=False,
        updated_at=now,
    )
    return waiting, _event(task, EventKind.REDELIVERED, payload, now)


def noted(task: Task, kind: EventKind, payload: dict[str, Any], instruct: Instruct, now: float) -> Step:
    """Return a task of which something was asked, and no event where it has ended."""
    if task.ended_at is not None:
        return task, None
    asked = task._replace(instruct=instruct, updated_at=now)
    if kind not in PASSING_KINDS:
        asked = asked._replace(kind=kind)
    return asked, _event(task, kind, payload, now)


def released(task: Task, payload: dict[str, Any], now: float) -> Step:
    """Return a held task as one that waits for an agent, and no event where it is not held."""
    if task.kind is not EventKind.HELD or task.session_id is not None or task.ended_at is not None:
        return task, None
    return task._replace(kind=EventKind.QUEUED, updated_at=now), _event(task, EventKind.QUEUED, payload, now)


def _is_attempt(task: Task, attempt: int, epoch: int | None) -> bool:
    return task.ended_at is None and task.attempt == attempt and task.epoch == epoch


def _speaks_for(task: Task, report: Report) -> bool:
    is_same_attempt = report.attempt is None or report.attempt == task.attempt
    return task.ended_at is None and task.session_id == report.session_id and is_same_attempt


def _late(task: Task, report: Report, now: float) -> Event | None:
    kind = report.kind
    if kind is None or kind not in RESULTS or _repeats_the_end(task, report):
        return None
    told = {"kind": kind.value, "session": report.session_id, "attempt": report.attempt}
    return _event(task, EventKind.LATE_REPORT, told | {"payload": report.payload}, now)


def _repeats_the_end(task: Task, report: Report) -> bool:
    """Tell whether an agent that keeps no journal says again how its attempt ended."""
    is_same_attempt = report.attempt is None or report.attempt == task.attempt
    return task.kind is report.kind and task.session_id == report.session_id and is_same_attempt


def _progress_of(report: Report) -> int | None:
    progress = report.payload.get("progress") if report.kind is EventKind.PROGRESS else None
    return progress if isinstance(progress, int) else None


def _event(task: Task, kind: EventKind, payload: dict[str, Any], now: float) -> Event:
    return Event(task.id, kind, task.attempt, payload, now, task.draft.caller)
