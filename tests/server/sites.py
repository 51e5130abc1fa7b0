"""A site for tests, with a page for each way that a request can end."""

import asyncio
from collections.abc import Sequence
from typing import Self

import aiohttp
from aiohttp import web

from arkitekt_di.errors import StorageFullError
from arkitekt_di.server.address import Address
from arkitekt_di.server.idleness import Idleness
from arkitekt_di.server.leases import Leases
from arkitekt_di.server.site import Site
from arkitekt_di.settings.models import ListenSettings

BOUND_S = 20.0


class Pages:
    """A surface with one page for each way that a request can end."""

    def __init__(self) -> None:
        self.reached, self.release = asyncio.Event(), asyncio.Event()

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [
            web.get("/fine", self.fine),
            web.get("/full", self.full),
            web.get("/broken", self.broken),
            web.get("/slow", self.slow),
            web.get("/moved", self.moved),
        ]

    async def fine(self, _request: web.Request) -> web.Response:
        return web.Response(text="fine")

    async def full(self, _request: web.Request) -> web.Response:
        raise StorageFullError("here")

    async def broken(self, _request: web.Request) -> web.Response:
        raise ZeroDivisionError("a detail that is nobody's business")

    async def moved(self, _request: web.Request) -> web.Response:
        raise web.HTTPFound("/fine")

    async def slow(self, _request: web.Request) -> web.Response:
        self.reached.set()
        await self.release.wait()
        return web.Response(text="slow")


class Served:
    """A site that listens, with what a test looks at."""

    def __init__(self, idle_s: float | None = None, host: str = "127.0.0.1") -> None:
        self.settings = ListenSettings(host=host)
        self.address = Address(self.settings)
        self.idleness = Idleness(idle_s)
        self.pages, self.leases = Pages(), Leases()
        self.site = Site(self.settings, self.address, self.idleness, [self.pages, self.leases])

    async def __aenter__(self) -> Self:
        await self.idleness.start()
        await self.site.start()
        self.http = aiohttp.ClientSession(self.address.url)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()
        await self.site.stop()
        await self.idleness.stop()
