"""Threads and pools that carry a koil with them."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Binder(Protocol):
    """What can make itself govern inside a function."""

    def bind(self, fn: Callable[P, R], /) -> Callable[P, R]:
        """Return *fn* so that the binder governs while it runs."""
        ...


def bound(context: Context, fn: Callable[P, R]) -> Callable[P, R]:
    """Return *fn* so that each call runs in its own copy of *context*."""

    def run_bound(*args: P.args, **kwargs: P.kwargs) -> R:
        return context.copy().run(fn, *args, **kwargs)

    return run_bound


class BoundExecutor(ThreadPoolExecutor):
    """A thread pool whose functions see the koil, and the context variables of who submits them."""

    def __init__(self, binder: Binder, max_workers: int | None) -> None:
        super().__init__(max_workers, thread_name_prefix="koil-executor")
        self._binder = binder

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Schedule a call."""
        return super().submit(self._binder.bind(fn), *args, **kwargs)
