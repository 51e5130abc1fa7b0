"""The ledger on a database: SQLite with one writer and group commit, or any other that SQLAlchemy has a driver for."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Executable, Row, func, select

from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.server.tasks import ledger_writes as writes
from arkitekt_di.server.tasks import rules
from arkitekt_di.server.tasks.commits import Connector, Durability, GroupCommit, connector_for
from arkitekt_di.server.tasks.prepared import Transaction
from arkitekt_di.server.tasks.promise import Wanted
from arkitekt_di.server.tasks.records import (
    Batch,
    Belonging,
    Created,
    Event,
    Instruct,
    Lease,
    Place,
    Task,
    TaskDraft,
    Whose,
)
from arkitekt_di.server.tasks.rows import (
    EVENT_COLUMNS,
    STATE_COLUMNS,
    WAITING,
    conditions_of,
    event_of,
    owned_by,
    task_of,
)
from arkitekt_di.server.tasks.tables import DRAWERS, EVENTS, JOURNALS, LOCKS, STATES, TASKS

T = TypeVar("T")


class Ledger:
    """Keeps the promise `TaskStore` in the hub's database.

    Parameters
    ----------
    url : str
        SQLAlchemy address, with an async driver.
    durability : {'process', 'power'}
        What a commit survives; databases other than SQLite decide for themselves.
    publish : callable, optional
        Told of every event that is recorded.
    clock : callable, default time.time
        Returns seconds since 1970, UTC.
    """

    def __init__(
        self,
        url: str,
        durability: Durability,
        publish: Callable[[Sequence[Event]], None] | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._publish = publish
        self._url = url
        self._durability: Durability = durability
        self._clock = clock
        self._connector: Connector | None = None
        self._commits: GroupCommit | None = None

    async def start(self) -> None:
        """Open the ledger."""
        self._connector = connector_for(self._url, self._durability)
        self._commits = GroupCommit(self._connector, self._tell)
        await self._write(writes.disconnect_all)

    async def stop(self) -> None:
        """Record what was handed over, and close the ledger."""
        if self._commits is not None and self._connector is not None:
            await self._commits.stop()
            await self._connector.close()
        self._commits = self._connector = None

    async def take_lease(self, agent_id: str, session_id: str) -> Lease:
        """Give a new lease for an agent."""
        now = self._clock()
        return await self._write(lambda transaction: writes.take_lease(transaction, agent_id, session_id, now))

    async def end_lease(self, lease: Lease) -> bool:
        """Note that a connection has ended."""
        return await self._write(lambda transaction: writes.end_lease(transaction, lease, self._clock()))

    async def create_if_absent(self, draft: TaskDraft, lease: Lease | None = None) -> Created:
        """Record a task unless its caller or its parent has named it before."""
        return await self._write(lambda transaction: writes.create(transaction, draft, lease, self._clock()))

    async def claim(self, lease: Lease, limit: int, *, only_children: bool = False) -> tuple[Task, ...]:
        """Give the holder of a lease tasks that wait for its agent."""
        return await self._write(
            lambda transaction: writes.claim(transaction, lease, limit, self._clock(), only_children=only_children)
        )

    async def reclaim(self, lease: Lease) -> tuple[Task, ...]:
        """Return all open tasks that the agent has."""
        return await self._write(lambda transaction: writes.reclaim(transaction, lease))

    async def append_events(self, lease: Lease, batch: Batch) -> tuple[Event, ...]:
        """Record what an agent sent."""
        return await self._write(lambda transaction: writes.append(transaction, lease, batch, self._clock()))

    async def note(self, task_id: str, kind: EventKind, payload: dict[str, Any], instruct: Instruct) -> Event | None:
        """Record what was asked of an open task."""
        return await self._apply(task_id, lambda task: rules.noted(task, kind, payload, instruct, self._clock()))

    async def release(self, task_id: str, payload: dict[str, Any]) -> Event | None:
        """Let a held task be taken."""
        return await self._apply(task_id, lambda task: rules.released(task, payload, self._clock()))

    async def finish_if(
        self, task_id: str, attempt: int, epoch: int | None, kind: EventKind, payload: dict[str, Any]
    ) -> Event | None:
        """End a task where this is its attempt still."""
        return await self._apply(
            task_id, lambda task: rules.finished(task, attempt, epoch, kind, payload, self._clock())
        )

    async def requeue_if(
        self, task_id: str, attempt: int, epoch: int | None, payload: dict[str, Any], place: Place | None = None
    ) -> Event | None:
        """Let a task wait for an agent again."""
        return await self._apply(
            task_id, lambda task: rules.requeued(task, attempt, epoch, payload, place, self._clock())
        )

    async def held(self, agent_id: str, session_id: str) -> tuple[Task, ...]:
        """Return the open tasks that a process of an agent has."""
        found = select(*STATE_COLUMNS).where(
            TASKS.c.agent_id == agent_id, TASKS.c.session_id == session_id, TASKS.c.ended_at.is_(None)
        )
        return tuple(task_of(row) for row in await self._read(found.order_by(TASKS.c.created_at, TASKS.c.id)))

    async def get(self, task_id: str) -> Task | None:
        """Return a task."""
        rows = await self._read(select(TASKS).where(TASKS.c.id == task_id))
        return task_of(rows[0]) if rows else None

    async def descendants(self, task_id: str) -> tuple[Task, ...]:
        """Return the open tasks that a task has led to."""
        tree = select(TASKS.c.id).where(TASKS.c.parent_id == task_id).cte("tree", recursive=True)
        tree = tree.union(select(TASKS.c.id).where(TASKS.c.parent_id == tree.c.id))
        found = select(*STATE_COLUMNS).where(TASKS.c.id.in_(select(tree.c.id)), TASKS.c.ended_at.is_(None))
        return tuple(task_of(row) for row in await self._read(found.order_by(TASKS.c.created_at)))

    async def find(self, wanted: Wanted, limit: int, offset: int) -> tuple[Task, ...]:
        """Return one page of tasks, the newest first."""
        newest = select(TASKS).order_by(TASKS.c.created_at.desc(), TASKS.c.id.desc())
        page = newest.where(*conditions_of(wanted)).limit(limit).offset(offset)
        return tuple(task_of(row) for row in await self._read(page))

    async def events(self, task_id: str) -> tuple[Event, ...]:
        """Return what happened to a task."""
        found = select(*EVENT_COLUMNS).join_from(EVENTS, TASKS).where(EVENTS.c.task_id == task_id)
        return tuple(event_of(row) for row in await self._read(found.order_by(EVENTS.c.seq)))

    async def events_after(self, seq: int, whose: Whose, limit: int) -> tuple[Event, ...]:
        """Return events of the tasks of a caller, or of an organization."""
        found = select(*EVENT_COLUMNS).join_from(EVENTS, TASKS).where(EVENTS.c.seq > seq, *owned_by(whose))
        return tuple(event_of(row) for row in await self._read(found.order_by(EVENTS.c.seq).limit(limit)))

    async def last_seq(self) -> int:
        """Return the number of the latest event."""
        rows = await self._read(select(func.max(EVENTS.c.seq)))
        return rows[0][0] or 0

    async def positions(self, agent_id: str) -> dict[str, int]:
        """Return how far the journal of each session of an agent is recorded."""
        rows = await self._read(select(JOURNALS.c.session_id, JOURNALS.c.pos).where(JOURNALS.c.agent_id == agent_id))
        return {row.session_id: row.pos for row in rows}

    async def belongings(self, agent_id: str) -> tuple[Belonging, ...]:
        """Return the states, locks and values in memory of an agent."""
        states = await self._read(select(STATES).where(STATES.c.agent_id == agent_id))
        locks = await self._read(select(LOCKS).where(LOCKS.c.agent_id == agent_id))
        drawers = await self._read(select(DRAWERS).where(DRAWERS.c.agent_id == agent_id))
        return (
            *(
                Belonging(
                    "state",
                    row.name,
                    {"value": json.loads(row.value), "revision": row.revision, "session_id": row.session_id},
                )
                for row in states
            ),
            *(Belonging("lock", row.key, {"task_id": row.task_id}) for row in locks),
            *(Belonging("drawer", row.resource_id, _without_key(row)) for row in drawers),
        )

    async def holders(self) -> tuple[tuple[str, str], ...]:
        """Return agent and session of everyone who has an open task."""
        held = select(TASKS.c.agent_id, TASKS.c.session_id).where(
            TASKS.c.ended_at.is_(None), TASKS.c.session_id.is_not(None)
        )
        return tuple((row.agent_id, row.session_id) for row in await self._read(held.distinct()))

    async def waiting(self, agent_id: str) -> tuple[Task, ...]:
        """Return the open tasks that wait for an agent."""
        found = select(*STATE_COLUMNS).where(TASKS.c.agent_id == agent_id, *WAITING)
        return tuple(task_of(row) for row in await self._read(found.order_by(TASKS.c.created_at, TASKS.c.id)))

    async def awaited(self) -> tuple[str, ...]:
        """Return every agent that an open task waits for."""
        return tuple(row.agent_id for row in await self._read(select(TASKS.c.agent_id).where(*WAITING).distinct()))

    async def sweep(self, ended_before: float, limit: int) -> int:
        """Remove tasks that ended before a time."""
        return await self._write(lambda transaction: writes.sweep(transaction, ended_before, limit))

    def _tell(self, result: object) -> None:
        if self._publish is not None and (events := writes.events_in(result)):
            self._publish(events)

    async def _apply(self, task_id: str, rule: writes.Rule) -> Event | None:
        return await self._write(lambda transaction: writes.apply(transaction, task_id, rule))

    async def _write(self, work: Callable[[Transaction], T]) -> T:
        if self._commits is None:
            message = "the ledger is not open"
            raise RuntimeError(message)
        return await self._commits.write(work)

    async def _read(self, statement: Executable) -> list[Row[Any]]:
        if self._connector is None:
            message = "the ledger is not open"
            raise RuntimeError(message)
        return await self._connector.read(lambda connection: list(connection.execute(statement)))


def _without_key(row: Row[Any]) -> dict[str, Any]:
    values = row._mapping  # noqa: SLF001  # the public name of it in SQLAlchemy
    return {name: value for name, value in values.items() if name not in {"agent_id", "resource_id"}}
