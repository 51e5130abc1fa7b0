"""Async code on any loop reaches what lives on the app's."""

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from arkitekt_di.protocols.koil import Bridge

P = ParamSpec("P")
R = TypeVar("R")


async def across(bridge: Bridge, fn: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Await *fn* on the app's loop, from whichever loop this is: that of a notebook, of Qt, or of ``asyncio.run``."""
    if bridge.is_own_loop():
        return await fn(*args, **kwargs)
    return await bridge.cross(fn, *args, **kwargs)
