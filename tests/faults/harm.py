"""What bodies do to the process in which they run."""

import ctypes
import os
import re
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MIB = 2**20


def hold_the_lock(seconds: float) -> None:
    """Hold the interpreter's lock for about so long in one step of C: a regular expression that tries everything."""
    pattern, length = re.compile("(a+)+b"), 14
    began = time.monotonic()
    pattern.match("a" * length)
    took = max(time.monotonic() - began, 1e-6)
    while took < seconds:  # each letter more takes twice as long
        length, took = length + 1, 2 * took
    pattern.match("a" * length)


@contextmanager
def _little_memory(more: int) -> Iterator[None]:
    """Let the process take no more than *more* bytes of addresses than it has."""
    with open("/proc/self/statm") as pages:  # noqa: PTH123  # no path is composed
        used = int(pages.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def fill_the_memory() -> None:
    """Take more memory than there is."""
    with _little_memory(64 * MIB):
        bytearray(1024 * MIB)


def start_threads() -> None:
    """Start threads until there can be no more."""
    end = threading.Event()
    try:
        with _little_memory(512 * MIB):
            while True:
                threading.Thread(target=end.wait, daemon=True).start()
    finally:
        end.set()


class _Deep:
    """Compares by comparing again, through C at each step."""

    def __lt__(self, other: object) -> bool:
        return sorted([_Deep(), _Deep()]) == []


def recurse() -> None:
    """Go deeper than the stack is."""
    sys.setrecursionlimit(2**31 - 1)
    sorted([_Deep(), _Deep()])


HARMS: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "leave": lambda: os._exit(3),
    "crash": lambda: ctypes.string_at(0),
    "fill": fill_the_memory,
    "threads": start_threads,
    "recurse": recurse,
    "lock": lambda: hold_the_lock(3600.0),
}
