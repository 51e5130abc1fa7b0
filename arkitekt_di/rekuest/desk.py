"""The desk of callers at the hub, over GraphQL."""

import logging
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Final

from arkitekt_di.errors import ActionNotFoundError, HubRefusedError
from arkitekt_di.messages.calls import (
    ActionRecord,
    CallOrder,
    ImplementationRecord,
    TaskEvent,
    TaskRecord,
    TaskSummary,
)
from arkitekt_di.protocols.transport import GraphQL
from arkitekt_di.rekuest import documents

logger = logging.getLogger(__name__)

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_ID: Final = re.compile(r"\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Feed = Callable[[str], AsyncGenerator[dict[str, Any] | None, None]]
"""Yields the data of a subscription, from connection to connection; None at the beginning of each."""


class GraphQLTaskDesk:
    """Asks the hub.

    Parameters
    ----------
    graphql : GraphQL
    feed : callable
        Follows a subscription.
    """

    def __init__(self, graphql: GraphQL, feed: Feed) -> None:
        self._graphql = graphql
        self._feed = feed

    @property
    def misses_nothing(self) -> bool:
        """Whether what happens between two connections is told by the next: the subscription has no cursor."""
        return False

    async def actions(self, text: str | None, *, limit: int, offset: int) -> list[ActionRecord]:
        """Find actions by name."""
        filters = {"search": text} if text else None
        variables = {"filters": filters, "pagination": {"limit": limit, "offset": offset}}
        data = await self._graphql.execute(documents.LIST_ACTIONS, variables)
        return [ActionRecord.model_validate(action) for action in data["actions"]]

    async def action(self, wanted: str) -> ActionRecord:
        """Return the action of an identifier, hash, key or name: whichever finds one first."""
        for variables in _ways(wanted):
            record = await self._find(variables)
            if record is not None:
                return record
        listed = await self.actions(wanted, limit=50, offset=0)
        found = [record for record in listed if wanted in {record.name, record.key}]
        if len(found) == 1:
            return found[0]
        reason = "there are several: " + ", ".join(one.hash for one in found) if found else "there is none"
        raise ActionNotFoundError(wanted, reason)

    async def _find(self, variables: dict[str, Any]) -> ActionRecord | None:
        try:
            data = await self._graphql.execute(documents.FIND_ACTION, variables)
        except HubRefusedError as error:
            logger.debug("no action by %s: %s", ", ".join(variables), error)
            return None
        return None if data.get("action") is None else ActionRecord.model_validate(data["action"])

    async def implementations(self, action_id: str) -> list[ImplementationRecord]:
        """Return who carries an action out."""
        record = await self._find({"id": action_id})
        if record is None:
            return []
        data = await self._graphql.execute(
            documents.LIST_IMPLEMENTATIONS, {"filters": {"actionHash": record.hash}, "pagination": None}
        )
        return [ImplementationRecord.model_validate(one) for one in data["implementations"]]

    async def offers(self, text: str | None, *, limit: int, offset: int) -> list[ImplementationRecord]:
        """Find who offers what, by name."""
        filters = {"search": text} if text else None
        variables = {"filters": filters, "pagination": {"limit": limit, "offset": offset}}
        data = await self._graphql.execute(documents.LIST_IMPLEMENTATIONS, variables)
        return [ImplementationRecord.model_validate(one) for one in data["implementations"]]

    async def tasks(self, *, limit: int, offset: int) -> list[TaskSummary]:
        """Return tasks of the organization, the newest first."""
        data = await self._graphql.execute(documents.LIST_TASKS, {"pagination": {"limit": limit, "offset": offset}})
        return [TaskSummary.model_validate(one) for one in data["tasks"]]

    async def implementation(self, implementation_id: str) -> ImplementationRecord:
        """Return one implementation."""
        try:
            data = await self._graphql.execute(documents.GET_IMPLEMENTATION, {"id": implementation_id})
        except HubRefusedError as error:
            raise ActionNotFoundError(implementation_id, "there is no such implementation") from error
        return ImplementationRecord.model_validate(data["implementation"])

    async def assign(self, order: CallOrder) -> TaskRecord:
        """Ask for a task."""
        wish = order.model_dump(mode="json", by_alias=True, exclude_none=True)
        data = await self._graphql.execute(documents.ASSIGN, {"input": wish})
        return TaskRecord.model_validate(data["assign"])

    async def cancel(self, task_id: str) -> None:
        """Ask a task's body to stop."""
        await self._graphql.execute(documents.CANCEL, {"input": {"task": task_id}})

    async def interrupt(self, task_id: str) -> None:
        """Stop a task's body."""
        await self._graphql.execute(documents.INTERRUPT, {"input": {"task": task_id}})

    async def pause(self, task_id: str) -> None:
        """Let a task's body wait."""
        await self._graphql.execute(documents.PAUSE, {"input": {"task": task_id}})

    async def resume(self, task_id: str) -> None:
        """Let a task's body go on."""
        await self._graphql.execute(documents.RESUME, {"input": {"task": task_id}})

    async def events(self, task_id: str) -> Sequence[TaskEvent]:
        """Return everything that has happened to a task so far."""
        data = await self._graphql.execute(documents.TASK_EVENTS, {"id": task_id})
        events = (data.get("task") or {}).get("events") or ()
        return [TaskEvent.model_validate({**event, "task": task_id}) for event in events]

    async def watch(self) -> AsyncGenerator[TaskEvent | None, None]:
        """Yield what happens to this caller's tasks."""
        async with aclosing(self._feed(documents.WATCH_MY_TASKS)) as feed:
            async for data in feed:
                if data is None:
                    yield None
                elif (event := (data.get("mytasks") or {}).get("event")) is not None:
                    yield TaskEvent.model_validate(event)

    def watch_all(self) -> AsyncGenerator[TaskEvent | None, None]:
        """Yield what happens to this caller's tasks: the subscription tells of no others."""
        return self.watch()

    async def task(self, task_id: str) -> TaskSummary:
        """Return a task of the organization."""
        data = await self._graphql.execute(documents.GET_TASK, {"id": task_id})
        return TaskSummary.model_validate(data["task"])


def _ways(wanted: str) -> list[dict[str, Any]]:
    if _HASH.fullmatch(wanted):
        return [{"hash": wanted}]
    ways: list[dict[str, Any]] = [{"id": wanted}] if _ID.fullmatch(wanted) else []
    return ways
