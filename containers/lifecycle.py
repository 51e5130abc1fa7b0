"""Starts the services of a container in order, and stops them in reverse."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from dependency_injector.containers import Container as AnyContainer

from arkitekt_di.containers.plan import Plan
from arkitekt_di.containers.time_limit import within
from arkitekt_di.protocols.service import Service

STOP_TIMEOUT_S = 30.0
"""Longest wait for one service to stop, in seconds: far above the bounds that services have themselves."""


class Lifecycle:
    """The lives of the services of a container, one after the other.

    Parameters
    ----------
    container : AnyContainer
        Its singletons are forgotten when the services have stopped, so the next life has fresh ones.
    """

    def __init__(self, container: AnyContainer) -> None:
        self._container = container
        self._known_plan: Plan | None = None
        self._started: list[tuple[str, Service]] = []

    async def start(self) -> None:
        """Start each service after everything that it needs.

        Raises
        ------
        CompositionError
            The services need one another in a circle.
        Exception
            What the failing service raised, with a note that names it; all that had started are stopped again.  Where
            stopping fails too, a `BaseExceptionGroup` of all.
        """
        name = ""
        try:
            for name, provider in self._plan().services:
                service: Service = provider()
                await service.start()
                self._started.append((name, service))
        except BaseException as failure:
            if name:
                failure.add_note(f"while starting the service {name!r}")
            try:
                await self.stop()
            except BaseExceptionGroup as more:
                message = "a service did not start, and stopping the others failed too"
                raise BaseExceptionGroup(message, [failure, *more.exceptions]) from None
            raise

    async def stop(self) -> None:
        """Stop every started service, last started first; all of them, whatever fails, also when cancelled.

        Raises
        ------
        BaseExceptionGroup
            What the services raised, each with a note that names the service.
        """
        await _uninterrupted(self._stop())

    async def _stop(self) -> None:
        failures: list[BaseException] = []
        while self._started:
            name, service = self._started.pop()
            try:
                await within(STOP_TIMEOUT_S, service.stop())
            except BaseException as failure:  # noqa: BLE001  # collected and raised below
                failure.add_note(f"while stopping the service {name!r}")
                failures.append(failure)
        self.forget()
        if failures:
            message = "services failed to stop"
            raise BaseExceptionGroup(message, failures)

    def forget(self) -> None:
        """Let the container make everything anew the next time."""
        if self._known_plan is not None and self._known_plan.holds():
            self._known_plan.forget()
        else:
            self._container.reset_singletons()

    def _plan(self) -> Plan:
        if self._known_plan is None or not self._known_plan.holds():
            self._known_plan = Plan(self._container)
        return self._known_plan


async def _uninterrupted(work: Coroutine[Any, Any, None]) -> None:
    """Await *work* to its end, in a task of its own; raise a cancellation that came meanwhile when it is over."""
    task = asyncio.ensure_future(work)
    interruption: asyncio.CancelledError | None = None
    try:
        await asyncio.sleep(0)  # a turn for the task: where nothing waits it is over then, at half the price of a wait
    except asyncio.CancelledError as error:
        interruption = error
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:  # the task goes on
            interruption = error
    if interruption is None or task.exception() is not None:
        return task.result()
    raise interruption
