"""What somebody is told of tasks: everything of those that they have to do with, and no words of the others."""

from collections import OrderedDict
from dataclasses import replace
from typing import Final

from arkitekt_di.errors import AgentNotFoundError
from arkitekt_di.server.administering import administers
from arkitekt_di.server.database import Database
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.tasks.offers import Offers
from arkitekt_di.server.tasks.promise import TaskStore
from arkitekt_di.server.tasks.records import Event, Task
from arkitekt_di.server.tasks.told_arguments import ToldArguments, is_open, told_arguments

OPEN_MEMBERS: Final = frozenset({"progress", "level", "code"})
"""Members of an event that are told to everybody in the organization, beside the results that are no text."""

MAX_KNOWN: Final = 1024
"""Tasks of others of which is remembered whether one has to do with them, while events come."""


class Audience:
    """One person, who has to do with the tasks that they called, carry out with an app of theirs, or administer.

    What others in their organization do they see, too, but not the words of it (`told_arguments` says why).

    Parameters
    ----------
    database : Database
    store : TaskStore
    offers : Offers
    principal : Principal
        Asks; nobody is shown a task of another organization, which is seen to elsewhere.
    """

    def __init__(self, database: Database, store: TaskStore, offers: Offers, principal: Principal) -> None:
        self._database = database
        self._store = store
        self._offers = offers
        self._principal = principal
        self._administers: bool | None = None
        self._known: OrderedDict[str, bool] = OrderedDict()

    async def arguments(self, task: Task) -> ToldArguments:
        """Return what they are told of the arguments of a task."""
        return told_arguments(task.draft.args, to_participant=await self._takes_part(task))

    async def event(self, event: Event) -> Event:
        """Return an event as they are told of it."""
        if event.caller.user_id == self._principal.user_id or await self._administers_here():
            return event
        if event.task_id not in self._known:
            task = await self._store.get(event.task_id)
            self._known[event.task_id] = task is not None and self._carries_out(task)
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return event if self._known[event.task_id] else _without_words(event)

    async def _takes_part(self, task: Task) -> bool:
        is_own = task.draft.caller.user_id == self._principal.user_id or self._carries_out(task)
        return is_own or await self._administers_here()

    def _carries_out(self, task: Task) -> bool:
        try:
            agent = self._offers.agent(task.draft.agent_id, self._principal.organization_id)
        except AgentNotFoundError:  # gone, or not of this organization
            return False
        return agent.user_id == self._principal.user_id

    async def _administers_here(self) -> bool:
        if self._administers is None:
            async with self._database.transaction() as session:
                self._administers = await administers(session, self._principal)
        return self._administers


def _without_words(event: Event) -> Event:
    payload = {name: value for name, value in event.payload.items() if name in OPEN_MEMBERS}
    if isinstance(returns := event.payload.get("returns"), dict):
        payload["returns"] = {name: value for name, value in returns.items() if is_open(value)}
    return replace(event, payload=payload)
