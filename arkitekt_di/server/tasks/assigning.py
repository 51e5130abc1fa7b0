"""The way of a call to an agent: recorded first, then carried."""

from arkitekt_di.messages.tasks import Execution
from arkitekt_di.server.tasks.calls import Call, Resolution
from arkitekt_di.server.tasks.connection import AgentConnection
from arkitekt_di.server.tasks.crew import Crew
from arkitekt_di.server.tasks.promise import Dispatch, TaskStore
from arkitekt_di.server.tasks.records import Caller, Created, Task
from arkitekt_di.server.tasks.showing import assignment, journal_of

CLAIM = 64
"""Most tasks that are taken from the ledger at a time."""


class Assignments:
    """Creates tasks, and gives them to agents.

    Parameters
    ----------
    store : TaskStore
    resolution : Resolution
    crew : Crew
    dispatch : Dispatch
    """

    def __init__(self, store: TaskStore, resolution: Resolution, crew: Crew, dispatch: Dispatch) -> None:
        self._store = store
        self._resolution = resolution
        self._crew = crew
        self._dispatch = dispatch

    async def assign(self, caller: Caller, call: Call) -> Created:
        """Record what is called, and carry it to its agent where that is connected and has room."""
        draft = self._resolution.draft(caller, call)
        connection = self._crew.at(draft.agent_id)
        is_direct = connection is not None and not connection.has_backlog
        if connection is not None and is_direct and not draft.is_held and (connection.room or draft.parent_id):
            with connection.place_kept():
                created = await self._store.create_if_absent(draft, connection.lease)
                if created.is_new and created.task.session_id is not None:
                    await self.deliver(connection, created.task)
                    return created
        else:
            created = await self._store.create_if_absent(draft)
        if created.is_new and created.task.is_waiting:
            self.wake(created.task.draft.agent_id)
        return created

    def wake(self, agent_id: str) -> None:
        """Say that something waits for an agent."""
        connection = self._crew.at(agent_id)
        if connection is not None:
            connection.has_backlog = True
            connection.work.set()

    async def give_out(self, connection: AgentConnection) -> None:
        """Give an agent what waits for it, as long as the connection lasts."""
        while True:
            await connection.work.wait()
            connection.work.clear()
            await self._empty_backlog(connection)

    async def deliver(self, connection: AgentConnection, task: Task) -> None:
        """Carry a task that the agent has."""
        connection.hold(task)
        journal = None
        if task.draft.execution == Execution.WORKFLOW and task.attempt > 1:
            journal = journal_of(task, await self._store.events(task.id))
        order = assignment(task, connection.agent.features, journal)
        connection.expect(task.id, order)
        self._dispatch.push(connection.agent.id, order)

    async def _empty_backlog(self, connection: AgentConnection) -> None:
        while connection.has_backlog:
            room = connection.room
            # Cleared first: what comes while the ledger is read sets it again.
            connection.has_backlog = False
            taken = await self._store.claim(connection.lease, min(room, CLAIM) or CLAIM, only_children=room == 0)
            for task in taken:
                await self.deliver(connection, task)
            if taken or room == 0:
                connection.has_backlog = True
            if not taken and room == 0:
                return  # the next task that ends makes room
