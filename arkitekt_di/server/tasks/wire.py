"""What the service answers about tasks, and what happened to them."""

from datetime import datetime
from enum import Enum
from typing import Any, Self

import strawberry

from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.paging import Ordering
from arkitekt_di.server.tasks.audience import Audience
from arkitekt_di.server.tasks.records import Event, Instruct
from arkitekt_di.server.tasks.records import Task as TaskRecord
from arkitekt_di.server.tasks.service import TaskService
from arkitekt_di.server.tasks.showing import message_of, shown_kind, value_of
from arkitekt_di.server.tasks.wire_offers import Action, Client, Implementation, User, time_of
from arkitekt_di.server.tasks.wire_ports import AnyDefault

strawberry.enum(EventKind, name="TaskEventKind")
strawberry.enum(Instruct, name="TaskInstructKind")


@strawberry.enum
class LogLevel(Enum):
    """How much a line matters."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


@strawberry.enum
class TaskPolicy(Enum):
    """Whether what a task asks for waits for a person; ``AUTO`` where the caller says nothing."""

    ASK = "ASK"
    AUTO = "AUTO"


@strawberry.input
class TaskEventOrder:
    """In which order events are wanted; they have none but that of the ledger."""

    created_at: Ordering | None = None


@strawberry.type
class TaskEvent:
    """Something that happened to a task; ``id`` is its place in the ledger."""

    id: strawberry.ID
    task: strawberry.ID
    kind: EventKind
    returns: AnyDefault | None
    level: LogLevel
    message: str | None
    progress: int | None
    value: AnyDefault | None
    reference: str | None
    attempt: int
    created_at: datetime

    @classmethod
    def of(cls, event: Event) -> Self:
        """Show an event."""
        payload = event.payload
        return cls(
            id=strawberry.ID(str(event.seq)),
            task=strawberry.ID(event.task_id),
            kind=shown_kind(event.kind, is_ours=False),
            returns=_any(payload.get("returns")),
            level=LogLevel(payload.get("level") or "INFO"),
            message=message_of(event),
            progress=payload.get("progress"),
            value=_any(value_of(event)),
            reference=payload.get("reference"),
            attempt=event.attempt,
            created_at=time_of(event.created_at),
        )


@strawberry.type
class TaskInstruct:
    """Something that was asked of a task."""

    id: strawberry.ID
    kind: Instruct


@strawberry.type
class Task:
    """A call, and what has become of it."""

    id: strawberry.ID
    reference: str | None
    args: AnyDefault
    args_hash: str
    code_hash: str | None
    latest_event_kind: EventKind
    latest_instruct_kind: Instruct
    policy: TaskPolicy
    instructs: list[TaskInstruct]
    is_done: bool
    attempt: int
    caller: Client
    user: User
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    hidden_arguments: list[str]
    record: strawberry.Private[TaskRecord]
    audience: strawberry.Private[Audience]

    @strawberry.field
    async def parent(self, info: Info) -> "Task | None":
        """Return the task that called this one."""
        return await self._shown(info, self.record.draft.parent_id)

    @strawberry.field
    async def root(self, info: Info) -> "Task | None":
        """Return the task that all began with."""
        return await self._shown(info, self.record.draft.root_id)

    @strawberry.field
    async def events(
        self,
        info: Info,
        ordering: list[TaskEventOrder] = [],  # noqa: B006  # strawberry reads the default, nobody writes it
    ) -> list[TaskEvent]:
        """Return what happened, in the order in which it did."""
        events = await info.context.part(TaskService).store.events(self.id)
        return [TaskEvent.of(await self.audience.event(event)) for event in events]

    @strawberry.field
    def action(self, info: Info) -> Action | None:
        """Return what was called."""
        action = info.context.part(TaskService).offers.action(self.record.draft.action_id)
        return None if action is None else Action.of(action)

    @strawberry.field
    def implementation(self, info: Info) -> Implementation | None:
        """Return the function that carries it out."""
        service = info.context.part(TaskService)
        offer = service.offers.offer(self.record.draft.implementation_id)
        return None if offer is None else Implementation.of(offer, service)

    @classmethod
    async def of(cls, task: TaskRecord, audience: Audience) -> Self:
        """Show a task, with those of its arguments that *audience* is told."""
        draft, arguments = task.draft, await audience.arguments(task)
        return cls(
            id=strawberry.ID(task.id),
            reference=draft.reference,
            args=AnyDefault(dict(arguments.values or {})),
            args_hash=draft.args_hash,
            code_hash=draft.code_hash,
            latest_event_kind=shown_kind(task.kind, is_ours=False),
            latest_instruct_kind=task.instruct,
            policy=TaskPolicy(draft.options.get("policy") or "AUTO"),
            instructs=[TaskInstruct(id=strawberry.ID(f"{task.id}:latest"), kind=task.instruct)],
            is_done=task.ended_at is not None,
            attempt=task.attempt,
            caller=Client(id=strawberry.ID(draft.caller.client_id), client_id=draft.caller.client_id),
            user=User(sub=strawberry.ID(draft.caller.user_id)),
            created_at=time_of(task.created_at),
            updated_at=time_of(task.updated_at),
            finished_at=None if task.ended_at is None else time_of(task.ended_at),
            hidden_arguments=list(arguments.hidden),
            record=task,
            audience=audience,
        )

    async def _shown(self, info: Info, task_id: str | None) -> "Task | None":
        task = None if task_id is None else await info.context.part(TaskService).store.get(task_id)
        return None if task is None else await Task.of(task, self.audience)


@strawberry.type
class TaskChange:
    """A task that is new."""

    id: strawberry.ID
    reference: str | None
    is_done: bool
    latest_event_kind: EventKind
    latest_instruct_kind: Instruct
    updated_at: datetime
    created_at: datetime


@strawberry.type
class TaskEventChange:
    """An event that is new; ``id`` is its place in the ledger, to read on from."""

    id: strawberry.ID
    task: strawberry.ID
    kind: EventKind
    returns: AnyDefault | None
    message: str | None
    progress: int | None
    level: LogLevel
    value: AnyDefault | None
    attempt: int
    created_at: datetime


@strawberry.type
class TaskChangeEvent:
    """What the subscription sends: an event, and the task where that is new too."""

    create: TaskChange | None
    event: TaskEventChange | None

    @classmethod
    def of(cls, event: Event) -> Self:
        """Show an event."""
        shown = TaskEvent.of(event)
        create = None
        if event.payload.get("reference") is not None:
            create = TaskChange(
                id=shown.task,
                reference=shown.reference,
                is_done=False,
                latest_event_kind=shown.kind,
                latest_instruct_kind=Instruct.ASSIGN,
                updated_at=shown.created_at,
                created_at=shown.created_at,
            )
        change = TaskEventChange(
            id=shown.id,
            task=shown.task,
            kind=shown.kind,
            returns=shown.returns,
            message=shown.message,
            progress=shown.progress,
            level=shown.level,
            value=shown.value,
            attempt=shown.attempt,
            created_at=shown.created_at,
        )
        return cls(create=create, event=change)


def _any(value: Any) -> AnyDefault | None:
    return None if value is None else AnyDefault(value)
