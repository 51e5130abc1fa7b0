"""The pipe of a body that a Dask worker carries."""

import asyncio
import json
import logging
from typing import Any, Final

from arkitekt_di.errors import WorkerDiedError
from arkitekt_di.rekuest.executors.dask_carrier import ALIVE_S, SILENCE_S, let_go

logger = logging.getLogger(__name__)

MOST_HEARD: Final = 4096
"""Messages that wait to be read; more wait in the scheduler."""

MOST_UNSENT: Final = 4096
"""Orders that wait for the scheduler to take them; one that lets more gather is not there any more."""


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
        self._unsent: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_UNSENT)
        self._is_carried = False
        self._code: int | None = None
        self._heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_HEARD)
        self._failed: asyncio.Future[BaseException | None] = asyncio.ensure_future(future.exception())
        # One reader for all: what a reader that is cancelled was about to get would be lost in the scheduler.
        self._receiving = asyncio.create_task(self._receive(), name=f"reports of {task}")
        self._sending: asyncio.Task[None] | None = None

    async def carried(self) -> None:
        """Wait until a worker carries the body; that may be long where the cluster is busy."""
        await self.read()
        self._sending = asyncio.create_task(self._send(), name=f"orders to {self._task}")

    def write(self, message: dict[str, Any]) -> None:
        """Send a message; one too many gives the body up, which whoever reads is told."""
        try:
            self._unsent.put_nowait(message)
        except asyncio.QueueFull:
            self._receiving.cancel()

    async def read(self) -> dict[str, Any] | None:
        """Return the next message; None where the process has ended.

        Raises
        ------
        WorkerDiedError
            The Dask worker is gone: nothing was heard of it, the scheduler has begun the task on another, or is gone
            itself.
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
        awaited: set[asyncio.Future[Any]] = {coming, self._failed, self._receiving}
        try:
            patience = SILENCE_S if self._is_carried else None
            await asyncio.wait(awaited, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
        finally:
            coming.cancel()
        raise WorkerDiedError(self._task, self._reason())

    def _reason(self) -> str:
        if self._failed.done():
            return f"the Dask cluster did not carry it: {self._told_failure()}"
        if self._receiving.cancelled():
            return f"the Dask scheduler does not take its orders, of which {MOST_UNSENT} wait"
        if self._receiving.done():
            return f"the Dask scheduler is gone: {self._receiving.exception()!r}"
        return f"nothing was heard of its Dask worker for {SILENCE_S:g} s"

    def _told_failure(self) -> str:
        error = None if self._failed.cancelled() else self._failed.exception() or self._failed.result()
        # Without an error: let go not by the caller, but by whoever else has the cluster, or as it ended.
        return "it let it go" if error is None else repr(error)

    async def exit_code(self) -> int:
        """Return the exit code."""
        return self._code or 0

    async def end(self) -> None:
        """Kill the process, and wait until its worker says that it has ended, or is gone."""
        try:
            async with asyncio.timeout(SILENCE_S):
                while not await self._is_over():
                    pass
        except OSError:  # its worker is gone, and on Linux the process with it; or the scheduler is, or too slow
            logger.warning("nothing was heard of the Dask worker of task %s when its body was to end", self._task)
        ways = [way for way in (self._receiving, self._sending, self._failed) if way is not None]
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        if not self._is_carried:
            await self._future.cancel()
        self._future.release()
        await let_go(self._orders)
        await let_go(self._reports)

    async def _is_over(self) -> bool:
        """Say that it is over; again and again, as a worker that has died may have taken what was said before."""
        await self._orders.put(json.dumps({"do": "over"}))
        try:
            async with asyncio.timeout(ALIVE_S):
                while self._is_carried and await self.read() is not None:
                    pass
        except (TimeoutError, WorkerDiedError):
            return self._failed.done() or self._receiving.done()
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
