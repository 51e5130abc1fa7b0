"""Frames of an agent as one batch for the ledger, and what the agent is told when that is recorded."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from arkitekt_di.messages import reports
from arkitekt_di.messages.frames import Frame
from arkitekt_di.messages.orders import EventAck
from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.server.tasks.patches import PatchError, patched
from arkitekt_di.server.tasks.records import Batch, Belonging, Lease, Report
from arkitekt_di.server.tasks.showing import payload_of

log = logging.getLogger(__name__)

RECORDED = (reports.NumberedFrame, reports.Acknowledge)
"""Frames that go into the ledger; all others are requests."""

_ENVELOPE = frozenset({"type", "id", "pos", "journal_session", "agent_ts", "task_step", "task", "seq", "attempt"})


class Intake:
    """Reads the frames of one connection, in order.

    Parameters
    ----------
    lease : Lease
    positions : dict of str to int
        How far the journals of the agent's sessions are recorded.
    belongings : iterable of Belonging
        What the agent had when it was last heard of.
    """

    def __init__(self, lease: Lease, positions: dict[str, int], belongings: Iterable[Belonging]) -> None:
        self._lease = lease
        self._positions = dict(positions)
        self._held = {(held.kind, held.key): held for held in belongings}

    def read(self, frames: Iterable[Frame]) -> tuple[Batch, list[Frame]]:
        """Return what is to be recorded, and the frames that say so of what is not numbered."""
        told: list[Report] = []
        belongings: dict[tuple[str, str], Belonging] = {}
        acks: list[Frame] = []
        sessions: set[str] = set()
        for frame in frames:
            if isinstance(frame, reports.NumberedFrame) and frame.pos is not None:
                session = frame.journal_session or self._lease.session_id
                sessions.add(session)
                if not self._is_next(session, frame.pos):
                    continue
            elif isinstance(frame, reports.TaskReport):
                acks.append(EventAck(event=frame.id, task=frame.task, seq=frame.seq))
            if (report := self._report(frame)) is not None:
                told.append(report)
            belongings |= {(belonging.kind, belonging.key): belonging for belonging in self._belongings(frame)}
        positions = {session: self._positions[session] for session in sessions}
        return Batch(tuple(told), tuple(belongings.values()), positions), acks

    def _is_next(self, session: str, pos: int) -> bool:
        last = self._positions.setdefault(session, 0)
        if pos <= last:
            return False  # sent again, because the agent does not know that it is recorded
        if pos > last + 1:
            log.error("frames %d to %d of a session of agent %s are gone", last + 1, pos - 1, self._lease.agent_id)
        self._positions[session] = pos
        return True

    def _report(self, frame: Frame) -> Report | None:
        if isinstance(frame, reports.Acknowledge):
            return Report(frame.task, self._lease.session_id, kind=None, attempt=frame.attempt)
        if not isinstance(frame, reports.TaskReport):
            return None
        return Report(
            frame.task,
            frame.journal_session or self._lease.session_id,
            EventKind(frame.type),
            payload_of(frame, _ENVELOPE),
            frame.attempt,
            frame.task_step,
        )

    def _belongings(self, frame: Frame) -> list[Belonging]:
        changes = _changes_of(frame)
        if isinstance(frame, reports.SessionInit):  # a new process has nothing of what the last one had
            fresh = {(change.kind, change.key) for change in changes}
            changes += [replace(held, values=None) for place, held in self._held.items() if place not in fresh]
        elif isinstance(frame, reports.StatePatch):
            changes = self._patched(frame)
        for change in changes:
            self._held.pop((change.kind, change.key), None)
            if change.values is not None:
                self._held[change.kind, change.key] = change
        return changes

    def _patched(self, frame: reports.StatePatch) -> list[Belonging]:
        held = self._held.get(("state", frame.state_name))
        try:
            value = patched(held and held.values and held.values["value"], frame.op, frame.path, frame.value)
        except PatchError as error:
            log.warning("a change of state %r does not fit: %s", frame.state_name, error)
            return []
        return [_state(frame.state_name, value, frame.global_rev, frame.session_id)]


def _changes_of(frame: Frame) -> list[Belonging]:
    if isinstance(frame, reports.SessionInit):
        return [_state(name, value, 0, frame.session_id) for name, value in frame.states.items()]
    if isinstance(frame, reports.StateSnapshot):
        return [_state(name, value, frame.global_rev, frame.session_id) for name, value in frame.snapshots.items()]
    if isinstance(frame, reports.Lock | reports.Unlock):
        return [Belonging("lock", frame.key, {"task_id": frame.task} if isinstance(frame, reports.Lock) else None)]
    if isinstance(frame, reports.Shelve):
        told = {"identifier": frame.identifier, "label": frame.label, "description": frame.description}
        return [Belonging("drawer", frame.resource_id, told | {"task_id": frame.task})]
    return [Belonging("drawer", frame.drawer, None)] if isinstance(frame, reports.Unshelve) else []


def _state(name: str, value: Any, revision: int, session_id: str) -> Belonging:
    return Belonging("state", name, {"value": value, "revision": revision, "session_id": session_id})
