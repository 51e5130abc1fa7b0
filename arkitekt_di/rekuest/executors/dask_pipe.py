"""The pipe of a body that a Dask worker carries."""

import asyncio
import json
import logging
from typing import Any, Final

from arkitekt_di.errors import WorkerDiedError
from arkitekt_di.rekuest.executors.dask_carrier import ALIVE_S, SILENCE_S

logger = logging.getLogger(__name__)

MOST_HEARD: Final = 4096
"""Messages that wait to be read; more wait in the scheduler."""


class DaskPipe:
    """Two queues of the cluster's scheduler, between the agent and the worker that carries the body.

    Parameters
    ----------
    task : str
        The task whose body it is.
    future : distributed.Future
        Of `dask_carrier.carry`.
    orders, reports : distributed.Queue
    """

    def __init__(self, task: str, future: Any, orders: Any, reports: Any) -> None:
        self._task = task
        self._future = future
        self._orders = orders
        self._reports = reports
        self._unsent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._is_carried = False
        self._code: int | None = None
        self._heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_HEARD)
        self._failed: asyncio.Future[BaseException | None] = asyncio.ensure_future(future.exception())
        # One reader for all: what a reader that is cancelled was about to get would be lost in the scheduler.
        self._ways = [asyncio.create_task(self._receive(), name=f"reports of {task}")]

    async def carried(self) -> None:
        """Wait until a worker carries the body; that may be long where the cluster is busy."""
        await self.read()
        self._ways.append(asyncio.create_task(self._send(), name=f"orders to {self._task}"))

    def write(self, message: dict[str, Any]) -> None:
        """Send a message."""
        self._unsent.put_nowait(message)

    async def read(self) -> dict[str, Any] | None:
        """Return the next message; None where the process has ended.

        Raises
        ------
        WorkerDiedError
            The Dask worker is gone: nothing was heard of it, or the scheduler has begun the task on another.
        """
        while self._code is None:
            message = await self._next()
            match message["say"]:
                case "ready" if self._is_carried:  # Dask runs a task again where its worker was lost; the body is not
                    raise WorkerDiedError(self._task, "the Dask worker that carried it has ended")
                case "ready":
                    self._is_carried = True
                    return message
                case "ended":
                    self._code = int(message["code"])
                case "alive":
                    continue
                case _:
                    return message
        return None

    async def _next(self) -> dict[str, Any]:
        coming = asyncio.create_task(self._heard.get())
        awaited: set[asyncio.Future[Any]] = {coming, self._failed}
        try:
            patience = SILENCE_S if self._is_carried else None
            await asyncio.wait(awaited, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
        finally:
            coming.cancel()
        if self._failed.done():
            raise WorkerDiedError(self._task, f"the Dask cluster did not carry it: {self._failed.result()!r}")
        raise WorkerDiedError(self._task, f"nothing was heard of its Dask worker for {SILENCE_S:g} s")

    async def exit_code(self) -> int:
        """Return the exit code."""
        return self._code or 0

    async def end(self) -> None:
        """Kill the process, and wait until its worker says that it has ended, or is gone."""
        try:
            async with asyncio.timeout(SILENCE_S):
                while not await self._is_over():
                    pass
        except TimeoutError:  # its worker is gone, and on Linux the process with it
            logger.warning("nothing was heard of the Dask worker of task %s when its body was to end", self._task)
        ways: list[asyncio.Future[Any]] = [*self._ways, self._failed]
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        if not self._is_carried:
            await self._future.cancel()
        self._future.release()

    async def _is_over(self) -> bool:
        """Say that it is over; again and again, as a worker that has died may have taken what was said before."""
        await self._orders.put(json.dumps({"do": "over"}))
        try:
            async with asyncio.timeout(ALIVE_S):
                while self._is_carried and await self.read() is not None:
                    pass
        except (TimeoutError, WorkerDiedError):
            return self._failed.done()
        return True

    async def _receive(self) -> None:
        while True:
            await self._heard.put(json.loads(await self._reports.get()))

    async def _send(self) -> None:
        while True:
            try:
                async with asyncio.timeout(ALIVE_S):
                    message = await self._unsent.get()
            except TimeoutError:
                message = {"do": "alive"}
            await self._orders.put(json.dumps(message))
