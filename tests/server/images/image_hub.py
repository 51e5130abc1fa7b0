"""A hub's image service for tests: a real database, objects in memory, real GraphQL over a socket."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from arkitekt_di.server.database import Database
from arkitekt_di.server.mikro.endpoint import MikroEndpoint
from arkitekt_di.server.objects.grants import ObjectGrants
from arkitekt_di.server.objects.memory import InMemoryObjects
from arkitekt_di.server.principal import Principal
from arkitekt_di.settings.models import DatabaseSettings, ObjectSettings
from tests.migrated import begin_migrated
from tests.server.images import documents

SETTINGS = ObjectSettings(grant_s=100, max_upload_gib=1.0, abandoned_after_s=1000.0)
DUE_S = 1100.0
"""Seconds from the request for an upload until it counts as forgotten."""

PEOPLE = {
    "ada": Principal("ada", "Ada", "lab", "app", frozenset()),
    "ben": Principal("ben", "Ben", "lab", "app", frozenset()),
    "eve": Principal("eve", "Eve", "rivals", "app", frozenset()),
}
"""By their token: two of one organization, one of another."""


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Tokens:
    """Knows who the people are by their names; a name may be struck off."""

    def __init__(self) -> None:
        self.people = dict(PEOPLE)

    async def authenticate(self, request: web.BaseRequest) -> Principal:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        principal = await self.authenticate_token(token)
        if scheme != "Bearer" or principal is None:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        return principal

    async def authenticate_token(self, token: str) -> Principal | None:
        return self.people.get(token)


class RefusedError(Exception):
    """The hub answered with an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code


@dataclass
class ImageHub:
    """The service and everything around it."""

    endpoint: MikroEndpoint
    objects: InMemoryObjects
    clock: Clock
    tokens: Tokens
    client: TestClient[web.Request, web.Application]

    async def ask(self, document: str, *, by: str = "ada", **variables: object) -> Any:
        """Run the one operation of *document* and return what its one field answered."""
        answer = await self.post({"query": document, "variables": variables}, by=by)
        if errors := answer.get("errors"):
            raise RefusedError(errors[0]["extensions"]["code"], errors[0]["message"])
        (value,) = answer["data"].values()
        return value

    async def post(self, body: Mapping[str, object], *, by: str = "ada") -> dict[str, Any]:
        """Send one request and return the whole answer."""
        headers = {"Authorization": f"Bearer {by}"}
        async with self.client.post("/mikro/graphql", json=body, headers=headers) as response:
            assert response.status == 200, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def write(self, key: str, content: bytes) -> None:
        """Put one object, as a client with a grant would."""
        async with self.objects.stage("zarr", key) as draft:
            await draft.write(content)
            await draft.publish()

    async def upload(self, *, by: str = "ada", metadata: Mapping[str, object] | None = None) -> str:
        """Write and finish an array; return its store."""
        store: str = (await self.ask(documents.REQUEST, by=by))["store"]
        await self.write(f"{store}/c/0/0", b"pixels")
        await self.write(f"{store}/zarr.json", json.dumps(array() if metadata is None else metadata).encode())
        await self.ask(documents.FINISH, by=by, id=store, valid=True)
        return store

    async def create(
        self, store: str, *, by: str = "ada", name: str = "embryo", members: Mapping[str, object] | None = None
    ) -> Any:
        """Create an image of a finished upload."""
        return await self.ask(documents.CREATE, by=by, input=draft(store, name) | dict(members or {}))

    async def image(self, *, by: str = "ada", name: str = "embryo") -> Any:
        """Upload an array and create an image of it."""
        return await self.create(await self.upload(by=by), by=by, name=name)

    async def names(self, *, by: str = "ada", **variables: object) -> list[str]:
        """Return the names that a listing answers with."""
        return [image["name"] for image in await self.ask(documents.LIST, by=by, **variables)]

    def keys(self, store: str) -> list[str]:
        """Return the keys of the objects that are there."""
        return [key for _, key in self.objects.stored if key.startswith(store)]


def array(**members: object) -> dict[str, object]:
    """Return the metadata of a plain zarr v3 array of 6 x 4 pixels."""
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [6, 4],
        "data_type": "uint16",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [3, 4]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "zstd"}],
        "dimension_names": ["y", "x"],
        "attributes": {},
    } | members


def draft(store: str, name: str, dims: Sequence[str] = ("y", "x")) -> dict[str, object]:
    """Return the input for a new image."""
    return {"data": store, "name": name, "axes": [{"name": dim, "type": "SPACE"} for dim in dims]}


@asynccontextmanager
async def serve(database: Database, objects: InMemoryObjects | None = None) -> AsyncIterator[ImageHub]:
    """Serve images on a free port while the block lasts."""
    objects, clock, tokens = objects or InMemoryObjects(), Clock(), Tokens()
    grants = ObjectGrants(b"s" * 32, clock=clock)
    endpoint = MikroEndpoint(tokens, database, objects, grants, SETTINGS, clock=clock)
    app = web.Application()
    app.router.add_routes(endpoint.routes())
    async with TestClient(TestServer(app)) as client:
        await endpoint.start()
        try:
            yield ImageHub(endpoint, objects, clock, tokens, client)
        finally:
            await endpoint.stop()


@asynccontextmanager
async def open_hub(folder: Path) -> AsyncIterator[ImageHub]:
    """Serve images with a database of their own in *folder*."""
    async with open_database(folder) as database, serve(database) as hub:
        yield hub


@asynccontextmanager
async def open_database(folder: Path) -> AsyncIterator[Database]:
    """Open the database in *folder*."""
    begin_migrated(folder)
    database = Database(DatabaseSettings(), folder)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()
