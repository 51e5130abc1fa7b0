"""The desk of callers over a line of its own where the hub has one, and over GraphQL where it has none."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from arkitekt_di.errors import ConnectionLostError
from arkitekt_di.messages.calls import CallOrder, TaskEvent, TaskRecord
from arkitekt_di.messages.desk import Call, Called, Control, Follows, Wish
from arkitekt_di.protocols.transport import GraphQL
from arkitekt_di.rekuest.desk import Feed, GraphQLTaskDesk
from arkitekt_di.rekuest.line import Line, NoDeskError


class LineTaskDesk(GraphQLTaskDesk):
    """Asks the hub: calls and events over a line, everything else over GraphQL.

    Parameters
    ----------
    graphql : GraphQL
    feed : callable
        Follows a subscription, where the hub has no line.
    line, overview : Line
        For this caller's tasks, and for those of the organization.
    """

    def __init__(self, graphql: GraphQL, feed: Feed, line: Line, overview: Line) -> None:
        super().__init__(graphql, feed)
        self._line = line
        self._overview = overview
        self._has_line = True

    @property
    def misses_nothing(self) -> bool:
        """Whether what happens between two connections is told by the next."""
        return self._has_line

    async def assign(self, order: CallOrder) -> TaskRecord:
        """Ask for a task."""
        if not self._line.is_followed:
            return await super().assign(order)
        told = await self._line.ask(Call(order=order))
        if not isinstance(told, Called) or told.task is None:
            raise ConnectionLostError("the hub", "it sent an answer that cannot be used")
        return TaskRecord(id=told.task, reference=order.reference)

    async def cancel(self, task_id: str) -> None:
        """Ask a task's body to stop."""
        await self._control(task_id, "CANCEL")

    async def interrupt(self, task_id: str) -> None:
        """Stop a task's body."""
        await self._control(task_id, "INTERRUPT")

    async def pause(self, task_id: str) -> None:
        """Let a task's body wait."""
        await self._control(task_id, "PAUSE")

    async def resume(self, task_id: str) -> None:
        """Let a task's body go on."""
        await self._control(task_id, "RESUME")

    async def _control(self, task_id: str, wish: Wish) -> None:
        if self._line.is_followed:
            await self._line.ask(Control(task=task_id, wish=wish))
            return
        over_graphql = {
            "CANCEL": super().cancel,
            "INTERRUPT": super().interrupt,
            "PAUSE": super().pause,
            "RESUME": super().resume,
        }
        await over_graphql[wish](task_id)

    def watch(self) -> AsyncGenerator[TaskEvent | None, None]:
        """Yield what happens to this caller's tasks."""
        return self._watch(self._line, "own")

    def watch_all(self) -> AsyncGenerator[TaskEvent | None, None]:
        """Yield what happens to the tasks of everybody in the organization."""
        return self._watch(self._overview, "organization")

    async def _watch(self, line: Line, follows: Follows) -> AsyncGenerator[TaskEvent | None, None]:
        if self._has_line:
            try:
                async with aclosing(line.follow(follows)) as told:
                    async for events in told:
                        for event in (None,) if events is None else events:
                            yield event
            except NoDeskError:
                self._has_line = False
        async with aclosing(super().watch()) as feed:
            async for one in feed:
                yield one
