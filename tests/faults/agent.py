"""An agent in a process of its own: ``python -m tests.faults.agent NAME PORT MODULE [stammers=COUNT | tomorrow]``.

With ``REVIVED`` in its environment it comes back whenever it was killed.
"""

import asyncio
import os
import sys
from importlib import import_module

from arkitekt_di.rekuest.agent.door import WebSocketDoor
from arkitekt_di.settings.models import TransportSettings
from arkitekt_di.transport.http import HttpClient
from tests.faults.people import app_of
from tests.faults.stammering import StammeringDoor
from tests.faults.tomorrow import TomorrowsDoor


async def main(name: str, port: int, module: str, manner: str = "") -> None:
    """Serve until the process is ended."""

    async def address() -> str:
        return f"http://127.0.0.1:{port}/rekuest/agi"

    async with HttpClient(TransportSettings()) as http:
        overrides: dict[str, object] = {}
        if manner == "tomorrow":
            overrides["rekuest.door"] = TomorrowsDoor(WebSocketDoor(http, address))
        elif manner:
            overrides["rekuest.door"] = StammeringDoor(WebSocketDoor(http, address), int(manner.partition("=")[2]))
        await _serve(name, port, module, overrides)


async def _serve(name: str, port: int, module: str, overrides: dict[str, object]) -> None:
    async with app_of(name, port, **overrides) as app:
        serving = asyncio.create_task(app.rekuest.arun(import_module(module)))
        ready = asyncio.create_task(app.rekuest.agent.ready.wait())
        await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
        print("ready", flush=True)
        await serving


def revive() -> None:
    """Go on in a process of its own, and in another one whenever a signal has ended that; none of them imports anew."""
    while child := os.fork():
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.waitstatus_to_exitcode(status))
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # whoever waited for the first has heard that it is ready


if __name__ == "__main__":
    import_module(sys.argv[3])
    if os.environ.get("REVIVED"):
        revive()
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
