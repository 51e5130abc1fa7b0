"""The loop that a koil sends work to: one in a thread of its own, or the one that runs already."""

import _thread
import asyncio
import atexit
import functools
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Protocol

from arkitekt_di.errors import ConfigurationError, ForkedError, KoilClosedError, OwnLoopError, Problem
from arkitekt_di.koil.here import HERE
from arkitekt_di.koil.lineage import Lineage, watch_forks
from arkitekt_di.koil.waiting import join_within, wait_for
from arkitekt_di.settings.models import KoilSettings

logger = logging.getLogger(__name__)


class Pending(Protocol):
    """Work that has not ended."""

    @property
    def running_task(self) -> asyncio.Task[None] | None:
        """The task that does the work, while it does."""
        ...

    def cancel(self) -> None:
        """End the work; on the loop's thread."""
        ...

    def settle(self, value: None, error: BaseException) -> None:
        """Give the work up."""
        ...


def new_loop(settings: KoilSettings) -> asyncio.AbstractEventLoop:
    """Return the kind of loop that the settings choose."""
    if settings.loop == "asyncio":
        return asyncio.new_event_loop()
    try:
        import uvloop
    except ImportError as error:
        message = "uvloop is not installed: pip install 'arkitekt-di[uvloop]', or choose 'asyncio'"
        raise ConfigurationError([Problem("settings", None, None, "koil.loop", message)]) from error
    return uvloop.new_event_loop()


def name_of(fn: object) -> str:
    """Return the name by which messages call *fn*."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    return str(getattr(fn, "__qualname__", None) or repr(fn))


class Loop(ABC):
    """What every loop that work is sent to has in common.

    Attributes
    ----------
    crossings : set of Pending
        Everything on its way or at work.  Adding and removing one element is atomic, so no lock guards it.
    failures : list of BaseException
        What ended the background work.
    grace_s : float
        Longest wait, in seconds, for cancelled work to clean up.
    is_closing : bool
        No work is taken any more.
    is_dedicated : bool
        The thread does nothing but run the loop, so whoever is on the thread is on the loop.  Asking asyncio, as
        elsewhere, makes a system call on Python 3.11.
    """

    is_dedicated = False

    def __init__(self, loop: asyncio.AbstractEventLoop, grace_s: float) -> None:
        watch_forks()
        self.loop = loop
        self.grace_s = grace_s
        self.thread_id = 0
        self.is_closing = False
        self.crossings: set[Pending] = set()
        self.failures: list[BaseException] = []
        self._forks = Lineage.forks

    @property
    def is_forked(self) -> bool:
        """Whether this process was forked after the loop began, so that nothing drives it here."""
        return self._forks != Lineage.forks

    def check(self, waits_for: object = None) -> None:
        """Refuse work that could never end; *waits_for* is the function for which the caller would block its thread."""
        if self._forks != Lineage.forks:
            raise ForkedError
        if waits_for is not None and (HERE.runs_a_loop or _thread.get_ident() == self.thread_id):
            raise OwnLoopError(name_of(waits_for))
        if self.is_closing:
            raise KoilClosedError

    def check_process(self) -> None:
        """Refuse to work in a fork."""
        if self.is_forked:
            raise ForkedError

    def runs(self) -> bool:
        """Tell whether the loop runs in the current thread at the moment."""
        return asyncio._get_running_loop() is self.loop  # noqa: SLF001  # documented, and the public twin raises

    @abstractmethod
    def survives(self, error: BaseException) -> bool:
        """Tell whether *error*, raised by a piece of work, may not reach the loop itself."""

    def drain(self) -> None:
        """Give up what the loop will never run."""
        while pending := list(self.crossings):
            for crossing in pending:
                crossing.settle(None, KoilClosedError())


class JoinedLoop(Loop):
    """A loop that somebody else runs, such as that of ``asyncio.run``, of Qt or of a notebook."""

    def __init__(self, grace_s: float) -> None:
        super().__init__(asyncio.get_running_loop(), grace_s)
        self.thread_id = _thread.get_ident()

    def survives(self, error: BaseException) -> bool:
        """Let a Ctrl-C that hits a piece of work reach who runs the loop."""
        return not isinstance(error, KeyboardInterrupt | SystemExit)

    async def close(self) -> None:
        """Cancel the work of this koil, and only that; wait for its cleanup."""
        self.is_closing = True
        pending = list(self.crossings)
        tasks = {task for crossing in pending if (task := crossing.running_task)}
        for crossing in pending:
            crossing.cancel()
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=self.grace_s)
        finally:
            self.drain()


class OwnedLoop(Loop):
    """A loop in a daemon thread of its own."""

    is_dedicated = True

    def __init__(self, settings: KoilSettings, name: str) -> None:
        super().__init__(new_loop(settings), settings.grace_s)
        self._name = name
        self._ready = threading.Event()
        self._claim = threading.Lock()
        self._is_stopped = False
        self._thread: threading.Thread | None = None

    def survives(self, error: BaseException) -> bool:
        """Let nothing end the thread but `close`."""
        return True

    def open(self, surroundings: AbstractContextManager[None]) -> None:
        """Start the thread, inside *surroundings*, and wait until its loop runs."""
        thread = threading.Thread(target=self._serve, args=(surroundings,), name=self._name, daemon=True)
        try:
            thread.start()
        except BaseException:
            # Ctrl-C may come while `start` waits for a thread that runs already: who claims the loop first closes it.
            if self._claim.acquire(blocking=False):
                self.loop.close()
            else:
                self._thread = thread
                self.close()
            raise
        self._thread = thread
        # Without it, work that is under way when the interpreter ends would not clean up.
        atexit.register(self.close)
        try:
            wait_for(self._ready)
        except BaseException:
            self.close()
            raise

    def refuse_here(self, action: str) -> None:
        """Refuse an *action* that waits for the loop's thread on that thread."""
        if self._thread is threading.current_thread():
            raise OwnLoopError(action)

    def close(self) -> None:
        """End all work and the thread; bounded, whatever the work does."""
        if self.is_forked or self._thread is None:
            return
        atexit.unregister(self.close)
        self.is_closing = True
        with suppress(RuntimeError):  # the loop has ended already
            self.loop.call_soon_threadsafe(self._stop)
        if not join_within(self._thread, 2 * self.grace_s + 1):
            logger.error("%s: a coroutine blocks the loop; its thread is left behind", self._name)
            self.drain()

    def _serve(self, surroundings: AbstractContextManager[None]) -> None:
        if not self._claim.acquire(blocking=False):
            return
        HERE.runs_a_loop = True
        self.thread_id = _thread.get_ident()
        try:
            with surroundings:
                self.loop.call_soon(self._ready.set)
                while not self._is_stopped:
                    self._survive(self.loop.run_forever)
                ending = self.loop.create_task(self._end())
                while not ending.done():
                    self._survive(self.loop.run_until_complete, ending)
        finally:
            self.loop.close()
            self.drain()
            self._ready.set()

    def _survive(self, run: Callable[..., object], *args: object) -> None:
        try:
            run(*args)
        except (KeyboardInterrupt, SystemExit, asyncio.CancelledError):
            # asyncio lets the first two out of any task, and a task may cancel all others, that of our ending, too.
            logger.exception("%s: a task tried to end the loop", self._name)

    def _stop(self) -> None:
        self._is_stopped = True
        self.loop.stop()

    async def _end(self) -> None:
        await self._end_tasks()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.grace_s):
                await self.loop.shutdown_asyncgens()

    async def _end_tasks(self) -> None:
        deadline = self.loop.time() + self.grace_s
        ended: set[asyncio.Task[object]] = set()
        own = asyncio.current_task()
        while (tasks := {task for task in asyncio.all_tasks() if task is not own}) and self.loop.time() < deadline:
            for task in tasks - ended:
                task.cancel()
            ended |= tasks
            await asyncio.wait(tasks, timeout=deadline - self.loop.time())
        for task in tasks:
            logger.error("%s: %r ignored its cancellation for %g s", self._name, task, self.grace_s)
