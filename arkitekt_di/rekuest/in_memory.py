"""A hub for functions that lives as long as the process: for tests, and to try things out."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from arkitekt_di.errors import ActionNotFoundError, ConnectionLostError, HubRefusedError
from arkitekt_di.messages.calls import (
    ActionRecord,
    AgentRecord,
    CallOrder,
    ImplementationRecord,
    OffererRecord,
    TaskEvent,
    TaskRecord,
    TaskSummary,
)
from arkitekt_di.messages.definitions import Implementation
from arkitekt_di.messages.frames import FEATURE_ATTEMPTS, FEATURE_CREDITS, Frame
from arkitekt_di.messages.orders import (
    Assign,
    AssignResponse,
    Cancel,
    Init,
    Inquiry,
    Interrupt,
    JournalAck,
    Pause,
    Resume,
)
from arkitekt_di.messages.reports import REPORTS, Acknowledge, AssignRequest, NumberedFrame, Register, TaskReport
from arkitekt_di.messages.tasks import PASSING_KINDS, TERMINAL_KINDS, EventKind
from arkitekt_di.rekuest.agent.door import closed


@dataclass(eq=False)
class _Agent:
    record: AgentRecord
    session: str | None = None
    socket: "InMemorySocket | None" = None
    positions: dict[str, int] = field(default_factory=dict)


@dataclass(eq=False)
class _Task:
    id: str
    order: CallOrder
    implementation: ImplementationRecord
    agent: _Agent
    session: str | None = None
    is_accepted: bool = False
    attempt: int = 1
    events: list[TaskEvent] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return any(event.kind in TERMINAL_KINDS for event in self.events)


class InMemorySocket:
    """The agent's end of a connection.

    Parameters
    ----------
    hub : InMemoryTaskHub
    """

    url = "memory://hub/agi"

    def __init__(self, hub: "InMemoryTaskHub") -> None:
        self._hub = hub
        self._inbox: asyncio.Queue[str | int] = asyncio.Queue()
        self.agent: _Agent | None = None
        self.is_open = True

    async def send(self, text: str) -> None:
        """Hand a frame to the hub."""
        if not self.is_open:
            raise ConnectionLostError(self.url, "the connection is closed")
        self._hub.receive(self, REPORTS.read(text))

    async def receive(self) -> str:
        """Return the next frame of the hub."""
        frame = await self._inbox.get()
        if isinstance(frame, int):
            raise closed(self.url, frame, "")
        return frame

    def push(self, frame: Frame) -> None:
        """Give a frame to the agent."""
        if self.is_open:
            self._inbox.put_nowait(frame.encoded())

    def end(self, code: int) -> None:
        """Close the connection from the hub's side."""
        self.is_open = False
        self._inbox.put_nowait(code)
        self._hub.left(self)

    async def close(self) -> None:
        """Close the connection from the agent's side."""
        if self.is_open:
            self.is_open = False
            self._hub.left(self)


class InMemoryTaskHub:
    """Agents and tasks in dictionaries; one user, whose agents are told apart by their tokens.

    It is door and desk at once.

    Attributes
    ----------
    accepts : bool
        Whether agents are let in; where not, connecting fails.
    confirms : bool
        Whether reports are confirmed.
    late_reports : list of Frame
        Reports of tasks that had ended, or of an attempt that another has replaced.
    frames : list of Frame
        Everything that agents sent.
    """

    def __init__(self) -> None:
        self.accepts = True
        self.confirms = True
        self.late_reports: list[Frame] = []
        self.frames: list[Frame] = []
        self._agents: dict[str, _Agent] = {}
        self._actions: dict[str, ActionRecord] = {}
        self._implementations: dict[str, ImplementationRecord] = {}
        self._tasks: dict[str, _Task] = {}
        self._references: dict[str, str] = {}
        self._watchers: list[asyncio.Queue[TaskEvent | None]] = []

    # --- the door ---------------------------------------------------------------------------------

    async def open(self) -> InMemorySocket:
        """Connect an agent."""
        if not self.accepts:
            raise ConnectionLostError(InMemorySocket.url, "the hub is not there")
        return InMemorySocket(self)

    def receive(self, socket: InMemorySocket, frame: Frame) -> None:
        """Take a frame of an agent."""
        self.frames.append(frame)
        if isinstance(frame, Register):
            self._register(socket, frame)
        elif isinstance(frame, AssignRequest):
            self._call_of_task(socket, frame)
        elif isinstance(frame, Acknowledge):
            self._tasks[frame.task].is_accepted = True
        elif isinstance(frame, NumberedFrame) and socket.agent is not None:
            self._record(socket, socket.agent, frame)

    def _call_of_task(self, socket: InMemorySocket, frame: AssignRequest) -> None:
        reference = f"{frame.parent}/{frame.call_key}"
        created = reference not in self._references
        asked = frame.model_dump(include={"args", "action", "implementation", "action_hash", "agent", "interface"})
        answer = {"request": frame.id, "reference": frame.reference or "", "created": created}
        try:
            record = self._ask(CallOrder(**asked, reference=reference))
        except HubRefusedError as error:
            socket.push(AssignResponse.model_validate({**answer, "error": "; ".join(error.messages)}))
        else:
            socket.push(AssignResponse.model_validate({**answer, "task": record.id}))

    def _register(self, socket: InMemorySocket, frame: Register) -> None:
        token = frame.token.get_secret_value()
        agent = self._agents.setdefault(
            token, _Agent(AgentRecord(id=str(len(self._agents) + 1), name=frame.name or "", connected=True))
        )
        if agent.socket is not None and agent.session != frame.session_id:
            if not frame.force:
                socket.end(4004)
                return
            agent.socket.end(4005)
        is_same = agent.session == frame.session_id
        agent.session, agent.socket, socket.agent = frame.session_id, socket, agent
        agent.record = agent.record.model_copy(update={"connected": True})
        for one in frame.implementations or ():
            self._implement(agent, Implementation.model_validate(one))
        own = [task for task in self._tasks.values() if task.agent is agent and not task.is_done]
        inquiries = tuple(Inquiry(task=task.id) for task in own if is_same and task.is_accepted)
        socket.push(Init(agent=agent.record.id, inquiries=inquiries, features=(FEATURE_ATTEMPTS, FEATURE_CREDITS)))
        for task in own:
            if not task.is_accepted:
                self._deliver(task)
            elif not is_same:
                self._lose(task)

    def _implement(self, agent: _Agent, implementation: Implementation) -> None:
        definition = implementation.definition
        members = definition.model_dump(include={"key", "name", "description", "kind", "args", "returns"})
        action = self._actions.setdefault(
            definition.hash, ActionRecord(id=str(len(self._actions) + 1), hash=definition.hash, **members)
        )
        interface = implementation.interface or definition.key
        key = f"{agent.record.id}-{interface}"
        self._implementations[key] = ImplementationRecord(
            id=key, interface=interface, action=action, agent=agent.record
        )

    def _record(self, socket: InMemorySocket, agent: _Agent, frame: NumberedFrame) -> None:
        session, pos = frame.journal_session or "", frame.pos or 0
        if pos > agent.positions.get(session, 0):
            agent.positions[session] = pos
            if isinstance(frame, TaskReport):
                self._report(frame)
        if self.confirms:
            socket.push(JournalAck(journal_session=session, pos=agent.positions[session]))

    def _report(self, frame: TaskReport) -> None:
        task = self._tasks.get(frame.task)
        if task is None or task.is_done or (frame.attempt or 1) != task.attempt:
            self.late_reports.append(frame)
            return
        task.is_accepted = True
        members = frame.model_dump(include={"returns", "message", "progress", "level", "error"})
        members["message"] = members.pop("error", None) or members.get("message")
        members = {key: value for key, value in members.items() if key in TaskEvent.model_fields}
        self._tell(task, EventKind(frame.type), **members)

    def left(self, socket: InMemorySocket) -> None:
        """Note that an agent's connection has ended; its tasks wait for the same process to come back."""
        agent = socket.agent
        if agent is not None and agent.socket is socket:
            agent.socket = None
            agent.record = agent.record.model_copy(update={"connected": False})

    def forget_process(self, agent_id: str) -> None:
        """Count the process behind an agent as dead: what it had accepted is lost."""
        for agent in self._agents.values():
            if agent.record.id == agent_id:
                agent.session = None
                for task in self._tasks.values():
                    if task.agent is agent and task.is_accepted and not task.is_done:
                        self._lose(task)

    def _lose(self, task: _Task) -> None:
        self._tell(task, EventKind.LOST, message="its agent is gone")

    def sockets(self) -> list[InMemorySocket]:
        """Return the connections of agents that are open."""
        return [agent.socket for agent in self._agents.values() if agent.socket is not None]

    # --- the desk ---------------------------------------------------------------------------------

    @property
    def misses_nothing(self) -> bool:
        """Whether what happens while nothing listens is told later."""
        return False

    async def actions(self, text: str | None, *, limit: int, offset: int) -> list[ActionRecord]:
        """Find actions by name."""
        wanted = (text or "").casefold()
        found = [one for one in self._actions.values() if wanted in one.name.casefold() or wanted in (one.key or "")]
        return found[offset : offset + limit]

    async def action(self, wanted: str) -> ActionRecord:
        """Return the action of an identifier, hash, key or name."""
        found = [one for one in self._actions.values() if wanted in {one.id, one.hash} or wanted in {one.key, one.name}]
        if len(found) == 1:
            return found[0]
        reason = "there are several: " + ", ".join(one.hash for one in found) if found else "there is none"
        raise ActionNotFoundError(wanted, reason)

    async def implementations(self, action_id: str) -> list[ImplementationRecord]:
        """Return who carries an action out."""
        return [
            one.model_copy(update={"agent": self._record_of(one)})
            for one in self._implementations.values()
            if one.action.id == action_id
        ]

    def _record_of(self, one: ImplementationRecord) -> AgentRecord:
        return next(agent.record for agent in self._agents.values() if agent.record.id == one.agent.id)

    async def offers(self, text: str | None, *, limit: int, offset: int) -> list[ImplementationRecord]:
        """Find who offers what, by name."""
        wanted = (text or "").casefold()
        found = [
            one.model_copy(update={"agent": self._record_of(one)})
            for one in self._implementations.values()
            if wanted in one.interface.casefold() or wanted in one.action.name.casefold()
        ]
        return found[offset : offset + limit]

    async def tasks(self, *, limit: int, offset: int) -> list[TaskSummary]:
        """Return tasks, the newest first."""
        return [self._summary(task) for task in reversed(self._tasks.values())][offset : offset + limit]

    def _summary(self, task: _Task) -> TaskSummary:
        implementation = task.implementation
        return TaskSummary(
            id=task.id,
            args=task.order.args,
            latest_event_kind=next(one.kind for one in reversed(task.events) if one.kind not in PASSING_KINDS),
            is_done=task.is_done,
            created_at=task.events[0].created_at,
            finished_at=task.events[-1].created_at if task.is_done else None,
            action=implementation.action,
            implementation=OffererRecord(
                id=implementation.id, interface=implementation.interface, agent=self._record_of(implementation)
            ),
        )

    async def implementation(self, implementation_id: str) -> ImplementationRecord:
        """Return one implementation."""
        if implementation_id not in self._implementations:
            raise ActionNotFoundError(implementation_id, "there is no such implementation")
        return self._implementations[implementation_id]

    async def assign(self, order: CallOrder) -> TaskRecord:
        """Ask for a task."""
        return self._ask(order)

    def _ask(self, order: CallOrder) -> TaskRecord:
        known = self._references.get(order.reference)
        if known is None:
            implementation = self._chosen(order)
            agent = next(a for a in self._agents.values() if a.record.id == implementation.agent.id)
            task = _Task(str(uuid.uuid4()), order, implementation, agent)
            known = self._references[order.reference] = task.id
            self._tasks[task.id] = task
            self._tell(task, EventKind.QUEUED)
            self._deliver(task)
        latest = EventKind(str(self._tasks[known].events[-1].kind))
        return TaskRecord(id=known, reference=order.reference, latest_event_kind=latest)

    def _chosen(self, order: CallOrder) -> ImplementationRecord:
        for one in self._implementations.values():
            is_wanted = (
                one.id == order.implementation
                or (order.action is not None and one.action.id == order.action)
                or (order.action_hash is not None and one.action.hash == order.action_hash)
                or (order.agent == one.agent.id and order.interface == one.interface)
            )
            if is_wanted:
                return one
        raise HubRefusedError("Assign", ["nobody offers this"], ["NOT_FOUND"])

    def _deliver(self, task: _Task) -> None:
        socket = task.agent.socket
        if socket is None:
            return
        task.session = task.agent.session
        socket.push(
            Assign(
                task=task.id,
                interface=task.implementation.interface,
                args=task.order.args,
                user="ada",
                org="lab",
                action=task.implementation.action.id,
                implementation=task.implementation.id,
                reference=task.order.reference,
                attempt=task.attempt,
            )
        )

    def redeliver(self, task_id: str) -> None:
        """Give a task to its agent again, as after a lost connection."""
        self._deliver(self._tasks[task_id])

    def _instruct(self, task_id: str, kind: EventKind, frame: Frame) -> None:
        task = self._tasks.get(task_id)
        if task is None:
            raise HubRefusedError(frame.type, ["there is no such task"], ["NOT_FOUND"])
        if task.is_done:
            return
        self._tell(task, kind)
        if task.agent.socket is not None:
            task.agent.socket.push(frame)

    async def cancel(self, task_id: str) -> None:
        """Ask a task's body to stop."""
        self._instruct(task_id, EventKind.CANCELLING, Cancel(task=task_id))

    async def interrupt(self, task_id: str) -> None:
        """Stop a task's body."""
        self._instruct(task_id, EventKind.INTERRUPTING, Interrupt(task=task_id))

    async def pause(self, task_id: str) -> None:
        """Let a task's body wait."""
        self._instruct(task_id, EventKind.PAUSING, Pause(task=task_id))

    async def resume(self, task_id: str) -> None:
        """Let a task's body go on."""
        self._instruct(task_id, EventKind.RESUMING, Resume(task=task_id))

    async def events(self, task_id: str) -> Sequence[TaskEvent]:
        """Return everything that has happened to a task so far."""
        if task_id not in self._tasks:
            raise HubRefusedError("TaskEvents", ["there is no such task"], ["NOT_FOUND"])
        return list(self._tasks[task_id].events)

    async def watch(self) -> AsyncGenerator[TaskEvent | None, None]:
        """Yield what happens to every task."""
        queue: asyncio.Queue[TaskEvent | None] = asyncio.Queue()
        self._watchers.append(queue)
        try:
            yield None
            while True:
                yield await queue.get()
        finally:
            self._watchers.remove(queue)

    def watch_all(self) -> AsyncGenerator[TaskEvent | None, None]:
        """Yield what happens to every task."""
        return self.watch()

    async def task(self, task_id: str) -> TaskSummary:
        """Return a task."""
        if task_id not in self._tasks:
            raise HubRefusedError("GetTask", ["there is no such task"], ["NOT_FOUND"])
        return self._summary(self._tasks[task_id])

    def reconnect_watchers(self) -> None:
        """Let the feeds of callers begin anew, as after a lost connection; what they have not read is lost to them."""
        for queue in self._watchers:
            while not queue.empty():
                queue.get_nowait()
            queue.put_nowait(None)

    def _tell(self, task: _Task, kind: EventKind, **members: Any) -> None:
        event = TaskEvent(
            id=f"{task.id}/{len(task.events)}", task=task.id, kind=kind, created_at=datetime.now(UTC), **members
        )
        task.events.append(event)
        for queue in self._watchers:
            queue.put_nowait(event)
