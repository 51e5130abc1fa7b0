"""One piece of work on its way from any thread to the loop, and its outcome on the way back."""

import _thread
import asyncio
import sys
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any, Generic, Self, TypeVar, cast

from arkitekt_di.errors import CallTimeoutError, KoilClosedError
from arkitekt_di.koil.here import HERE
from arkitekt_di.koil.loops import Loop, name_of
from arkitekt_di.koil.variables import write_back
from arkitekt_di.koil.waiting import acquire_within

R = TypeVar("R")

# An eager task runs up to its first suspension while it is created, which saves one turn of the loop.
_TASK_OPTIONS: Mapping[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}
# A callback without a context of its own would copy the caller's; the task brings the one that counts.
_NO_CONTEXT = Context()


class _Errand(asyncio.Task[None]):
    """The task of a crossing; cancelled before its first step, it would never enter its coroutine."""

    def __init__(self, crossing: "Crossing[Any]") -> None:
        self._crossing = crossing
        super().__init__(crossing.run(), loop=crossing.home.loop, context=crossing.context, **_TASK_OPTIONS)

    def cancel(self, msg: Any | None = None) -> bool:
        if not self._crossing.has_started:
            self._crossing.settle(None, asyncio.CancelledError())
        return super().cancel(msg)


class Crossing(ABC, Generic[R]):
    """Work for a loop; exactly one of its end, its refusal and the loop's end settles it.

    A crossing is pending as long as the loop lists it: whoever takes it off the list settles it.
    """

    __slots__ = ("args", "context", "error", "fn", "has_started", "home", "kwargs", "running_task", "value")

    def __init__(
        self, home: Loop, fn: Callable[..., Awaitable[R]], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.home = home
        self.fn = fn
        self.args = args
        self.kwargs = kwargs
        self.context = copy_context()
        self.running_task: _Errand | None = None
        self.has_started = False
        self.value: R | None = None
        self.error: BaseException | None = None

    @property
    def is_pending(self) -> bool:
        """Whether the work has neither ended nor been refused."""
        return self in self.home.crossings

    def send(self) -> None:
        """Hand the work to the loop."""
        self.home.crossings.add(self)
        try:
            self.home.loop.call_soon_threadsafe(self._start, context=_NO_CONTEXT)
        except RuntimeError:
            self.home.crossings.discard(self)
            raise KoilClosedError from None

    def _start(self) -> None:
        if not self.is_pending:
            return
        if self.home.is_closing:
            self.settle(None, KoilClosedError())
            return
        task = _Errand(self)
        if self.is_pending:
            self.running_task = task

    async def run(self) -> None:
        """Do the work; the frame that keeps KeyboardInterrupt and SystemExit from ending a loop of ours."""
        self.has_started = True
        try:
            value = await self.fn(*self.args, **self.kwargs)
        except BaseException as error:
            self.settle(None, error.with_traceback(error.__traceback__ and error.__traceback__.tb_next))
            if not self.home.survives(error):
                raise
        else:
            self.settle(value, None)

    def cancel(self) -> None:
        """End the work; on the loop's thread."""
        if self.running_task is None:
            self.settle(None, asyncio.CancelledError())
        else:
            self.running_task.cancel()

    def request_cancel(self) -> None:
        """Ask the loop to end the work; from any thread."""
        with suppress(RuntimeError):  # the loop has ended, and has settled what it had
            self.home.loop.call_soon_threadsafe(self.cancel, context=_NO_CONTEXT)

    def settle(self, value: R | None, error: BaseException | None) -> None:
        """Keep the outcome and deliver it, unless that is already done."""
        try:
            self.home.crossings.remove(self)
        except KeyError:
            return
        self.running_task = None
        self.value = value
        self.error = error
        if self.home.is_closing and isinstance(error, asyncio.CancelledError):
            self.error = KoilClosedError()
            self.error.__cause__ = error
        self.deliver()

    @abstractmethod
    def deliver(self) -> None:
        """Pass the outcome on to who waits for it."""

    def take_error(self) -> BaseException:
        """Return the error and forget it: an error that its own traceback can reach is freed late."""
        error, self.error = self.error, None
        return cast("BaseException", error)


class Call(Crossing[R]):
    """Work that the sending thread waits for."""

    __slots__ = ("_ended",)

    def __init__(
        self, home: Loop, fn: Callable[..., Awaitable[R]], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        super().__init__(home, fn, args, kwargs)
        self._ended = _thread.allocate_lock()
        self._ended.acquire()

    def deliver(self) -> None:
        """Wake the thread."""
        self._ended.release()

    def wait(self, seconds: float | None = None) -> None:
        """Send the work and wait for its end, at most so long; bring changed context variables back.

        An interrupt of the wait, such as Ctrl-C, cancels the work and lets it clean up before it goes on.

        Raises
        ------
        CallTimeoutError
            The work did not end in time.
        """
        flag = HERE.flag
        try:
            self.send()
            if flag is not None:
                flag.watch(self)
            has_ended = acquire_within(self._ended, seconds)
        except BaseException as interrupt:
            self._abandon(interrupt)
            raise
        finally:
            if flag is not None:
                flag.waits_for = None
        if not has_ended:
            self._expire(cast("float", seconds))
        write_back(self.context)

    def _abandon(self, interrupt: BaseException) -> None:
        if not self.is_pending:
            return
        self.request_cancel()
        if not acquire_within(self._ended, self.home.grace_s):
            interrupt.add_note(f"{name_of(self.fn)}() still runs: it ignored its cancellation")
            return
        write_back(self.context)
        if not isinstance(self.error, asyncio.CancelledError | KoilClosedError):
            interrupt.__context__ = self.error

    def _expire(self, seconds: float) -> None:
        self.request_cancel()
        error = CallTimeoutError(name_of(self.fn), seconds)
        if not acquire_within(self._ended, self.home.grace_s):
            error.add_note("it still runs: it ignored its cancellation")
            raise error
        if isinstance(self.error, asyncio.CancelledError):
            write_back(self.context)
            raise error from self.take_error()


class Submission(Future[R]):
    """The future of work that nobody waits for yet; cancelled only when the work has cleaned up.

    It is made first and sent then, so that who is interrupted between the two can still cancel it.
    """

    def __init__(
        self, home: Loop, fn: Callable[..., Awaitable[R]], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        super().__init__()
        self._crossing = _Promised(home, fn, args, kwargs, self)

    def send(self) -> Self:
        """Hand the work to the loop."""
        self._crossing.send()
        return self

    def cancel(self) -> bool:
        """Ask the work to end; False where it has ended already."""
        if self.done():
            return self.cancelled()
        self._crossing.request_cancel()
        return True

    def fulfil(self, value: R | None, error: BaseException | None) -> None:
        """Take the outcome; on the loop's thread."""
        if isinstance(error, asyncio.CancelledError):
            super().cancel()
            self.set_running_or_notify_cancel()
        elif error is not None:
            self.set_exception(error)
        else:
            self.set_result(cast("R", value))


class _Promised(Crossing[R]):
    """Work behind a future."""

    __slots__ = ("_future",)

    def __init__(
        self,
        home: Loop,
        fn: Callable[..., Awaitable[R]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        future: Submission[R],
    ) -> None:
        super().__init__(home, fn, args, kwargs)
        self._future: Submission[R] | None = future

    def deliver(self) -> None:
        """Fulfil the future."""
        # Work and future would otherwise keep each other, and the value, until the garbage collector comes.
        future, self._future = self._future, None
        value, self.value = self.value, None
        error, self.error = self.error, None
        if future is not None:
            future.fulfil(value, error)
