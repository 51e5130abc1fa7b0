"""Serves functions while a block runs, for notebooks and tests."""

import asyncio
from types import TracebackType
from typing import Self

from arkitekt_di.errors import AppStateError
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.rekuest.agent.agent import Agent
from arkitekt_di.rekuest.registry import Registry


class Serving:
    """Connected from the beginning of a block, ``with`` or ``async with``, to its end.

    Parameters
    ----------
    agent : Agent
    registry : Registry
    bridge : Bridge
    """

    def __init__(self, agent: Agent, registry: Registry, bridge: Bridge) -> None:
        self._agent = agent
        self._registry = registry
        self._bridge = bridge
        self._work: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._work = work = asyncio.create_task(self._agent.serve(self._registry), name="agent")
        ready = asyncio.create_task(self._agent.ready.wait())
        try:
            await asyncio.wait({work, ready}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        except BaseException:
            work.cancel()
            raise
        finally:
            ready.cancel()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if (work := self._work) is None:
            raise AppStateError("nothing is served. Enter the block first")
        self._work = None
        if work.done():
            work.result()  # it ended by itself: with an error, which counts
        work.cancel()
        outcome = (await asyncio.gather(work, return_exceptions=True))[0]
        if isinstance(outcome, Exception):
            raise outcome

    def __enter__(self) -> Self:
        return self._bridge.call(self.__aenter__)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bridge.call(self.__aexit__, kind, error, traceback)
