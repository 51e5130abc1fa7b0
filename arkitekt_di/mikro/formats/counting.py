"""How many bytes of a file are written, told as they are."""

import threading
from collections.abc import Callable
from typing import Any

Told = Callable[[int], None]
"""Called with the number of bytes of pixels that were written since it was last called; from any thread."""


class Tally:
    """Adds up what several threads write, and tells the sum; one call at a time.

    Parameters
    ----------
    listener : callable
        Called with the bytes that are written so far.
    """

    def __init__(self, listener: Callable[[int], None]) -> None:
        self._listener = listener
        self._lock = threading.Lock()
        self._done_bytes = 0

    def __call__(self, count: int) -> None:
        """Add *count* bytes."""
        with self._lock:
            self._done_bytes += count
            self._listener(self._done_bytes)


class Counted:
    """An array that is written block by block, and tells of each.

    Parameters
    ----------
    target : array-like
        Has item assignment.
    told : callable
    """

    def __init__(self, target: Any, told: Told) -> None:
        self._target = target
        self._told = told
        self.shape: tuple[int, ...] = tuple(target.shape)
        self.dtype = target.dtype

    def __setitem__(self, key: Any, block: Any) -> None:
        """Write a block."""
        self._target[key] = block
        self._told(block.nbytes)
