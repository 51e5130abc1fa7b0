"""Waits that Ctrl-C interrupts on every system."""

import _thread
import os
import time
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")

# On Windows a signal does not interrupt a wait for a lock (anyio issue 532), so the wait is cut in slices there.
SLICE_S = None if os.name == "posix" else 0.1


def acquire_within(lock: _thread.LockType, seconds: float | None) -> bool:
    """Acquire *lock*, waiting at most *seconds*, or without a bound where that is None; tell whether it worked."""
    if SLICE_S is None:
        return lock.acquire(timeout=-1 if seconds is None else max(seconds, 0))
    deadline = None if seconds is None else time.monotonic() + seconds
    while True:
        remaining = SLICE_S if deadline is None else min(SLICE_S, deadline - time.monotonic())
        if lock.acquire(timeout=max(remaining, 0)):
            return True
        if remaining < SLICE_S:
            return False


def take(queue: SimpleQueue[T]) -> T:
    """Take the next item of *queue*, whenever it comes."""
    while True:
        try:
            return queue.get(timeout=SLICE_S)
        except Empty:
            continue
