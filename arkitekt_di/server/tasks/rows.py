"""Tasks and events as rows: how they are written, and how they are read back."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import ColumnElement, Row

from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.server.tasks.promise import Wanted
from arkitekt_di.server.tasks.records import STOPPING, Caller, Event, Instruct, Organization, Task, TaskDraft, Whose
from arkitekt_di.server.tasks.tables import EVENTS, TASKS

CALLER_COLUMNS = (TASKS.c.organization_id, TASKS.c.client_id, TASKS.c.user_id, TASKS.c.caller_agent_id)

STATE_COLUMNS = tuple(column for column in TASKS.c if column.name != "args")
"""All but the arguments, which can be large and change nothing."""

CHANGING = (
    *("agent_id", "implementation_id", "interface", "kind", "instruct", "attempt", "epoch", "session_id"),
    *("is_picked_up", "is_started", "last_progress", "last_step", "updated_at", "ended_at"),
)
"""Names of the columns that change in the life of a task, as `state_of` writes them."""

EVENT_COLUMNS = (*EVENTS.c, *CALLER_COLUMNS)


def task_of(row: Row[Any]) -> Task:
    """Read a task; its arguments are empty where they were not asked for."""
    return task_from(dict(row._mapping))  # noqa: SLF001  # the public name of it in SQLAlchemy


def task_from(values: Mapping[str, Any]) -> Task:
    """Read a task from the values of its columns; flags may be numbers."""
    draft = TaskDraft(
        caller=_caller_of(values),
        reference=values["reference"],
        action_id=values["action_id"],
        implementation_id=values["implementation_id"],
        agent_id=values["agent_id"],
        interface=values["interface"],
        args=values.get("args", ""),
        args_hash=values["args_hash"],
        code_hash=values["code_hash"],
        parent_id=values["parent_id"],
        root_id=values["root_id"],
        parent_step=values["parent_step"],
        call_key=values["call_key"],
        options=from_json(values["options"]),
        effects=values["effects"],
        execution=values["execution"],
        is_repeatable=bool(values["is_repeatable"]),
    )
    return Task(
        id=values["id"],
        draft=draft,
        created_at=values["created_at"],
        updated_at=values["updated_at"],
        kind=EventKind(values["kind"]),
        instruct=Instruct(values["instruct"]),
        attempt=values["attempt"],
        epoch=values["epoch"],
        session_id=values["session_id"],
        is_picked_up=bool(values["is_picked_up"]),
        is_started=bool(values["is_started"]),
        last_progress=values["last_progress"],
        last_step=values["last_step"],
        ended_at=values["ended_at"],
    )


WAITING: tuple[ColumnElement[bool], ...] = (
    TASKS.c.ended_at.is_(None),
    TASKS.c.session_id.is_(None),
    TASKS.c.kind != EventKind.HELD.value,
    TASKS.c.instruct.not_in(sorted(STOPPING)),
)
"""What holds for the rows of tasks that an agent may take."""


def conditions_of(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return what has to hold for the rows of the tasks that are looked for."""
    conditions = [TASKS.c.organization_id == wanted.organization_id]
    conditions += [TASKS.c[name] == value for name, value in wanted.same.items()]
    if wanted.ids is not None:
        conditions.append(TASKS.c.id.in_(wanted.ids))
    if wanted.kinds is not None:
        conditions.append(TASKS.c.kind.in_([kind.value for kind in wanted.kinds]))
    if wanted.is_done is not None:
        conditions.append(TASKS.c.ended_at.is_not(None) == wanted.is_done)
    if wanted.is_root is not None:
        conditions.append(TASKS.c.parent_id.is_(None) == wanted.is_root)
    if wanted.after is not None:
        conditions.append(TASKS.c.created_at > wanted.after)
    if wanted.before is not None:
        conditions.append(TASKS.c.created_at < wanted.before)
    return conditions


def owned_by(whose: Whose) -> list[ColumnElement[bool]]:
    """Return what has to hold for the rows of the tasks of a caller, or of an organization."""
    if isinstance(whose, Organization):
        return [TASKS.c.organization_id == whose.id]
    return [
        TASKS.c.organization_id == whose.organization_id,
        TASKS.c.client_id == whose.client_id,
        TASKS.c.user_id == whose.user_id,
        *([] if whose.agent_id is None else [TASKS.c.caller_agent_id == whose.agent_id]),
    ]


def row_of(task: Task) -> dict[str, Any]:
    """Write a new task."""
    draft = task.draft
    return {
        "id": task.id,
        "organization_id": draft.caller.organization_id,
        "user_id": draft.caller.user_id,
        "client_id": draft.caller.client_id,
        "caller_agent_id": draft.caller.agent_id,
        "reference": draft.reference,
        "root_id": draft.root_id,
        "parent_id": draft.parent_id,
        "parent_step": draft.parent_step,
        "call_key": draft.call_key,
        "action_id": draft.action_id,
        "args": draft.args,
        "args_hash": draft.args_hash,
        "code_hash": draft.code_hash,
        "options": text_of(draft.options),
        "effects": draft.effects,
        "execution": draft.execution,
        "is_repeatable": draft.is_repeatable,
        "created_at": task.created_at,
        **state_of(task),
    }


def state_of(task: Task) -> dict[str, Any]:
    """Write what changes of a task."""
    return {
        "agent_id": task.draft.agent_id,
        "implementation_id": task.draft.implementation_id,
        "interface": task.draft.interface,
        "kind": task.kind.value,
        "instruct": task.instruct.value,
        "attempt": task.attempt,
        "epoch": task.epoch,
        "session_id": task.session_id,
        "is_picked_up": task.is_picked_up,
        "is_started": task.is_started,
        "last_progress": task.last_progress,
        "last_step": task.last_step,
        "updated_at": task.updated_at,
        "ended_at": task.ended_at,
    }


def event_of(row: Row[Any]) -> Event:
    """Read an event."""
    values = row._mapping  # noqa: SLF001  # the public name of it in SQLAlchemy
    return Event(
        task_id=values["task_id"],
        kind=EventKind(values["kind"]),
        attempt=values["attempt"],
        payload=from_json(values["payload"]) if values["payload"] else {},
        created_at=values["created_at"],
        caller=_caller_of(values),
        seq=values["seq"],
    )


def event_row(event: Event) -> dict[str, Any]:
    """Write an event."""
    event.text = text_of(event.payload) if event.payload else None
    return {
        "task_id": event.task_id,
        "kind": event.kind.value,
        "attempt": event.attempt,
        "payload": event.text,
        "created_at": event.created_at,
    }


def text_of(value: Any) -> str:
    """Write a value as JSON."""
    try:
        return to_json(value).decode()
    except ValueError:  # half a surrogate: it has a JSON form, but none in UTF-8
        return json.dumps(value, separators=(",", ":"))


def _caller_of(values: Any) -> Caller:
    return Caller(values["organization_id"], values["client_id"], values["user_id"], values["caller_agent_id"])
