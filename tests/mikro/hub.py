"""The hub's image service and object store behind a socket, and a client of them; no login."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from arkitekt_di.mikro.pixels.s3 import S3PixelStore
from arkitekt_di.mikro.records import GraphQLImageRecords
from arkitekt_di.protocols.service import Service
from arkitekt_di.server.database import Database
from arkitekt_di.server.mikro.endpoint import BUCKETS, MikroEndpoint
from arkitekt_di.server.objects import ObjectEndpoint, ObjectFolder, ObjectGrants
from arkitekt_di.server.principal import Principal
from arkitekt_di.settings.models import DatabaseSettings, ObjectSettings, TransportSettings
from arkitekt_di.transport.graphql import HttpGraphQL
from arkitekt_di.transport.http import HttpClient
from tests.migrated import begin_migrated


class EveryLab:
    """Lets people in, and takes each token for the name of their organization."""

    async def authenticate(self, request: web.BaseRequest) -> Principal:
        return _ada_of(request.headers.get("Authorization", "").removeprefix("Bearer "))

    async def authenticate_token(self, token: str) -> Principal | None:
        return _ada_of(token)


class TokenOf:
    """Gives the token of one organization."""

    def __init__(self, organization_id: str) -> None:
        self._organization_id = organization_id

    async def aget_token(self) -> str:
        return self._organization_id

    async def arefresh_token(self, stale: str) -> str:
        return self._organization_id


def _ada_of(organization_id: str) -> Principal:
    return Principal("ada", "Ada", organization_id, "app", frozenset())


@dataclass(frozen=True)
class Hub:
    """What runs, and the two halves of its client."""

    url: str
    folder: Path
    objects: ObjectFolder
    grants: ObjectGrants
    server: TestServer
    http: HttpClient
    graphql: HttpGraphQL
    records: GraphQLImageRecords
    pixels: S3PixelStore
    bodies: list[int]
    """Bytes of each object as it was sent."""

    def graphql_of(self, organization_id: str) -> HttpGraphQL:
        """Return a client of another organization, which sees nothing of all others."""

        async def endpoint() -> str:
            return f"{self.url}/mikro/graphql"

        return HttpGraphQL(self.http, TokenOf(organization_id), endpoint)


@asynccontextmanager
async def serving(
    folder: Path, settings: ObjectSettings | None = None, *, database_url: str | None = None
) -> AsyncIterator[Hub]:
    """Serve the data of a hub from *folder* while the block lasts; records are in SQLite where no database is named."""
    chosen = settings or ObjectSettings()
    if database_url is None:
        begin_migrated(folder)
    database, objects, grants = (
        Database(DatabaseSettings(url=database_url), folder),
        ObjectFolder(folder / "objects", takes_files=chosen.local_drafts),
        ObjectGrants(b"s" * 32),
    )
    images = MikroEndpoint(EveryLab(), database, objects, grants, chosen)
    store = ObjectEndpoint(objects, grants, chosen, buckets=BUCKETS)
    bodies: list[int] = []

    @web.middleware
    async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "PUT":
            bodies.append(request.content_length or 0)
        return await handler(request)

    app = web.Application(middlewares=[measured])
    app.router.add_routes([*images.routes(), *store.routes()])
    services: list[Service] = [database, objects, images, store]
    server = TestServer(app)
    async with HttpClient(TransportSettings()) as http:
        for service in services:
            await service.start()
        await server.start_server()
        url = str(server.make_url("")).rstrip("/")

        async def graphql() -> str:
            return f"{url}/mikro/graphql"

        async def s3() -> str:
            return url

        try:
            client = HttpGraphQL(http, TokenOf("lab"), graphql)
            yield Hub(
                url,
                folder,
                objects,
                grants,
                server,
                http,
                client,
                GraphQLImageRecords(client),
                S3PixelStore(s3),
                bodies,
            )
        finally:
            await server.close()
            for service in reversed(services):
                await service.stop()
