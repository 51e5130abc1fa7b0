"""Threads for sync code that coroutines call."""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar, cast

from arkitekt_di.koil.here import HERE, CancelFlag
from arkitekt_di.koil.variables import write_back

R = TypeVar("R")

logger = logging.getLogger(__name__)

_IDLE_S = 10.0
"""An idle thread ends after this time, as those of anyio do."""

_DEPTH: ContextVar[int] = ContextVar("koil_depth", default=0)
"""How many worker threads stand between the current code and the outermost loop."""


class Job(Generic[R]):
    """One function for a thread, with the coroutine that waits for it."""

    def __init__(self, fn: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._fn = fn
        self._args = args
        self._kwargs = kwargs
        self._context = copy_context()
        self._loop = asyncio.get_running_loop()
        self._wake: asyncio.Future[None] = self._loop.create_future()
        self._flag = CancelFlag()
        self.has_ended = False
        self._value: R | None = None
        self._error: BaseException | None = None

    def work(self) -> None:
        """Run the function; on the worker's thread."""
        HERE.flag = self._flag
        try:
            self._value = self._context.run(self._run)
        except BaseException as error:  # noqa: BLE001  # raised where the coroutine waits
            self._error = _without_frames(error, 2)
        finally:
            HERE.flag = None

    def _run(self) -> R:
        token = _DEPTH.set(_DEPTH.get() + 1)
        try:
            return self._fn(*self._args, **self._kwargs)
        finally:
            _DEPTH.reset(token)

    def report(self) -> None:
        """Wake the coroutine; on the worker's thread."""
        try:
            self._loop.call_soon_threadsafe(self._end)
        except RuntimeError:
            logger.warning("the loop ended before %r did", self._fn, exc_info=self._error)

    def _end(self) -> None:
        self.has_ended = True
        if not self._wake.done():
            self._wake.set_result(None)

    async def outcome(self, grace_s: float) -> R:
        """Wait for the function; pass a cancellation on to the thread and wait, at most *grace_s*, for its end."""
        try:
            await self._wake
        except asyncio.CancelledError as cancelled:
            await self._cancel(grace_s)
            if not isinstance(self._error, asyncio.CancelledError):
                cancelled.__context__ = self._error
            raise
        write_back(self._context)
        if self._error is not None:
            error, self._error = self._error, None
            try:
                raise error
            finally:
                del error
        return cast("R", self._value)

    async def _cancel(self, grace_s: float) -> None:
        self._flag.set()
        if self.has_ended:
            return
        self._wake = self._loop.create_future()
        _, running = await asyncio.wait([self._wake], timeout=grace_s)
        if running:
            logger.warning(
                "%r was cancelled and still runs after %g s: let it call check_cancelled()", self._fn, grace_s
            )


def _without_frames(error: BaseException, count: int) -> BaseException:
    """Take our own frames off the start of the traceback."""
    traceback = error.__traceback__
    for _ in range(count):
        traceback = traceback and traceback.tb_next
    return error.with_traceback(traceback)


class Worker(threading.Thread):
    """A daemon thread that works off one job at a time."""

    def __init__(self, workers: "Workers") -> None:
        super().__init__(name=f"{workers.name}-worker", daemon=True)
        self._workers = workers
        self._inbox: SimpleQueue[tuple[Job[Any], Callable[[Worker], None]] | None] = SimpleQueue()

    def do(self, job: Job[Any], then: Callable[["Worker"], None]) -> None:
        """Work on *job*; call *then* before the result is reported, so that the next job finds this thread free."""
        self._inbox.put((job, then))

    def dismiss(self) -> None:
        """End the thread after its present job."""
        self._inbox.put(None)

    def run(self) -> None:
        """Work off jobs until dismissed or idle for long."""
        while (order := self._next()) is not None:
            job, then = order
            job.work()
            then(self)
            job.report()
            # What the job holds would otherwise live until the next one comes.
            del job, then, order

    def _next(self) -> tuple[Job[Any], Callable[["Worker"], None]] | None:
        while True:
            try:
                return self._inbox.get(timeout=_IDLE_S)
            except Empty:
                if self._workers.lose(self):
                    return None


class Workers:
    """The threads of one koil: as many as are needed at once, reused, most recently used first.

    Each depth of sync code within async code within sync code has its own bound.  A function waits only for deeper
    ones, and the deepest for none, so no nesting can deadlock, which one bound for all would allow.

    Parameters
    ----------
    name : str
        Prefix of the threads' names.
    limit : int
        Most functions of one depth that run at once.
    grace_s : float
        Longest wait, in seconds, for a cancelled function to end.
    """

    def __init__(self, name: str, limit: int, grace_s: float) -> None:
        self.name = name
        self._limit = limit
        self._grace_s = grace_s
        self._idle: list[Worker] = []
        self._is_closed = False
        self._slots: dict[tuple[asyncio.AbstractEventLoop, int], asyncio.Semaphore] = {}

    async def run(self, fn: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        """Run *fn* in a thread of the pool."""
        async with self._slot():
            job = Job(fn, args, kwargs)
            self.hire().do(job, self.release)
            return await job.outcome(self._grace_s)

    def session(self) -> "Session":
        """Return one thread for several functions."""
        return Session(self, self.hire(), self._grace_s)

    def hire(self) -> Worker:
        """Return a thread that nobody else uses until it is released."""
        try:
            return self._idle.pop()
        except IndexError:
            worker = Worker(self)
            worker.start()
            return worker

    def release(self, worker: Worker) -> None:
        """Take a hired thread back."""
        self._idle.append(worker)
        if self._is_closed and self.lose(worker):
            worker.dismiss()

    def lose(self, worker: Worker) -> bool:
        """Forget an idle thread that is about to end; False where it has just been hired."""
        try:
            self._idle.remove(worker)
        except ValueError:
            return False
        return True

    def close(self) -> None:
        """End the idle threads now, and the others when they are released."""
        self._is_closed = True
        while self._idle:
            try:
                worker = self._idle.pop()
            except IndexError:  # another thread has just taken the last one
                return
            worker.dismiss()

    def _slot(self) -> asyncio.Semaphore:
        key = asyncio.get_running_loop(), _DEPTH.get()
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = asyncio.Semaphore(self._limit)
        return slot


class Session:
    """Several functions, one after the other, in one thread; `end` must be the last."""

    def __init__(self, workers: Workers, worker: Worker, grace_s: float) -> None:
        self._workers = workers
        self._worker = worker
        self._grace_s = grace_s
        self._is_stuck = False

    async def run(self, fn: Callable[..., R], /, *args: Any) -> R:
        """Run *fn* and keep the thread."""
        job = Job(fn, args, {})
        self._worker.do(job, _keep)
        try:
            return await job.outcome(self._grace_s)
        finally:
            self._is_stuck = not job.has_ended

    async def end(self, fn: Callable[..., object], /, *args: Any) -> None:
        """Run *fn* and let the thread go; waits for neither where the function before ignored its cancellation."""
        job = Job(fn, args, {})
        self._worker.do(job, self._workers.release)
        if not self._is_stuck:
            await job.outcome(self._grace_s)


def _keep(worker: Worker) -> None:
    """Leave the thread to who hired it."""
