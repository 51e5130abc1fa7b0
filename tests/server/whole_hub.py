"""Every surface of a hub on one real port, composed as `serve` does, with people who hold tokens for everything."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from arkitekt_di.containers.lifecycle import Lifecycle
from arkitekt_di.containers.server import OFFERS, ServerContainer
from arkitekt_di.messages.fakts import DEVICE_CODE_GRANT
from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.identity import Identity
from arkitekt_di.server.identity.standing import Role, Standing
from arkitekt_di.server.identity.users import Users
from arkitekt_di.settings.models import ServerSettings
from tests.server.identity.harness import CHEAP, PASSWORD

BOUND_S = 60.0


@dataclass
class WholeHub:
    """A running hub."""

    identity: Identity
    database: Database
    routes: Sequence[web.AbstractRoute]
    http: aiohttp.ClientSession
    people: dict[str, Standing] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    async def add(self, name: str, organization: str) -> Standing:
        """Make a person who has let an app in that wants every service of the hub."""
        users = Users(self.database, CHEAP, self.identity._clock)
        standing = await users.create(name, SecretStr(PASSWORD), organization, role=Role.ADMIN)
        await self.welcome({name: standing})
        return standing

    async def welcome(self, people: Mapping[str, Standing]) -> None:
        """Log people in whom the database of the hub knows."""
        self.people |= people
        for name in people:
            self.tokens[name] = await self.log_in(name, [offer.service for offer in OFFERS])

    async def log_in(self, name: str, services: Sequence[str]) -> str:
        """Let an app in that wants *services*; returns its access token."""
        requirements = [{"key": f"k{number}", "service": service} for number, service in enumerate(services)]
        manifest = {"identifier": f"app-of-{name}", "version": "1", "requirements": requirements}
        issued = await self.json("POST", "/o/app-authorization/", json={"manifest": manifest})
        assert await self.identity._codes.approve(issued["user_code"], self.people[name])
        fields = {"device_code": issued["device_code"], "client_id": issued["client_id"]}
        answer = await self.json("POST", "/o/token/", data={"grant_type": DEVICE_CODE_GRANT, **fields})
        return str(answer["access_token"])

    async def json(self, method: str, path: str, *, by: str | None = None, **kwargs: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[by]}"} if by else {}
        async with self.http.request(method, path, headers=headers, **kwargs) as answer:
            return await answer.json()

    async def graphql(self, path: str, document: str, variables: Mapping[str, Any], *, by: str) -> Any:
        return await self.json("POST", path, by=by, json={"query": document, "variables": variables})


@asynccontextmanager
async def whole_hub(data: Path) -> AsyncIterator[WholeHub]:
    """Serve while the block runs."""
    container = ServerContainer(settings=ServerSettings(data=data))
    lifecycle = Lifecycle(container)
    await lifecycle.start()
    try:
        site = container.site()
        assert site._runner is not None
        assert site._runner.server is not None
        routes = [route for surface in site._surfaces for route in _registered(surface)]
        timeout = aiohttp.ClientTimeout(total=BOUND_S)
        async with aiohttp.ClientSession(site.url, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as http:
            yield WholeHub(container.identity(), container.database(), routes, http)
    finally:
        await lifecycle.stop()


def _registered(surface: Any) -> Sequence[web.AbstractRoute]:
    app = web.Application()
    app.add_routes(surface.routes())
    return list(app.router.routes())
