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


async def queues_of(name: str, client: Any) -> tuple[Any, Any]:
    """Open the queues for orders to a body and for its reports, which the scheduler keeps.

    Parameters
    ----------
    name : str
        Of the body's task in Dask.
    client : distributed.Client

    Returns
    -------
    tuple of distributed.Queue
    """
    from distributed import Queue

    return await Queue(f"{name} orders", client=client), await Queue(f"{name} reports", client=client)


async def let_go(queue: Any) -> None:
    """Let the scheduler forget a queue, whoever else holds it.

    It counts who does: each end, one of which may not live to let go, and each twice, as `Queue` asks for itself when
    it is made and again when it is awaited.
    """
    with suppress(KeyError, OSError):  # it is not there any more, or the scheduler is not
        while queue.client.status == "running":
            queue.close()
            await queue.qsize()


async def carry(name: str) -> None:
    """Carry what agent and body say, until the agent ends it or is gone; the body's process does not outlive this.

    Parameters
    ----------
    name : str
        Of the queues.
    """
    from distributed import get_client

    orders, reports = await queues_of(name, get_client())
    process = await asyncio.create_subprocess_exec(
        sys.executable, *WORKER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LIMIT
    )
    await reports.put(json.dumps({"say": "ready"}))
    telling = asyncio.create_task(_tell(process, reports))
    living = asyncio.create_task(_live(reports))
    try:
        is_abandoned = not await _follow(process, orders)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        living.cancel()
        await asyncio.gather(telling, living, return_exceptions=True)
    if is_abandoned:  # otherwise the agent does, when it has read the last report
        await let_go(orders)
        await let_go(reports)


async def _follow(process: asyncio.subprocess.Process, orders: Any) -> bool:
    """Pass orders on; return whether the agent said that it is over, rather than nothing for too long."""
    while True:
        try:
            order = await orders.get(timeout=SILENCE_S)
        except TimeoutError:
            return False
        match json.loads(order)["do"]:
            case "over":
                return True
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
