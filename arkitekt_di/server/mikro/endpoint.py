"""The data service of a hub, as one part: routes, and a life."""

import time
from collections.abc import Callable, Mapping, Sequence

from aiohttp import web

from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.server.blobs.collector import BlobCollector
from arkitekt_di.server.blobs.store import BlobStore
from arkitekt_di.server.blobs.tables import BlobKind
from arkitekt_di.server.blobs.uploads import BlobUploads
from arkitekt_di.server.caretaker import Caretaker
from arkitekt_di.server.comments.comments import Comments
from arkitekt_di.server.database import Database
from arkitekt_di.server.files.files import Files
from arkitekt_di.server.files.tables import File
from arkitekt_di.server.filing import FiledBin
from arkitekt_di.server.folders.bin import FolderBin
from arkitekt_di.server.folders.folders import Folders
from arkitekt_di.server.graphql.context import Parts
from arkitekt_di.server.graphql.view import BoundView
from arkitekt_di.server.images.appending import Appends
from arkitekt_di.server.images.bin import ImageBin
from arkitekt_di.server.images.collector import Collector
from arkitekt_di.server.images.images import Images
from arkitekt_di.server.images.pixels import BUCKET as PIXEL_BUCKET
from arkitekt_di.server.images.pixels import Pixels
from arkitekt_di.server.images.tables import Image
from arkitekt_di.server.images.uploads import Uploads
from arkitekt_di.server.journal import Journal
from arkitekt_di.server.metrics.metrics import Metrics
from arkitekt_di.server.mikro.leftovers import Leftovers
from arkitekt_di.server.mikro.schema import make_schema
from arkitekt_di.server.objects.grants import ObjectGrants
from arkitekt_di.server.objects.promise import Objects
from arkitekt_di.server.principal import Authenticator
from arkitekt_di.server.provenance.chronicle import Chronicle, Provenances
from arkitekt_di.server.records import Filed
from arkitekt_di.server.rois.rois import Rois
from arkitekt_di.server.subjects import Require, Subjects
from arkitekt_di.server.tables.datasets import Tables
from arkitekt_di.server.tables.tables import TableDataset
from arkitekt_di.server.trash import Trash
from arkitekt_di.settings.models import ObjectSettings, TrashSettings

BUCKETS = (PIXEL_BUCKET, *(kind.value for kind in BlobKind))
"""Buckets of the object store that the service grants access to."""

CONTENTS: Mapping[RecordKind, type[Filed]] = {
    RecordKind.IMAGE: Image,
    RecordKind.FILE: File,
    RecordKind.TABLE: TableDataset,
}
"""What lies in folders, and goes into the trash with them."""

PATH = "mikro"
"""Path of the service below the hub's address."""


class MikroEndpoint:
    """Images of a hub: records in the database, pixels in the object store, GraphQL on the wire.

    Parameters
    ----------
    authenticator : Authenticator
    database : Database
        Open before `start`.
    objects : Objects
        Open before `start`.
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
    blob_collector : BlobCollector
        Removes the bytes of files and tables that were forgotten.
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
        blobs = BlobStore(objects, grants, settings)
        self.journal = Journal(database, Chronicle(clock=clock), clock=clock)
        self.collector = Collector(database, pixels, settings, clock=clock)
        self.blob_collector = BlobCollector(database, blobs, settings, clock=clock)
        self._sweeper = Caretaker(self.blob_collector)
        bins = (
            ImageBin(database, self.collector),
            FiledBin(database, File, self._sweeper),
            FiledBin(database, TableDataset, self._sweeper),
            FolderBin(database),
            Leftovers(database),
        )
        self.trash = Trash(bins, keep_s=(trash or TrashSettings()).keep_s, clock=clock)
        self._caretaker = Caretaker(self.trash)
        images = Images(database, pixels, self.collector, self.journal, self._caretaker, targets=CONTENTS, clock=clock)
        self._blob_uploads = BlobUploads(database, blobs, self._sweeper, clock=clock)
        uploads = Uploads(database, pixels, self.collector, clock=clock)
        files = Files(database, self.journal, blobs, self._caretaker, clock=clock)
        tables = Tables(
            database,
            self.journal,
            blobs,
            self._caretaker,
            uploads=self._blob_uploads,
            require_image=images.get,
            clock=clock,
        )
        rois = Rois(database, self.journal, clock=clock)
        folders = Folders(database, self.journal, contents=CONTENTS, clock=clock)
        stored: dict[RecordKind, Require] = {
            RecordKind.IMAGE: images.get,
            RecordKind.FILE: files.get,
            RecordKind.TABLE: tables.get,
        }
        places: dict[RecordKind, Require] = {RecordKind.FOLDER: folders.get, RecordKind.ROI: rois.get}
        parts = Parts(
            authenticator,
            *others,
            self.journal,
            uploads,
            Appends(database, pixels, uploads, self.journal),
            images,
            rois,
            folders,
            self._blob_uploads,
            files,
            tables,
            Metrics(database, self.journal, subjects=stored, tables=CONTENTS, clock=clock),
            Comments(database, self.journal, Subjects(stored | places), clock=clock),
            Provenances(database, Subjects(stored)),
        )
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
        await self._sweeper.start()
        await self._caretaker.start()

    async def stop(self) -> None:
        """Close every WebSocket and stop collecting."""
        await self.hang_up()
        await self._caretaker.stop()
        await self._blob_uploads.stop()
        await self._sweeper.stop()
        await self.collector.stop()

    async def hang_up(self) -> None:
        """Close every WebSocket; a server that waits for its connections to end does so before it waits."""
        await self._view.close()


async def _answer_challenge(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
