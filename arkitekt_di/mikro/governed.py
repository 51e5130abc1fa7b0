"""The app that a function of the front works with: the one that is named, or the one that governs here."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from arkitekt_di.errors import AppClosedError
from arkitekt_di.governing import APPS
from arkitekt_di.mikro.crossing import across
from arkitekt_di.mikro.watching import Watch
from arkitekt_di.protocols.koil import Bridge

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class OpenApp(Protocol):
    """As much of an app as it takes to reach its loop."""

    @property
    def identifier(self) -> str:
        """Name of the app."""
        ...

    @property
    def koil(self) -> Bridge:
        """The way to its loop."""
        ...


A = TypeVar("A", bound=OpenApp)


def governing(app: A | None) -> A:
    """Return *app*, which has to be open, or else the one that governs here."""
    if app is None:
        return cast("A", APPS.find())
    if not APPS.is_open(app):
        raise AppClosedError(app.identifier)
    return app


def bridge_of(kwargs: dict[str, Any]) -> Bridge:
    """Choose the app where the call is made: on its loop, neither context nor thread would tell."""
    app: OpenApp = governing(kwargs.get("app"))
    kwargs["app"] = app
    return app.koil


async def on_loop(app: OpenApp, fn: Callable[P, Coroutine[Any, Any, R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Await *fn* on the loop of *app*, from whichever loop this is."""
    return await across(app.koil, fn, *args, **kwargs)


def opened(watch: Watch[T]) -> Watch[T]:
    """Return *watch*, open where no loop runs here: sync code must not miss what happens before its first step."""
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        return watch
    return watch.open()
