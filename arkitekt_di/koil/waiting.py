"""Waits that Ctrl-C interrupts on every system."""

import _thread
import os
import time
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

# On Windows a signal does not interrupt a wait for a lock at all (anyio issue 532).  Elsewhere CPython misses one that
# comes between its last look for signals and the wait.  So a wait is cut in slices, and looks in between.
_SLICE_S = 1.0 if os.name == "posix" else 0.1


def acquire_within(lock: _thread.LockType, seconds: float | None) -> bool:
    """Acquire *lock*, waiting at most *seconds*, or without a bound where that is None; tell whether it worked."""
    if seconds is None:
        while not lock.acquire(timeout=_SLICE_S):
            pass
        return True
    deadline = time.monotonic() + seconds
    while (remaining := deadline - time.monotonic()) > _SLICE_S:
        if lock.acquire(timeout=_SLICE_S):
            return True
    return lock.acquire(timeout=max(remaining, 0))


def join_within(thread: Thread, seconds: float) -> bool:
    """Wait at most *seconds* for the end of *thread*; tell whether it has ended."""
    deadline = time.monotonic() + seconds
    while thread.is_alive() and (remaining := deadline - time.monotonic()) > 0:
        thread.join(min(remaining, _SLICE_S))
    return not thread.is_alive()


def wait_for(event: Event) -> None:
    """Wait until *event* is set."""
    while not event.wait(_SLICE_S):
        pass


def take(queue: SimpleQueue[T]) -> T:
    """Take the next item of *queue*, whenever it comes."""
    while True:
        try:
            return queue.get(timeout=_SLICE_S)
        except Empty:
            continue
