"""What runs in the processes of a pool: an app of their own, and reading."""

from contextlib import ExitStack
from typing import Any

from arkitekt_di import easy

OPEN = ExitStack()
"""Holds the app for as long as the process lives."""


def open_app(url: str) -> None:
    """Open the app of this process; the initializer of a pool."""
    OPEN.enter_context(easy("pool", url=url, headless=True, no_cache=True))


def total(array: Any) -> int:
    """Compute something of an array that came from another process."""
    return int(array.sum().compute(scheduler="threads"))
