"""Bodies on the app's event loop."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from arkitekt_di.rekuest.executors.work import Desk, Work


class LoopExecutor:
    """Runs coroutine functions and async generator functions where the agent itself runs.

    Parameters
    ----------
    desk : Desk
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def start(self) -> None:
        """Do nothing: the loop runs."""

    async def stop(self) -> None:
        """Do nothing."""

    async def run(self, work: Work) -> AsyncGenerator[dict[str, Any], None]:
        """Run the body; it is cancelled as every coroutine is."""
        body = await self._desk.prepare(work)
        if not work.offer.is_generator:
            yield await self._desk.results(work, await body())
            return
        async with aclosing(body()) as stream:
            async for item in stream:
                yield await self._desk.results(work, item)
