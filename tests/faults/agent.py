"""An agent in a process of its own: ``python -m tests.faults.agent NAME PORT MODULE [STAMMERS]``."""

import asyncio
import sys
from importlib import import_module

from arkitekt_di.rekuest.agent.door import WebSocketDoor
from arkitekt_di.settings.models import TransportSettings
from arkitekt_di.transport.http import HttpClient
from tests.faults.people import app_of
from tests.faults.stammering import StammeringDoor


async def main(name: str, port: int, module: str, stammers: str = "") -> None:
    """Serve until the process is ended."""

    async def address() -> str:
        return f"http://127.0.0.1:{port}/rekuest/agi"

    async with HttpClient(TransportSettings()) as http:
        overrides: dict[str, object] = {}
        if stammers:
            overrides["rekuest.door"] = StammeringDoor(WebSocketDoor(http, address), int(stammers))
        await _serve(name, port, module, overrides)


async def _serve(name: str, port: int, module: str, overrides: dict[str, object]) -> None:
    async with app_of(name, port, **overrides) as app:
        serving = asyncio.create_task(app.rekuest.arun(import_module(module)))
        ready = asyncio.create_task(app.rekuest.agent.ready.wait())
        await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
        print("ready", flush=True)
        await serving


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
