"""What the ledger writes: each function is one piece of a transaction."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from arkitekt_di.errors import LeaseLostError
from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.server.identifiers import new_ordered_identifier
from arkitekt_di.server.tasks import rules
from arkitekt_di.server.tasks.prepared import Prepared, Transaction
from arkitekt_di.server.tasks.records import STOPPING, Batch, Belonging, Created, Event, Lease, Task, TaskDraft
from arkitekt_di.server.tasks.rows import CHANGING, STATE_COLUMNS, event_row, row_of, state_of, task_from, task_of
from arkitekt_di.server.tasks.tables import AGENTS, DRAWERS, EVENTS, JOURNALS, LOCKS, STATES, TASKS

Rule = Callable[[Task], rules.Step]

_EPOCH = Prepared(select(AGENTS.c.epoch).where(AGENTS.c.id == bindparam("agent"), AGENTS.c.is_connected))
_STATES = select(*STATE_COLUMNS).with_for_update()
_ONE = Prepared(_STATES.where(TASKS.c.id == bindparam("task")))
_OF_AGENT = (TASKS.c.agent_id == bindparam("agent"), TASKS.c.ended_at.is_(None))
_WAITING = (
    select(TASKS)
    .where(*_OF_AGENT, TASKS.c.session_id.is_(None), TASKS.c.kind != EventKind.HELD.value)
    .where(TASKS.c.instruct.not_in(sorted(STOPPING)))
    .order_by(TASKS.c.created_at, TASKS.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_WAITING_CHILDREN = _WAITING.where(TASKS.c.parent_id.is_not(None))
_HELD = select(TASKS).where(*_OF_AGENT, TASKS.c.session_id.is_not(None)).with_for_update()
# The fence: a row that ended, or went to another attempt, since it was read is not written.
_SAVE = Prepared(
    update(TASKS).where(
        TASKS.c.id == bindparam("task"),
        TASKS.c.ended_at.is_(None),
        TASKS.c.attempt == bindparam("read_attempt"),
        TASKS.c.epoch.is_not_distinct_from(bindparam("read_epoch")),
    ),
    columns=CHANGING,
)
_BY_NAME = tuple(
    select(TASKS).where(*conditions)
    for conditions in (
        (TASKS.c.parent_id == bindparam("parent"), TASKS.c.call_key == bindparam("call")),
        (TASKS.c.parent_id == bindparam("parent"), TASKS.c.parent_step == bindparam("step")),
        (
            TASKS.c.organization_id == bindparam("organization"),
            TASKS.c.client_id == bindparam("client"),
            TASKS.c.user_id == bindparam("user"),
            TASKS.c.reference == bindparam("reference"),
        ),
    )
)
_CREATE = Prepared(
    {
        dialect.__name__.rpartition(".")[2]: dialect.insert(TASKS).on_conflict_do_nothing()
        for dialect in (sqlite, postgresql)
    },
    columns=[column.name for column in TASKS.c],
)
_POSITION = Prepared(
    {
        dialect.__name__.rpartition(".")[2]: dialect.insert(JOURNALS).on_conflict_do_update(
            index_elements=["agent_id", "session_id"], set_={"pos": dialect.insert(JOURNALS).excluded.pos}
        )
        for dialect in (sqlite, postgresql)
    },
    columns=["agent_id", "session_id", "pos"],
)
_RECORD_ONE = Prepared(insert(EVENTS), columns=["task_id", "kind", "attempt", "payload", "created_at"])
_RECORD = insert(EVENTS).returning(EVENTS.c.seq, sort_by_parameter_order=True)
_BELONGINGS: dict[str, tuple[Table, str]] = {
    "state": (STATES, "name"),
    "lock": (LOCKS, "key"),
    "drawer": (DRAWERS, "resource_id"),
}


def disconnect_all(transaction: Transaction) -> None:
    """Note that no agent is connected."""
    transaction.connection.execute(update(AGENTS).values(is_connected=False))


def take_lease(transaction: Transaction, agent_id: str, session_id: str, now: float) -> Lease:
    """Give the next lease of an agent."""
    row = transaction.connection.execute(
        update(AGENTS)
        .where(AGENTS.c.id == agent_id)
        .values(epoch=AGENTS.c.epoch + 1, session_id=session_id, is_connected=True, seen_at=now)
        .returning(AGENTS.c.epoch)
    ).one()
    return Lease(agent_id, session_id, row.epoch)


def end_lease(transaction: Transaction, lease: Lease, now: float) -> bool:
    """Note that the holder of a lease is gone."""
    ended = transaction.connection.execute(
        update(AGENTS)
        .where(AGENTS.c.id == lease.agent_id, AGENTS.c.epoch == lease.epoch, AGENTS.c.is_connected)
        .values(is_connected=False, seen_at=now)
    )
    return ended.rowcount == 1


def create(transaction: Transaction, draft: TaskDraft, lease: Lease | None, now: float) -> Created:
    """Record a task unless it was named before."""
    kind = EventKind.HELD if draft.is_held else EventKind.QUEUED
    task = Task(new_ordered_identifier(), draft, created_at=now, updated_at=now, kind=kind)
    if lease is not None and task.is_waiting and _is_good(transaction, lease):
        task = rules.claimed(task, lease, now)
    if _CREATE.change(transaction, row_of(task)) == 0:
        known = _known(transaction, draft)
        if known is None:
            message = "a task was named before, but cannot be found"
            raise RuntimeError(message)
        return Created(known, is_new=False)
    event = Event(task.id, kind, 0, {"reference": draft.reference}, now, draft.caller)
    _record(transaction, [event])
    return Created(task, is_new=True, events=(event,))


def claim(transaction: Transaction, lease: Lease, limit: int, now: float, *, only_children: bool) -> tuple[Task, ...]:
    """Give waiting tasks to the holder of a lease."""
    if not _is_good(transaction, lease):
        return ()
    wanted = _WAITING_CHILDREN if only_children else _WAITING
    waiting = [task_of(row) for row in transaction.connection.execute(wanted, {"agent": lease.agent_id, "most": limit})]
    taken = [rules.claimed(task, lease, now) for task in waiting]
    _save(transaction, zip(waiting, taken, strict=True))
    return tuple(taken)


def reclaim(transaction: Transaction, lease: Lease) -> tuple[Task, ...]:
    """Let the tasks of a lease's session go on under its epoch."""
    if not _is_good(transaction, lease):
        return ()
    transaction.connection.execute(
        update(TASKS)
        .where(TASKS.c.agent_id == lease.agent_id, TASKS.c.ended_at.is_(None), TASKS.c.session_id == lease.session_id)
        .values(epoch=lease.epoch)
    )
    return tuple(task_of(row) for row in transaction.connection.execute(_HELD, {"agent": lease.agent_id}))


def append(transaction: Transaction, lease: Lease, batch: Batch, now: float) -> tuple[Event, ...]:
    """Record what an agent sent."""
    if not _is_good(transaction, lease):
        raise LeaseLostError(lease.agent_id, lease.epoch)
    read = _read(transaction, {report.task_id for report in batch.reports}, lease.agent_id)
    tasks, events = dict(read), []
    for report in batch.reports:
        if report.task_id in tasks:
            tasks[report.task_id], event = rules.reported(tasks[report.task_id], report, now)
            events += [event] if event is not None else []
    _save(transaction, ((read[task_id], task) for task_id, task in tasks.items() if task is not read[task_id]))
    _record(transaction, events)
    for belonging in batch.belongings:
        _put_belonging(transaction, lease.agent_id, belonging)
    for session_id, pos in batch.positions.items():
        row = {"agent_id": lease.agent_id, "session_id": session_id, "pos": pos}
        _POSITION.change(transaction, row)
    return tuple(events)


def apply(transaction: Transaction, task_id: str, rule: Rule) -> Event | None:
    """Take one task to its next state by a rule."""
    task = _task(transaction, task_id)
    if task is None:
        return None
    changed, event = rule(task)
    if event is not None:
        _save(transaction, [(task, changed)])
        _record(transaction, [event])
    return event


def sweep(transaction: Transaction, ended_before: float, limit: int) -> int:
    """Remove old tasks; their events go with them."""
    old = select(TASKS.c.id).where(TASKS.c.ended_at < ended_before).limit(limit)
    return transaction.connection.execute(delete(TASKS).where(TASKS.c.id.in_(old))).rowcount


def events_in(result: object) -> tuple[Event, ...]:
    """Return the events that a piece of work has recorded."""
    if isinstance(result, Event):
        return (result,)
    if isinstance(result, Created):
        return result.events
    return tuple(part for part in result if isinstance(part, Event)) if isinstance(result, tuple) else ()


def _is_good(transaction: Transaction, lease: Lease) -> bool:
    found = _EPOCH.rows(transaction, {"agent": lease.agent_id})
    return bool(found) and found[0]["epoch"] == lease.epoch


def _known(transaction: Transaction, draft: TaskDraft) -> Task | None:
    """Return the task that the caller or the parent has named so before; the parent's own name counts first."""
    names = {
        "organization": draft.caller.organization_id,
        "client": draft.caller.client_id,
        "user": draft.caller.user_id,
        "reference": draft.reference,
        "parent": draft.parent_id,
        "step": draft.parent_step,
        "call": draft.call_key,
    }
    for statement in _BY_NAME:
        row = transaction.connection.execute(statement, names).one_or_none()
        if row is not None:
            return task_of(row)
    return None


def _read(transaction: Transaction, ids: set[str], agent_id: str) -> dict[str, Task]:
    # In order, so that two who write the same rows in PostgreSQL wait for one another, not for each other.
    tasks = [task for task_id in sorted(ids) if (task := _task(transaction, task_id)) is not None]
    return {task.id: task for task in tasks if task.draft.agent_id == agent_id}


def _task(transaction: Transaction, task_id: str) -> Task | None:
    rows = _ONE.rows(transaction, {"task": task_id})
    return task_from(rows[0]) if rows else None


def _save(transaction: Transaction, changes: Iterable[tuple[Task, Task]]) -> None:
    rows = [
        {"task": before.id, "read_attempt": before.attempt, "read_epoch": before.epoch, **state_of(after)}
        for before, after in changes
    ]
    if sum(_SAVE.change(transaction, row) for row in rows) != len(rows):
        message = "a task was changed by another writer in the same moment"
        raise RuntimeError(message)


def _record(transaction: Transaction, events: list[Event]) -> None:
    if len(events) <= 1 or transaction.driver is not None:  # where a statement crosses no network
        for event in events:
            event.seq = _RECORD_ONE.insert(transaction, event_row(event))
    else:
        numbers = transaction.connection.execute(_RECORD, [event_row(event) for event in events]).scalars()
        for event, seq in zip(events, numbers, strict=True):
            event.seq = seq


def _put_belonging(transaction: Transaction, agent_id: str, belonging: Belonging) -> None:
    table, key = _BELONGINGS[belonging.kind]
    if belonging.values is None:
        transaction.connection.execute(delete(table).where(table.c.agent_id == agent_id, table.c[key] == belonging.key))
        return
    values = {
        name: json.dumps(value) if table is STATES and name == "value" else value
        for name, value in belonging.values.items()
    }
    _upsert(transaction, table, {"agent_id": agent_id, key: belonging.key}, values)


def _upsert(transaction: Transaction, table: Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    dialect = postgresql if transaction.connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(**key, **values)
    transaction.connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))
