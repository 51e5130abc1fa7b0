"""One task that this agent works on, from its assignment to its end."""

import asyncio
import logging
from contextlib import aclosing
from typing import Any, Final

from arkitekt_di.errors import OfferRefusedError
from arkitekt_di.messages.definitions import Execution
from arkitekt_di.messages.orders import Assign
from arkitekt_di.messages.reports import (
    Cancelled,
    Completed,
    Critical,
    Effect,
    Failed,
    Interrupted,
    Lock,
    Log,
    Paused,
    Progress,
    Resumed,
    Started,
    TaskReport,
    Unlock,
    Yield,
)
from arkitekt_di.messages.tasks import EffectKind, LogLevel
from arkitekt_di.rekuest.agent.admission import Admission
from arkitekt_di.rekuest.agent.reporter import Reporter
from arkitekt_di.rekuest.control import Control
from arkitekt_di.rekuest.executors.work import Executor, Work
from arkitekt_di.rekuest.offer import Offer
from arkitekt_di.rekuest.remote_errors import describe
from arkitekt_di.rekuest.task import Caller, Task, TaskFacts, running

logger = logging.getLogger(__name__)

_STUCK: Final = (
    "uncancellable: the body was asked to stop and does not listen. It runs to its end; "
    "let it call check_cancelled() or progress(), or offer it with isolation='process'"
)


class Run:
    """Runs one body and reports on it.

    Parameters
    ----------
    assign : Assign
    offer : Offer
    executor : Executor
    admission : Admission
    reporter : Reporter
    """

    def __init__(
        self, assign: Assign, offer: Offer, executor: Executor, admission: Admission, reporter: Reporter
    ) -> None:
        self.id = assign.task
        self.attempt = assign.attempt
        self.control = Control()
        self.is_agent_stopping = False
        self._assign = assign
        self._offer = offer
        self._executor = executor
        self._admission = admission
        self._reporter = reporter
        self._loop = asyncio.get_running_loop()
        self.control.limit(assign.credits)
        self.control.on_paused = lambda: self._report(Paused)
        self.control.on_resumed = lambda: self._report(Resumed)
        self._work: asyncio.Task[None] | None = None

    def begin(self) -> asyncio.Task[None]:
        """Start to work."""
        self._work = self._loop.create_task(self._run(), name=f"task {self.id}")
        return self._work

    # --- what the body tells, from any thread -----------------------------------------------------

    def progress(self, percent: int, message: str | None) -> None:
        """Report how far the body is."""
        self._tell(Progress, progress=percent, message=message)

    def log(self, message: str, level: LogLevel) -> None:
        """Report a line."""
        self._tell(Log, message=message, level=level)

    def effect(self, key: str, value: Any) -> None:
        """Report what a workflow recorded."""
        self._tell(Effect, effect=EffectKind.RECORD, key=key, value=value)

    def _tell(self, kind: type[TaskReport], **members: Any) -> None:
        try:
            is_here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            is_here = False
        report = self._made(kind, **members)
        if is_here:
            self._reporter.report(report)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._reporter.report, report)

    def _report(self, kind: type[TaskReport], **members: Any) -> None:
        self._reporter.report(self._made(kind, **members))

    def _made(self, kind: type[TaskReport], **members: Any) -> TaskReport:
        return kind(task=self.id, attempt=self.attempt, **members)

    # --- control ----------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Ask the body to stop; its end is reported when it has."""
        self.control.cancel()
        self._cancel_work()

    def interrupt(self) -> None:
        """Stop the body by all means."""
        self.control.interrupt()
        self._cancel_work()

    def _cancel_work(self) -> None:
        if self._work is not None:
            self._work.cancel()

    # --- the work ---------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            if not self._admission.is_free(self._offer):
                self._report(Progress, progress=0, message="waits for its turn")
            async with self._admission.turn(self._offer):
                await self._run_locked()
        except asyncio.CancelledError:
            self._reporter.report(self._stopped())
        except OfferRefusedError as error:  # what the function needs is not here, whoever calls
            self._report(Critical, error=describe(error))
        except Exception as error:  # the rim: whatever a body raises is told to its caller
            logger.debug("the task %s of %s() failed", self.id, self._offer.interface, exc_info=True)
            self._report(Failed, error=describe(error), code=type(error).__name__)
        else:
            self._report(Completed)

    def _stopped(self) -> TaskReport:
        if self.is_agent_stopping:
            return self._made(Failed, error="the agent was stopped while the task ran", code="AgentStopped")
        if self.control.is_interrupted:
            return self._made(Interrupted)
        if self.control.is_cancelled:
            return self._made(Cancelled)
        return self._made(Failed, error="CancelledError: the body cancelled itself", code="CancelledError")

    async def _run_locked(self) -> None:
        for key in self._offer.locks:
            self._reporter.report(Lock(key=key, task=self.id))
        self._report(Started)
        try:
            with running(task := self._task()):
                await self._body(task)
        finally:
            for key in self._offer.locks:
                self._reporter.report(Unlock(key=key, task=self.id))

    async def _body(self, task: Task) -> None:
        work = Work(self._offer, self._assign.args, task, self.control, on_stuck=lambda: self.log(_STUCK, "WARN"))
        async with aclosing(self._executor.run(work)) as results:
            async for returns in results:
                if self._offer.is_generator:
                    await self.control.spend()
                self._report(Yield, returns=returns)
                if self._offer.is_generator:
                    await self._reporter.room()
                    await self.control.pausepoint()

    def _task(self) -> Task:
        assign = self._assign
        facts = TaskFacts(
            assign.task,
            assign.interface,
            Caller(assign.user, assign.org, assign.caller_app),
            parent=assign.parent,
            root=assign.root,
            reference=assign.reference,
            attempt=assign.attempt or 1,
            token=assign.token,
            is_workflow=self._offer.implementation.execution is Execution.WORKFLOW,
            recorded={one.key: one.value for one in assign.resume.effects} if assign.resume else {},
        )
        return Task(facts, self, self.control)
