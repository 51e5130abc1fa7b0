"""What the functions of an app ask of the hub: a socket for the agent, and a desk for callers."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from arkitekt_di.messages.calls import (
    ActionRecord,
    CallOrder,
    ImplementationRecord,
    TaskEvent,
    TaskRecord,
    TaskSummary,
)


class AgentSocket(Protocol):
    """An open connection of an agent.

    `send` and `receive` raise `ConnectionLostError` where the connection breaks, and `AgentRefusedError` where the
    hub ends it for good.
    """

    @property
    def url(self) -> str:
        """The other end, for messages; holds no secret."""
        ...

    async def send(self, text: str) -> None:
        """Send one frame."""
        ...

    async def receive(self) -> str:
        """Return the next frame."""
        ...

    async def close(self) -> None:
        """Close the connection; never raises."""
        ...


class AgentDoor(Protocol):
    """Where agents connect."""

    async def open(self) -> AgentSocket:
        """Connect; raises `ConnectionLostError` where nothing answers."""
        ...


class TaskDesk(Protocol):
    """Where callers find functions, call them, and hear of their tasks.

    Every method may raise `ConnectionLostError`, `LoginRequiredError` and `HubRefusedError`.
    """

    @property
    def misses_nothing(self) -> bool:
        """Whether `watch` tells later what happened while nothing listened."""
        ...

    async def actions(self, text: str | None, *, limit: int, offset: int) -> list[ActionRecord]:
        """Find actions whose name contains *text*; all where it is None."""
        ...

    async def action(self, wanted: str) -> ActionRecord:
        """Return the action of an identifier, hash, key or name.

        Raises
        ------
        ActionNotFoundError
            There is none, or there are several.
        """
        ...

    async def implementations(self, action_id: str) -> list[ImplementationRecord]:
        """Return who carries an action out."""
        ...

    async def offers(self, text: str | None, *, limit: int, offset: int) -> list[ImplementationRecord]:
        """Find who offers what, by names that contain *text*; all where it is None."""
        ...

    async def tasks(self, *, limit: int, offset: int) -> list[TaskSummary]:
        """Return tasks of the organization, the newest first."""
        ...

    async def implementation(self, implementation_id: str) -> ImplementationRecord:
        """Return one implementation; raises `ActionNotFoundError`."""
        ...

    async def assign(self, order: CallOrder) -> TaskRecord:
        """Ask for a task; the same reference again is the same task."""
        ...

    async def cancel(self, task_id: str) -> None:
        """Ask a task's body to stop."""
        ...

    async def interrupt(self, task_id: str) -> None:
        """Stop a task's body, and the tasks that it called."""
        ...

    async def pause(self, task_id: str) -> None:
        """Let a task's body wait."""
        ...

    async def resume(self, task_id: str) -> None:
        """Let a task's body go on."""
        ...

    async def events(self, task_id: str) -> Sequence[TaskEvent]:
        """Return everything that has happened to a task so far, in order; raises `TaskNotFoundError`."""
        ...

    def watch(self) -> AsyncGenerator[TaskEvent | None, None]:
        """Yield what happens to this caller's tasks from now on; None each time it has (again) begun to listen.

        What happened while nothing listened is told only where `misses_nothing`: else whoever waits for a task asks for
        its `events` at each None.
        """
        ...

    def watch_all(self) -> AsyncGenerator[TaskEvent | None, None]:
        """Yield what happens to the tasks of everybody in the organization, as `watch` does.

        A hub that does not tell of others' tasks tells of this caller's alone.
        """
        ...

    async def task(self, task_id: str) -> TaskSummary:
        """Return a task of the organization; raises `HubRefusedError` where there is none."""
        ...
