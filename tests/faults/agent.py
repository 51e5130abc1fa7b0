"""An agent in a process of its own: ``python -m tests.faults.agent NAME PORT``."""

import asyncio
import sys

from tests.faults import bodies
from tests.faults.people import app_of


async def main(name: str, port: int) -> None:
    """Serve until the process is ended."""
    async with app_of(name, port) as app:
        serving = asyncio.create_task(app.rekuest.arun(bodies))
        ready = asyncio.create_task(app.rekuest.agent.ready.wait())
        await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
        print("ready", flush=True)
        await serving


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
