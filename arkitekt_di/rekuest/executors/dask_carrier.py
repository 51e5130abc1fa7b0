"""What a Dask worker runs for a body: a process of its own, and the way between that and the agent.

Dask gets the name of this function and a text, never code or values of the user's: the process of the body imports
that by name.
"""

import asyncio
import json
import sys
from contextlib import suppress
from typing import Any, Final

from arkitekt_di.rekuest.executors.pipe import LIMIT, WORKER

ALIVE_S: Final = 5.0
"""Seconds between two signs of life, in both directions."""

SILENCE_S: Final = 60.0
"""Silence, in seconds, after which the other end is taken for gone."""


async def carry(name: str) -> None:
    """Carry what agent and body say, until the agent ends it or is gone; the body's process does not outlive this.

    Parameters
    ----------
    name : str
        Of the queues.
    """
    from distributed import Queue, get_client

    client = get_client()
    orders, reports = await Queue(f"{name} orders", client=client), await Queue(f"{name} reports", client=client)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *WORKER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LIMIT
    )
    await reports.put(json.dumps({"say": "ready"}))
    telling = asyncio.create_task(_tell(process, reports))
    living = asyncio.create_task(_live(reports))
    try:
        await _follow(process, orders)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        living.cancel()
        await asyncio.gather(telling, living, return_exceptions=True)


async def _follow(process: asyncio.subprocess.Process, orders: Any) -> None:
    """Pass orders on until the agent says that it is over, or nothing for too long."""
    with suppress(TimeoutError):
        while True:
            order = await orders.get(timeout=SILENCE_S)
            match json.loads(order)["do"]:
                case "over":
                    return
                case "alive":
                    continue
            if process.stdin is not None and not process.stdin.is_closing():
                process.stdin.write(order.encode() + b"\n")


async def _tell(process: asyncio.subprocess.Process, reports: Any) -> None:
    """Pass on what the body tells, and in the end how its process ended."""
    while process.stdout is not None and (line := await process.stdout.readline()).endswith(b"\n"):
        await reports.put(line.decode())
    await reports.put(json.dumps({"say": "ended", "code": await process.wait()}))


async def _live(reports: Any) -> None:
    while True:
        await asyncio.sleep(ALIVE_S)
        await reports.put(json.dumps({"say": "alive"}))
