"""A hub for tasks in a process of its own: no login, a fixed port, and whatever fault is asked for.

``python -m tests.faults.hub FOLDER PORT SETTINGS [FAULTS]``, with settings and faults as JSON.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from aiohttp import web

from arkitekt_di.server.database import Database
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.tasks.bus import InProcessBus
from arkitekt_di.server.tasks.endpoint import RekuestEndpoint
from arkitekt_di.server.tasks.ledger import Ledger
from arkitekt_di.server.tasks.service import Ground
from arkitekt_di.settings.models import DatabaseSettings, TaskSettings
from tests.faults.breaking import dispatch_of, publisher


class Everybody:
    """Lets everybody in, by the name that they give."""

    async def authenticate(self, request: web.BaseRequest) -> Principal:
        return _principal(request.headers["Authorization"].removeprefix("Bearer "))

    async def authenticate_token(self, token: str) -> Principal | None:
        return _principal(token)


def _principal(name: str) -> Principal:
    return Principal("ada", "Ada", "lab", name, frozenset())


class JumpingClock:
    """Shows another hour at each look."""

    def __init__(self, jumps_s: float) -> None:
        self._jumps_s = jumps_s
        self._looks = 0

    def __call__(self) -> float:
        self._looks += 1
        return time.time() + (self._jumps_s if self._looks % 2 else -self._jumps_s)


async def main(folder: Path, port: int, settings: TaskSettings, faults: dict[str, Any]) -> None:
    """Serve until the process is ended."""
    database, bus = Database(DatabaseSettings(), folder), InProcessBus()
    await database.start()
    clock = JumpingClock(faults.get("jumps_s", 0.0))
    publish = publisher(bus, faults.get("dies_at_publishing"))
    ledger = Ledger(database.url, settings.durability, publish, clock=clock)
    dispatch = dispatch_of(carried=faults.get("dies_at_carrying"), disturbed=faults.get("disturbed"))
    endpoint = RekuestEndpoint(Everybody(), database, Ground(ledger, bus, dispatch), settings, clock=clock)
    await endpoint.start()
    app = web.Application()
    app.router.add_routes(endpoint.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    told = json.loads(sys.argv[4]) if len(sys.argv) > 4 else {}
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), TaskSettings.model_validate_json(sys.argv[3]), told))
