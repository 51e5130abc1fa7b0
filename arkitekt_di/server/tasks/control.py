"""What is asked of running tasks: asked first, then confirmed by the agent."""

import asyncio
from typing import Any

from arkitekt_di.errors import RecordRefusedError, TaskNotFoundError
from arkitekt_di.messages.frames import Frame
from arkitekt_di.messages.orders import Cancel, Decide, Interrupt, Pause, Resume
from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.server.tasks.assigning import Assignments
from arkitekt_di.server.tasks.crew import Crew
from arkitekt_di.server.tasks.errands import Errands
from arkitekt_di.server.tasks.promise import Dispatch, TaskStore
from arkitekt_di.server.tasks.records import STOPPING, Instruct, Task

_STOPS: dict[Instruct, tuple[EventKind, EventKind, type[Cancel] | type[Interrupt]]] = {
    Instruct.CANCEL: (EventKind.CANCELLING, EventKind.CANCELLED, Cancel),
    Instruct.INTERRUPT: (EventKind.INTERRUPTING, EventKind.INTERRUPTED, Interrupt),
}


class Controls:
    """Cancels, interrupts, pauses, resumes, and decides.

    Parameters
    ----------
    store : TaskStore
    dispatch : Dispatch
    crew : Crew
    assignments : Assignments
    errands : Errands
    """

    def __init__(
        self, store: TaskStore, dispatch: Dispatch, crew: Crew, assignments: Assignments, errands: Errands
    ) -> None:
        self._store = store
        self._dispatch = dispatch
        self._crew = crew
        self._assignments = assignments
        self._errands = errands

    async def cancel(self, task: Task, interrupt_after_s: float | None = None) -> Task:
        """Ask a task's body to stop; interrupt it where it has not after some seconds."""
        stopping = await self._stop(task, Instruct.CANCEL)
        if interrupt_after_s is not None and stopping.ended_at is None:
            self._errands.run(self._escalate(task.id, interrupt_after_s), f"interrupt {task.id}")
        return stopping

    async def interrupt(self, task: Task) -> Task:
        """Stop a task's body and those of all that it has led to."""
        for child in await self._store.descendants(task.id):
            await self._stop_if_open(child)
        return await self._stop(task, Instruct.INTERRUPT)

    async def pause(self, task: Task) -> Task:
        """Let a task's body wait."""
        return await self._ask(task, EventKind.PAUSING, Instruct.PAUSE, Pause(task=task.id))

    async def resume(self, task: Task, *, only_step: bool = False) -> Task:
        """Let a task's body run on."""
        return await self._ask(task, EventKind.RESUMING, Instruct.RESUME, Resume(task=task.id, step=only_step))

    async def decide(
        self,
        task: Task,
        *,
        approved: bool,
        answer: str | None = None,
        values: dict[str, Any] | None = None,
        is_automatic: bool = False,
    ) -> Task:
        """Answer a task that waits for a person: one that is to begin, or one that asks while it runs."""
        if task.kind is not EventKind.HELD or task.ended_at is not None:
            raise RecordRefusedError(f"task {task.id} does not wait for a decision", "See what it does wait for")
        told = {"approved": approved, "answer": answer, "values": values, "auto": is_automatic}
        if task.session_id is not None:
            await self._note(task, EventKind.DECIDED, told, task.instruct)
            self._push(task, Decide(task=task.id, auto=is_automatic, approved=approved, answer=answer, values=values))
        elif approved:
            await self._store.release(task.id, {"answer": answer})
            self._assignments.wake(task.draft.agent_id)
        else:
            await self._store.finish_if(task.id, task.attempt, task.epoch, EventKind.DENIED, {"answer": answer})
        return await self._get(task.id)

    def repeat(self, task: Task) -> None:
        """Carry again what was asked of a task, because its agent was away."""
        if task.instruct in STOPPING:
            self._push(task, _STOPS[task.instruct][2](task=task.id))

    async def _stop(self, task: Task, instruct: Instruct) -> Task:
        asked, ended, order = _STOPS[instruct]
        await self._note(task, asked, {}, instruct)
        current = await self._get(task.id)
        if current.session_id is None:  # no body of it has begun, and from now on none will
            await self._store.finish_if(task.id, current.attempt, current.epoch, ended, {})
            return await self._get(task.id)
        self._push(current, order(task=task.id))
        return current

    async def _stop_if_open(self, task: Task) -> None:
        try:
            await self._stop(task, Instruct.INTERRUPT)
        except RecordRefusedError:  # it has ended in the same moment, which is what was wanted
            return

    async def _escalate(self, task_id: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        task = await self._store.get(task_id)
        if task is not None and task.ended_at is None and task.instruct is Instruct.CANCEL:
            await self.interrupt(task)

    async def _ask(self, task: Task, kind: EventKind, instruct: Instruct, order: Frame) -> Task:
        if task.session_id is None:
            raise RecordRefusedError(f"task {task.id} has not begun", "Cancel it, or wait until it runs")
        await self._note(task, kind, {}, instruct)
        self._push(task, order)
        return await self._get(task.id)

    async def _note(self, task: Task, kind: EventKind, payload: dict[str, Any], instruct: Instruct) -> None:
        if await self._store.note(task.id, kind, payload, instruct) is None:
            raise RecordRefusedError(f"task {task.id} has ended: {task.kind}", "There is nothing left to control")

    async def _get(self, task_id: str) -> Task:
        task = await self._store.get(task_id)
        if task is None:
            raise TaskNotFoundError(task_id)
        return task

    def _push(self, task: Task, order: Frame) -> None:
        connection = self._crew.at(task.draft.agent_id)
        if connection is not None and order.type in {"CANCEL", "INTERRUPT"}:
            connection.expect(task.id, order)
        self._dispatch.push(task.draft.agent_id, order)
