"""What becomes of tasks whose agent is gone, or does not answer."""

import asyncio
import logging

from arkitekt_di.messages.frames import FEATURE_ATTEMPTS
from arkitekt_di.messages.tasks import EventKind, Execution
from arkitekt_di.server.tasks.assigning import Assignments
from arkitekt_di.server.tasks.calls import Resolution
from arkitekt_di.server.tasks.connection import AgentConnection, Unanswered
from arkitekt_di.server.tasks.crew import Crew
from arkitekt_di.server.tasks.errands import Errands
from arkitekt_di.server.tasks.offers import Offers
from arkitekt_di.server.tasks.promise import Dispatch, TaskStore
from arkitekt_di.server.tasks.records import STOPPING, Event, Place, Task
from arkitekt_di.settings.models import TaskSettings

log = logging.getLogger(__name__)

ORDERS_REPEATED = 3
"""How often an order is carried before it is given up."""

_NOBODY = ""
"""Stands for the session of tasks that no process has."""


class Losses:
    """Declares tasks lost, or gives them out again.

    Parameters
    ----------
    store : TaskStore
    dispatch : Dispatch
    crew : Crew
    offers : Offers
    resolution : Resolution
    assignments : Assignments
    errands : Errands
    settings : TaskSettings
    """

    def __init__(  # noqa: PLR0913  # it is where all of them meet
        self,
        store: TaskStore,
        dispatch: Dispatch,
        crew: Crew,
        offers: Offers,
        resolution: Resolution,
        assignments: Assignments,
        errands: Errands,
        settings: TaskSettings,
    ) -> None:
        self._store = store
        self._dispatch = dispatch
        self._crew = crew
        self._offers = offers
        self._resolution = resolution
        self._assignments = assignments
        self._errands = errands
        self._settings = settings
        self._timers: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Wait for the agents that had tasks when the hub ended, and watch over those that are here."""
        waited_for = [(agent_id, _NOBODY) for agent_id in await self._store.awaited()]
        for agent_id, session_id in (*await self._store.holders(), *waited_for):
            self.gone(agent_id, session_id, self._settings.restart_grace_s)
        self._errands.run(self._watch(), "watch over agents")

    def gone(self, agent_id: str, session_id: str, after_s: float | None = None) -> None:
        """Give up the tasks of a process, unless it comes back in time."""
        self.back(agent_id, session_id)
        wait_s = self._settings.lost_after_s if after_s is None else after_s
        self._timers[agent_id, session_id] = self._errands.run(
            self._give_up(agent_id, session_id, wait_s), f"give up {agent_id}"
        )

    def back(self, agent_id: str, session_id: str) -> None:
        """Take note that a process is here."""
        for key in ((agent_id, session_id), (agent_id, _NOBODY)):
            timer = self._timers.pop(key, None)
            if timer is not None:
                timer.cancel()

    async def _give_up(self, agent_id: str, session_id: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        self._timers.pop((agent_id, session_id), None)
        for task in await self._store.held(agent_id, session_id):
            await self.lose(task, "the agent is gone")
        await self._hand_over(agent_id)

    async def relieve(self) -> None:
        """Give what waits for agents that are gone to those that are here; one that may come back is waited for."""
        expected = {agent_id for agent_id, _ in self._timers}
        for agent_id in await self._store.awaited():
            if agent_id not in expected:
                await self._hand_over(agent_id)

    async def _hand_over(self, agent_id: str) -> None:
        """Give what waits for an agent that is not here to others; what nobody else can do waits on."""
        if self._crew.at(agent_id) is not None:
            return
        for task in await self._store.waiting(agent_id):
            if self._resolution.elsewhere(task) is not None:
                await self._requeue(task, "its agent is gone")

    async def lose(self, task: Task, reason: str) -> Event | None:
        """End a task as lost, or let it run again where that does no harm."""
        if not self._may_run_again(task):
            told = {"started": task.is_started, "last_progress": task.last_progress, "effects": task.draft.effects}
            return await self._store.finish_if(
                task.id, task.attempt, task.epoch, EventKind.LOST, told | {"reason": reason}
            )
        return await self._requeue(task, reason)

    async def _requeue(self, task: Task, reason: str) -> Event | None:
        offer = self._resolution.elsewhere(task) if self._crew.at(task.draft.agent_id) is None else None
        place = None if offer is None else Place(offer.agent_id, offer.id, offer.interface)
        told = {"attempt": task.attempt + 1, "reason": reason, "started": task.is_started}
        event = await self._store.requeue_if(task.id, task.attempt, task.epoch, told, place)
        self._assignments.wake(task.draft.agent_id if place is None else place.agent_id)
        return event

    def _may_run_again(self, task: Task) -> bool:
        if task.instruct in STOPPING:
            return False
        if task.draft.execution == Execution.WORKFLOW:
            return task.attempt <= self._settings.resumes
        if task.attempt > self._settings.redeliveries:
            return False
        return task.draft.is_repeatable or self._never_began(task)

    def _never_began(self, task: Task) -> bool:
        """Tell whether no body can have begun: agents that count attempts say so before they begin."""
        agent = self._offers.agent(task.draft.agent_id, task.draft.caller.organization_id)
        return not task.is_picked_up and not task.is_started and FEATURE_ATTEMPTS in agent.features

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._settings.pickup_s / 3)
            for connection in self._crew:
                for task_id, unanswered in connection.overdue(self._settings.pickup_s):
                    await self._remind(connection, task_id, unanswered)

    async def _remind(self, connection: AgentConnection, task_id: str, unanswered: Unanswered) -> None:
        is_last = unanswered.times >= (2 if unanswered.order.type == "ASSIGN" else ORDERS_REPEATED)
        if not is_last:
            connection.expect(task_id, unanswered.order)
            self._dispatch.push(connection.agent.id, unanswered.order)
            return
        connection.unanswered.pop((task_id, unanswered.order.type), None)
        log.warning("agent %s does not answer %s", connection.agent.name, unanswered.order.type)
        task = await self._store.get(task_id) if unanswered.order.type == "ASSIGN" else None
        if task is not None and not task.is_picked_up:
            # It may have begun all the same: the agent lives, and may be slow to say so.
            told = {"started": True, "last_progress": None, "effects": task.draft.effects}
            event = await self._store.finish_if(
                task.id, task.attempt, task.epoch, EventKind.LOST, told | {"reason": "the agent never said it took it"}
            )
            if event is not None:
                connection.heard_of(task_id, is_over=True)
