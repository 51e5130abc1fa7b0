"""The task service of a hub, as one part: routes, and a life."""

import time
from collections.abc import Callable, Sequence

from aiohttp import web

from arkitekt_di.server.database import Database
from arkitekt_di.server.graphql.context import Parts
from arkitekt_di.server.graphql.view import BoundView
from arkitekt_di.server.principal import Authenticator
from arkitekt_di.server.tasks.agent_socket import AgentSocket
from arkitekt_di.server.tasks.desk_socket import DeskSocket
from arkitekt_di.server.tasks.schema import make_schema
from arkitekt_di.server.tasks.service import Ground, TaskService
from arkitekt_di.settings.models import TaskSettings

PATH = "rekuest"
"""Path of the service below the hub's address."""


class RekuestEndpoint:
    """Tasks of a hub: agents on their socket, callers over GraphQL.

    Parameters
    ----------
    authenticator : Authenticator
    database : Database
        Open before `start`.
    ground : Ground
    settings : TaskSettings
    clock : callable, default time.time

    Attributes
    ----------
    service : TaskService
    """

    def __init__(
        self,
        authenticator: Authenticator,
        database: Database,
        ground: Ground,
        settings: TaskSettings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.service = TaskService(authenticator, database, ground, settings, clock=clock)
        self._agents = AgentSocket(self.service)
        self._desk = DeskSocket(self.service)
        self._view = BoundView(
            make_schema(), Parts(authenticator, self.service), max_body_bytes=int(settings.max_frame_mib * 2**20)
        )

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes: the sockets of agents and callers, GraphQL over HTTP and WebSocket, and a sign of life."""
        return (
            web.get(f"/{PATH}/agi", self._agents.converse, allow_head=False),
            web.get(f"/{PATH}/desk", self._desk.converse, allow_head=False),
            web.post(f"/{PATH}/graphql", self._view.answer),
            web.get(f"/{PATH}/graphql", self._view.converse, allow_head=False),
            web.get(f"/{PATH}/ht", _answer_challenge),
        )

    async def start(self) -> None:
        """Open the ledger, and take up what was left."""
        await self.service.start()

    async def stop(self) -> None:
        """Close every connection and the ledger."""
        await self.hang_up()
        await self.service.stop()

    async def hang_up(self) -> None:
        """Close every connection; a server that waits for its connections to end does so before it waits."""
        await self._agents.hang_up()
        await self._desk.hang_up()
        await self._view.close()


async def _answer_challenge(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
