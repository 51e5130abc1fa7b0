"""Tasks and events as frames of the agent socket."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from arkitekt_di.messages.frames import FEATURE_ATTEMPTS, FEATURE_REDELIVERED, FEATURE_STATE_REQUIRES
from arkitekt_di.messages.mirrors import MIRRORS, Mirror
from arkitekt_di.messages.tasks import EventKind, Journal, RecordedEffect
from arkitekt_di.server.tasks.records import Event, Task
from arkitekt_di.server.tasks.rows import text_of
from arkitekt_di.server.tasks.written_assign import WrittenAssign


def assignment(task: Task, features: Iterable[str], journal: Journal | None = None) -> WrittenAssign:
    """Return the frame that gives a task to an agent."""
    draft, known = task.draft, frozenset(features)
    options = draft.options
    is_counted = FEATURE_ATTEMPTS in known
    return WrittenAssign(
        task=task.id,
        interface=draft.interface,
        written_args=draft.args,
        user=draft.caller.user_id,
        org=draft.caller.organization_id,
        action=draft.action_id,
        implementation=draft.implementation_id,
        root=draft.root_id,
        parent=draft.parent_id,
        resolution=options.get("resolution"),
        reference=draft.reference,
        step=options.get("step"),
        capture=options.get("capture"),
        resume=journal,
        state_requires=options.get("state_requires") or [] if FEATURE_STATE_REQUIRES in known else [],
        attempt=task.attempt if is_counted else None,
        caller_app=draft.caller.client_id if is_counted else None,
        code_hash=draft.code_hash if is_counted else None,
    )


def journal_of(task: Task, events: Iterable[Event]) -> Journal:
    """Return what a workflow recorded in its earlier attempts."""
    effects = [event.payload for event in events if event.kind is EventKind.EFFECT and event.payload.get("key")]
    return Journal(last_step=task.last_step, effects=tuple(RecordedEffect.model_validate(effect) for effect in effects))


def mirrored(event: Event, features: Iterable[str]) -> Mirror | None:
    """Return the frame that tells a calling agent of an event; None for kinds that stay in the ledger."""
    kind = shown_kind(event.kind, is_ours=FEATURE_REDELIVERED in features)
    mirror = MIRRORS.get(kind)
    if mirror is None:
        return None
    own = {name: value for name, value in event.payload.items() if name in mirror.model_fields}
    return mirror.model_validate(own | {"task": event.task_id, "event": str(event.seq), "seq": event.seq})


def shown_kind(kind: EventKind, *, is_ours: bool) -> EventKind:
    """Return the kind as a client knows it: a task that is about to run again is queued."""
    return EventKind.QUEUED if kind is EventKind.REDELIVERED and not is_ours else kind


TEXTS = ("error", "reason", "message", "answer")
"""Members of a payload that are its words, the first of them that is there."""

VALUES = frozenset(
    {EventKind.LOST, EventKind.EFFECT, EventKind.LATE_REPORT, EventKind.HELD, EventKind.DECIDED, EventKind.INFORM}
)
"""Kinds whose whole payload is their value."""


def message_of(event: Event) -> str | None:
    """Return the words of an event."""
    return next((event.payload[name] for name in TEXTS if event.payload.get(name)), None)


def value_of(event: Event) -> Any:
    """Return what an event has to say to programs."""
    if event.kind in VALUES:
        return event.payload
    code = event.payload.get("code")
    return None if code is None else {"code": code}


def told(event: Event) -> dict[str, Any]:
    """Return an event as the desk tells it: a `TaskEvent` as JSON, without what is empty."""
    shown = _envelope(event)
    if event.payload:
        said = {
            "returns": event.payload.get("returns"),
            "message": message_of(event),
            "progress": event.payload.get("progress"),
            "level": event.payload.get("level"),
            "value": value_of(event),
        }
        shown |= {name: value for name, value in said.items() if value is not None}
    return shown


def _envelope(event: Event) -> dict[str, Any]:
    return {
        "id": str(event.seq),
        "task": event.task_id,
        "kind": event.kind.value,
        "createdAt": event.created_at,
    }


def told_text(event: Event) -> str:
    """Return an event as `told` does, as JSON; results that were written for the ledger are not written again."""
    if event.text is None or event.payload.keys() != {"returns"} or event.payload["returns"] is None:
        return text_of(told(event))
    return f"{text_of(_envelope(event))[:-1]},{event.text[1:]}"


def payload_of(report: BaseModel, envelope: frozenset[str]) -> dict[str, object]:
    """Return what a report has to say beside its envelope."""
    return report.model_dump(mode="json", exclude=set(envelope), exclude_none=True)
