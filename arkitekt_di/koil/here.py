"""What the current thread is: one that runs a loop of ours, or one that works for a coroutine."""

import _thread
import threading
from typing import Protocol

from arkitekt_di.koil.waiting import acquire_within


class Cancellable(Protocol):
    """Work that another thread can ask to end."""

    def request_cancel(self) -> None:
        """Ask the work to end; returns at once."""
        ...


class CancelFlag:
    """Tells a worker thread that the coroutine it works for was cancelled."""

    __slots__ = ("_latch", "is_set", "waits_for")

    def __init__(self) -> None:
        self.is_set = False
        self.waits_for: Cancellable | None = None
        self._latch = _thread.allocate_lock()
        self._latch.acquire()

    def set(self) -> None:
        """Raise the flag, wake the thread, and cancel the call that it waits for."""
        if self.is_set:
            return
        self.is_set = True
        self._latch.release()
        if (call := self.waits_for) is not None:
            call.request_cancel()

    def watch(self, call: Cancellable) -> None:
        """Note that the thread is about to wait for *call*, which the flag then cancels too."""
        self.waits_for = call
        if self.is_set:
            call.request_cancel()

    def wait(self, seconds: float) -> bool:
        """Wait until the flag is set, at most so long; tell whether it is."""
        if acquire_within(self._latch, seconds):
            self._latch.release()
        return self.is_set


class Here(threading.local):
    """Facts about the current thread.

    Attributes
    ----------
    runs_a_loop : bool
        The thread exists to run a koil's loop, so nothing may block it.
    flag : CancelFlag or None
        The thread works for a coroutine, which can be cancelled.
    """

    runs_a_loop: bool = False
    flag: CancelFlag | None = None


HERE = Here()
