"""Keyword arguments that are ours, unless the function that is called has one of that name."""

import inspect
from collections.abc import Callable
from typing import Any


def take_option(name: str, fn: Callable[..., object], kwargs: dict[str, Any]) -> Any:
    """Take the option *name* out of *kwargs*; None where it is not given, or meant for *fn*.

    It is meant for *fn* where *fn* accepts it.
    """
    if name not in kwargs or _accepts(fn, name):
        return None
    return kwargs.pop(name)


def _accepts(fn: Callable[..., object], name: str) -> bool:
    parameters = inspect.signature(fn).parameters.values()
    return any(
        parameter.kind is parameter.VAR_KEYWORD
        or (parameter.name == name and parameter.kind is not parameter.POSITIONAL_ONLY)
        for parameter in parameters
    )
