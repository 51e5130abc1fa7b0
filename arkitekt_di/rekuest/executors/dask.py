"""Bodies on the workers of a Dask cluster, each in a process of its own there."""

import asyncio
import sys
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from arkitekt_di.errors import MissingExtraError
from arkitekt_di.rekuest.executors.conversation import Ask, Conversation
from arkitekt_di.rekuest.executors.dask_carrier import carry, queues_of
from arkitekt_di.rekuest.executors.dask_pipe import DaskPipe
from arkitekt_di.rekuest.executors.work import Work
from arkitekt_di.settings.models import RekuestSettings


class DaskExecutor:
    """Runs bodies where a Dask cluster has room for them.

    Dask decides where, and nothing else: it would run a body again whose worker was lost, and say that one is
    cancelled which runs on.  So a worker only carries the process of a body; the agent gives that its order, once,
    and hears how it ended.

    Parameters
    ----------
    settings : RekuestSettings
        With the address of the scheduler.
    ask : callable
        Answers what the processes ask; tokens pass through the scheduler, so a cluster that others can reach wants TLS.
    desk : str or None
        Where a process gets what prepares its bodies, as ``module:function``; None has no services of an app.
    facts : callable
        Returns what that function is given, as JSON can hold it.
    """

    def __init__(
        self,
        settings: RekuestSettings,
        ask: Ask,
        *,
        desk: str | None = None,
        facts: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        self._settings = settings
        self._ask = ask
        self._desk = desk
        self._facts = facts
        self._client: Any = None
        self._opening = asyncio.Lock()

    async def start(self) -> None:
        """Do nothing: the cluster is connected to when it is needed."""

    async def stop(self) -> None:
        """Leave the cluster; one that was started for this agent ends."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def run(self, work: Work) -> AsyncGenerator[dict[str, Any], None]:
        """Run the body; one that does not stop within the grace of the settings is killed where it runs."""
        pipe = await self._open(work)
        conversation = Conversation(pipe, work, self._ask, self._settings.grace_s)
        is_carried = False
        try:
            await pipe.carried()
            is_carried = True
            paths = [path for path in sys.path if path]
            pipe.write({"do": "begin", "path": paths, "desk": self._desk, "facts": dict(self._facts())})
            async with aclosing(conversation.run()) as results:
                async for returns in results:
                    yield returns
        except (asyncio.CancelledError, GeneratorExit):
            if is_carried:
                await conversation.stop()
            raise
        finally:
            work.control.listeners.clear()
            await pipe.end()

    async def _open(self, work: Work) -> DaskPipe:
        client = await self._connected()
        name = f"arkitekt-{uuid.uuid4().hex}"
        orders, reports = await queues_of(name, client)
        resources = dict(work.offer.resources) or None
        future = client.submit(carry, name, key=name, pure=False, retries=0, resources=resources)
        return DaskPipe(work.task.id, future, orders, reports)

    async def _connected(self) -> Any:
        async with self._opening:
            if self._client is None:
                try:
                    from distributed import Client
                except ImportError as error:
                    raise MissingExtraError("dask", "isolation='dask'") from error
                self._client = await Client(self._settings.dask, asynchronous=True, set_as_default=False)
        return self._client
