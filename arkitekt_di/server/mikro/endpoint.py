"""The data service of a hub, as one part: routes, and a life."""

import time
from collections.abc import Callable, Sequence

from aiohttp import web

from arkitekt_di.server.caretaker import Caretaker
from arkitekt_di.server.database import Database
from arkitekt_di.server.folders.bin import FolderBin
from arkitekt_di.server.folders.folders import Folders
from arkitekt_di.server.graphql.context import Parts
from arkitekt_di.server.graphql.view import BoundView
from arkitekt_di.server.images.collector import Collector
from arkitekt_di.server.images.images import Images
from arkitekt_di.server.images.pixels import Pixels
from arkitekt_di.server.images.uploads import Uploads
from arkitekt_di.server.journal import Journal
from arkitekt_di.server.mikro.schema import make_schema
from arkitekt_di.server.objects.grants import ObjectGrants
from arkitekt_di.server.objects.promise import Objects
from arkitekt_di.server.principal import Authenticator
from arkitekt_di.server.trash import Trash
from arkitekt_di.settings.models import ObjectSettings, TrashSettings

PATH = "mikro"
"""Path of the service below the hub's address."""


class MikroEndpoint:
    """Images of a hub: records in the database, pixels in the object store, GraphQL on the wire.

    Parameters
    ----------
    authenticator : Authenticator
    database : Database
        Open before :meth:`start`.
    objects : Objects
        Open before :meth:`start`.
    grants : ObjectGrants
    settings : ObjectSettings
    *others : object
        Parts of other areas of the schema, such as links to images.
    trash : TrashSettings, optional
    clock : callable, default time.time
        Returns seconds since 1970, UTC.

    Attributes
    ----------
    journal : Journal
        News of the records, for other parts of the hub.
    collector : Collector
        Removes what was forgotten.
    trash : Trash
        Removes for good what was deleted long ago.
    """

    def __init__(  # noqa: PLR0913  # what a container wires, and a clock for tests
        self,
        authenticator: Authenticator,
        database: Database,
        objects: Objects,
        grants: ObjectGrants,
        settings: ObjectSettings,
        *others: object,
        trash: TrashSettings | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        pixels = Pixels(objects, grants, settings)
        self.journal = Journal(database, clock=clock)
        self.collector = Collector(database, pixels, settings, clock=clock)
        parts = Parts(
            authenticator,
            *others,
            self.journal,
            Uploads(database, pixels, self.collector, clock=clock),
            Folders(database, self.journal, contents={}, clock=clock),
            Images(database, pixels, self.collector, self.journal, clock=clock),
        )
        keep_s = (trash or TrashSettings()).keep_s
        self.trash = Trash((FolderBin(database),), keep_s=keep_s, clock=clock)
        self._caretaker = Caretaker(self.trash)
        self._view = BoundView(make_schema(), parts)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes: GraphQL over HTTP and WebSocket, and a sign of life."""
        return (
            web.post(f"/{PATH}/graphql", self._view.answer),
            web.get(f"/{PATH}/graphql", self._view.converse, allow_head=False),
            web.get(f"/{PATH}/ht", _answer_challenge),
        )

    async def start(self) -> None:
        """Begin to collect what was forgotten."""
        await self.collector.start()
        await self._caretaker.start()

    async def stop(self) -> None:
        """Close every WebSocket and stop collecting."""
        await self.hang_up()
        await self._caretaker.stop()
        await self.collector.stop()

    async def hang_up(self) -> None:
        """Close every WebSocket; a server that waits for its connections to end does so before it waits."""
        await self._view.close()


async def _answer_challenge(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
