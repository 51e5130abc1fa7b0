"""What services may ask of koil."""

from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Bridge(Protocol):
    """Takes sync code to the app's event loop."""

    def call(self, fn: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the coroutine function on the loop and block until it is done."""
        ...

    def submit(self, fn: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Run the coroutine function on the loop without waiting."""
        ...

    async def cross(self, fn: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the coroutine function on the loop and await it, from a coroutine on another loop."""
        ...

    def is_own_loop(self) -> bool:
        """Tell whether the caller runs on the app's loop, where only ``await`` is possible."""
        ...
