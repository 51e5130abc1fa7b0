"""What an agent asks of the hub for its tasks: calls of other functions, and control over them."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from uuid import uuid4

from arkitekt_di.errors import ArkitektError, RecordRefusedError, TaskNotFoundError
from arkitekt_di.messages import reports
from arkitekt_di.messages.frames import Frame
from arkitekt_di.messages.orders import AssignResponse, ControlResponse, ProbeResponse, StateRevisionResponse
from arkitekt_di.server.tasks.calls import Call, Target
from arkitekt_di.server.tasks.connection import AgentConnection
from arkitekt_di.server.tasks.feed import Feed
from arkitekt_di.server.tasks.records import Caller, Task
from arkitekt_di.server.tasks.service import TaskService
from arkitekt_di.server.tasks.showing import mirrored

_CONTROLS = (
    reports.CancelRequest,
    reports.InterruptRequest,
    reports.PauseRequest,
    reports.ResumeRequest,
)


class AgentCalls:
    """Answers the requests of one connection.

    Parameters
    ----------
    service : TaskService
    connection : AgentConnection
    """

    def __init__(self, service: TaskService, connection: AgentConnection) -> None:
        agent = connection.agent
        self._service = service
        self._connection = connection
        self._caller = Caller(agent.organization_id, agent.client_id, agent.user_id, agent.id)
        self._mirroring: asyncio.Task[None] | None = None

    async def answer(self, request: Frame) -> None:
        """Answer one request; frames that are none are passed over."""
        if isinstance(request, reports.AssignRequest):
            await self._answer_call(request)
        elif isinstance(request, _CONTROLS):
            await self._answer_control(request)
        elif isinstance(request, reports.ProbeRequest):
            self._connection.put(ProbeResponse(request=request.id, error="this hub has no probes; assign a task"))
        elif isinstance(request, reports.StateRevisionRequest):
            self._connection.put(
                StateRevisionResponse(request=request.id, error="this hub does not count revisions of states")
            )

    def stop(self) -> None:
        """Tell of no more events."""
        if self._mirroring is not None:
            self._mirroring.cancel()

    async def _answer_call(self, request: reports.AssignRequest) -> None:
        reference = request.reference or str(uuid4())
        try:
            parent = await self._parent(request)
            await self._mirror()
            call = _call_of(request, reference, parent)
            created = await self._service.assignments.assign(self._caller, call)
            _check_same(request, call, created.task)
        except ArkitektError as error:
            self._connection.put(
                AssignResponse(request=request.id, reference=reference, created=False, error=str(error))
            )
            return
        self._connection.put(
            AssignResponse(
                request=request.id, reference=created.task.draft.reference, task=created.task.id, created=created.is_new
            )
        )
        if not created.is_new:  # what it has missed, because it was not here; numbers tell what comes twice
            for event in await self._service.store.events(created.task.id):
                await self._tell(mirrored(event, self._connection.agent.features))

    async def _parent(self, request: reports.AssignRequest) -> Task:
        if request.parent is None:
            raise RecordRefusedError("a task without a parent is not called over the socket of an agent", "Use GraphQL")
        parent = await self._service.store.get(request.parent)
        if parent is None or parent.draft.agent_id != self._connection.agent.id:
            raise TaskNotFoundError(request.parent)
        if parent.ended_at is not None or parent.session_id != self._connection.lease.session_id:
            raise RecordRefusedError(f"task {parent.id} does not run here any more", "End it")
        return parent

    async def _mirror(self) -> None:
        if self._mirroring is None:
            since = await self._service.store.last_seq()
            listening = asyncio.Event()
            self._mirroring = self._service.errands.run(self._send_mirrors(since, listening.set), "tell of children")
            await listening.wait()

    async def _send_mirrors(self, since: int, listening: Callable[[], None]) -> None:
        service = self._service
        feed = Feed(service.store, service.bus, self._caller, since, service.settings.feed_events)
        listening()
        async with aclosing(feed.events()) as events:
            async for event in events:
                await self._tell(mirrored(event, self._connection.agent.features))

    async def _tell(self, mirror: Frame | None) -> None:
        if mirror is not None:
            await self._connection.put_when_free(mirror)

    async def _answer_control(
        self,
        request: reports.CancelRequest | reports.InterruptRequest | reports.PauseRequest | reports.ResumeRequest,
    ) -> None:
        try:
            await self._control(request, await self._own(request.task))
        except ArkitektError as error:
            refusal = ControlResponse(request=request.id, task=request.task, accepted=False, error=str(error))
            self._connection.put(refusal)
        else:
            self._connection.put(ControlResponse(request=request.id, task=request.task, accepted=True))

    async def _control(self, request: Frame, task: Task) -> None:
        controls = self._service.controls
        match request:
            case reports.CancelRequest():
                await controls.cancel(task, request.auto_interrupt)
            case reports.InterruptRequest():
                await controls.interrupt(task)
            case reports.PauseRequest():
                await controls.pause(task)
            case reports.ResumeRequest():
                await controls.resume(task, only_step=request.step)

    async def _own(self, task_id: str) -> Task:
        task = await self._service.store.get(task_id)
        if task is None or task.draft.caller != self._caller:
            raise TaskNotFoundError(task_id)
        return task


def _call_of(request: reports.AssignRequest, reference: str, parent: Task) -> Call:
    options = {
        "capture": request.capture,
        "step": request.step,
        "hooks": request.hooks,
        "resolution": request.resolution,
        "state_requires": request.state_requires,
        "prompt": request.prompt,
        "policy": parent.draft.options.get("policy"),
    }
    return Call(
        target=Target(
            implementation=request.implementation,
            agent=request.agent,
            interface=request.interface,
            action=request.action,
            action_hash=request.action_hash,
            dependency=request.dependency,
            method=request.method,
        ),
        args=request.args,
        reference=reference,
        parent=parent,
        parent_step=request.parent_step,
        call_key=request.call_key,
        options={name: value for name, value in options.items() if value},
    )


def _check_same(request: reports.AssignRequest, call: Call, task: Task) -> None:
    """Refuse a resumed workflow that calls something else where it called this before."""
    named = call.target.action
    if named is not None and task.draft.action_id != named:
        raise RecordRefusedError(
            f"Nondeterministic workflow: step {request.parent_step} called action {task.draft.action_id} before, "
            f"and calls {named} now",
            "Let a workflow decide by recorded values only",
        )
