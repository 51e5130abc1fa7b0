"""The tasks that this agent works on, and the orders about them."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from functools import singledispatchmethod
from typing import Final

from arkitekt_di.messages.frames import Frame
from arkitekt_di.messages.orders import Assign, Cancel, Collect, Credit, Interrupt, Pause, Resume
from arkitekt_di.messages.reports import Cancelled, Critical
from arkitekt_di.rekuest.agent.admission import Admission
from arkitekt_di.rekuest.agent.reporter import Reporter
from arkitekt_di.rekuest.agent.run import Run
from arkitekt_di.rekuest.executors.work import Executor
from arkitekt_di.rekuest.ports.shelf import Shelf
from arkitekt_di.rekuest.registry import Registry

REMEMBERED: Final = 10_000
"""Tasks that have ended and are remembered, so that one which is delivered again does not run again."""


class Workbench:
    """Takes orders and keeps the runs that they begin.

    Parameters
    ----------
    registry : Registry
    executors : mapping of str to Executor
        By the name of the isolation.
    admission : Admission
    reporter : Reporter
    shelf : Shelf
    """

    def __init__(
        self,
        registry: Registry,
        executors: Mapping[str, Executor],
        admission: Admission,
        reporter: Reporter,
        shelf: Shelf,
    ) -> None:
        self._registry = registry
        self._executors = executors
        self._admission = admission
        self._reporter = reporter
        self._shelf = shelf
        self._runs: dict[str, Run] = {}
        self._work: set[asyncio.Task[None]] = set()
        self._ended: OrderedDict[str, int] = OrderedDict()

    def knows(self, task: str) -> bool:
        """Tell whether a task runs here, or did."""
        return task in self._runs or task in self._ended

    @singledispatchmethod
    def take(self, order: Frame) -> None:
        """Follow an order; what it does not know it passes over, as the protocol grows."""

    @take.register
    def _assign(self, order: Assign) -> None:
        running = self._runs.get(order.task)
        if running is not None:
            running.attempt = order.attempt  # delivered again: the same body works for the new attempt
            return
        if self._ended.get(order.task, -1) >= (order.attempt or 1):
            return  # its reports are in the journal, and will be sent
        if (refusal := self._refusal(order)) is not None:
            self._reporter.report(Critical(task=order.task, error=refusal, attempt=order.attempt))
            return
        offer = self._registry.offers[order.interface]
        run = Run(order, offer, self._executors[offer.isolation], self._admission, self._reporter)
        if order.resume is not None:
            self._reporter.continue_from(order.task, order.resume.last_step)
        self._runs[run.id] = run
        work = run.begin()
        self._work.add(work)
        work.add_done_callback(lambda work: self._end(run, work))

    def _refusal(self, order: Assign) -> str | None:
        if order.interface not in self._registry.offers:
            known = ", ".join(self._registry.offers) or "nothing"
            return f"this agent does not offer {order.interface!r}; it offers {known}"
        if self._reporter.is_broken:
            return "the disk of this agent is full: it cannot keep what the task would report"
        return None

    def _end(self, run: Run, work: asyncio.Task[None]) -> None:
        self._runs.pop(run.id, None)
        self._work.discard(work)
        self._ended[run.id] = run.attempt or 1
        if len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)
        if not work.cancelled() and (error := work.exception()) is not None:
            raise error  # a fault of ours: the loop's handler tells

    @take.register
    def _cancel(self, order: Cancel) -> None:
        if (run := self._runs.get(order.task)) is not None:
            run.cancel()
        elif order.task not in self._ended:
            self._reporter.report(Cancelled(task=order.task))  # it never began here, and now never will
            self._ended[order.task] = 1

    @take.register
    def _interrupt(self, order: Interrupt) -> None:
        if (run := self._runs.get(order.task)) is not None:
            run.interrupt()

    @take.register
    def _pause(self, order: Pause) -> None:
        if (run := self._runs.get(order.task)) is not None:
            run.control.pause()

    @take.register
    def _resume(self, order: Resume) -> None:
        if (run := self._runs.get(order.task)) is not None:
            run.control.resume()

    @take.register
    def _credit(self, order: Credit) -> None:
        if (run := self._runs.get(order.task)) is not None:
            run.control.allow(order.n)

    @take.register
    def _collect(self, order: Collect) -> None:
        for drawer in order.drawers:
            self._shelf.drop(drawer)

    async def clear(self, grace_s: float) -> None:
        """Stop every body, and wait for their ends, at most *grace_s* long."""
        for run in list(self._runs.values()):
            run.is_agent_stopping = True
            run.cancel()
        if self._work:
            await asyncio.wait(self._work, timeout=grace_s)

    def __len__(self) -> int:
        return len(self._runs)
