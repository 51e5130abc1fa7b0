"""Calling functions of other apps, for sync and async code alike."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from arkitekt_di.errors import AppClosedError
from arkitekt_di.governing import APPS
from arkitekt_di.koil import dual
from arkitekt_di.koil.bridge import Koil
from arkitekt_di.messages.calls import ActionRecord
from arkitekt_di.rekuest.caller.remote_task import RemoteTask
from arkitekt_di.rekuest.service import Rekuest, Wanted

P = ParamSpec("P")
R = TypeVar("R")


class RekuestApp(Protocol):
    """An app that calls functions."""

    @property
    def identifier(self) -> str:
        """Name of the app."""
        ...

    @property
    def rekuest(self) -> Rekuest:
        """Its service of functions."""
        ...

    @property
    def koil(self) -> Koil:
        """The way to its loop."""
        ...


def _governing(app: RekuestApp | None) -> RekuestApp:
    """Return *app*, which has to be open, or else the one that governs here."""
    if app is None:
        return cast("RekuestApp", APPS.find())
    if not APPS.is_open(app):
        raise AppClosedError(app.identifier)
    return app


def _bridge(kwargs: dict[str, Any]) -> Koil:
    """Choose the app where the call is made: on its loop, neither context nor thread would tell."""
    app = kwargs["app"] = _governing(kwargs.get("app"))
    return app.koil


async def _on(app: RekuestApp, fn: Callable[P, Coroutine[Any, Any, R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Await *fn* on the loop of *app*, from whichever loop this is."""
    if app.koil.is_own_loop():
        return await fn(*args, **kwargs)
    return await app.koil.cross(fn, *args, **kwargs)


async def acall(wanted: Wanted, /, *args: Any, app: RekuestApp | None = None, **kwargs: Any) -> Any:
    """Call a function and return its result: `call` for async code, typed as a coroutine function."""
    chosen = _governing(app)
    return await _on(chosen, chosen.rekuest.acall, wanted, *args, **kwargs)


@dual(bridge=_bridge)
async def call(wanted: Wanted, /, *args: Any, app: RekuestApp | None = None, **kwargs: Any) -> Any:
    """Call a function that an app offers, and return its result.

    Blocks in sync code; in async code the same call is awaited.  A caller that is cancelled, or leaves with Ctrl-C,
    cancels the task.

    Parameters
    ----------
    wanted : str, ActionRecord, ImplementationRecord or callable
        The function: its name, key, hash or identifier; what `find` gave; or a function that is offered here.
    *args, **kwargs
        Its arguments, checked against its ports before anything is sent.  Structures, such as images, travel by
        reference.
    reference : str, optional
        The caller's own name of the call: the same again is the same task, never a second one, also after the caller
        has died.  Where the function itself has a port of this name, the argument goes there; so for the next two.
    timeout : float, optional
        Longest run, in seconds; the task is cancelled then.
    agent : str, optional
        Name or identifier of the agent that is to work, where several offer the function.
    app : App, optional
        The app that calls; by default the one that governs here.

    Returns
    -------
    object
        The result; a tuple where the function has several, None where it has none, the last value of a generator.

    Raises
    ------
    ActionNotFoundError
        There is no such function, or there are several.
    ValueRefusedError
        An argument does not fit; nothing was called.
    RemoteError
        The function raised; with its type, message and traceback.
    AgentLostError
        The agent is gone; ``started`` and ``last_progress`` tell how far the task was.
    TaskStoppedError
        Somebody cancelled or interrupted the task.
    CallTimeoutError
        The timeout passed; the task was cancelled.
    NoAppError, AppClosedError, AmbiguousAppError
        No app is open here, *app* is not, or several are and none was named.

    See Also
    --------
    iterate : The values of a generator, as they come.
    submit : The task, without waiting for its end.

    Examples
    --------
    >>> with app:
    ...     mask = call("segment", image, threshold=0.4)
    """
    return await acall(wanted, *args, app=app, **kwargs)


async def asubmit(wanted: Wanted, /, *args: Any, app: RekuestApp | None = None, **kwargs: Any) -> RemoteTask:
    """Ask for a task and return it at once: `submit` for async code, typed as a coroutine function."""
    chosen = _governing(app)
    return await _on(chosen, chosen.rekuest.asubmit, wanted, *args, **kwargs)


@dual(bridge=_bridge)
async def submit(wanted: Wanted, /, *args: Any, app: RekuestApp | None = None, **kwargs: Any) -> RemoteTask:
    """Ask for a task and return it without waiting for its end.

    Parameters
    ----------
    wanted, *args, **kwargs
        As for `call`.

    Returns
    -------
    RemoteTask
        With ``result()``, ``cancel()``, ``pause()``, ``last_progress`` and more.

    Raises
    ------
    ActionNotFoundError, ValueRefusedError
        As `call` does; what becomes of the task is told by ``result()``.
    """
    return await asubmit(wanted, *args, app=app, **kwargs)


async def aiterate(
    wanted: Wanted, /, *args: Any, app: RekuestApp | None = None, **kwargs: Any
) -> AsyncGenerator[Any, None]:
    """Call a generator and yield its values: `iterate` for async code on the app's own loop."""
    async for value in _governing(app).rekuest.aiterate(wanted, *args, **kwargs):
        yield value


def iterate(wanted: Wanted, /, *args: Any, app: RekuestApp | None = None, **kwargs: Any) -> Generator[Any, None, None]:
    """Call a generator that an app offers, and yield its values as they come.

    Leaving early cancels the task.

    Parameters
    ----------
    wanted, *args, **kwargs
        As for `call`.

    Yields
    ------
    object
        Each value.

    Raises
    ------
    TaskError
        After the last value, as `call` does.

    Examples
    --------
    >>> with app:
    ...     for number in iterate("count", n=20):
    ...         print(number)
    """
    chosen = _governing(app)
    yield from chosen.koil.iterate(chosen.rekuest.aiterate, wanted, *args, **kwargs)


async def afind(wanted: str, *, app: RekuestApp | None = None) -> ActionRecord:
    """Return a function that is offered: `find` for async code, typed as a coroutine function."""
    chosen = _governing(app)
    return await _on(chosen, chosen.rekuest.afind, wanted)


@dual(bridge=_bridge)
async def find(wanted: str, *, app: RekuestApp | None = None) -> ActionRecord:
    """Return what the hub knows of a function.

    Parameters
    ----------
    wanted : str
        Name, key, hash or identifier.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    ActionRecord
        With ``args`` and ``returns``; `call` takes it.

    Raises
    ------
    ActionNotFoundError
        There is no such function, or there are several.
    """
    return await afind(wanted, app=app)


async def asearch_actions(
    text: str | None = None, *, limit: int = 50, offset: int = 0, app: RekuestApp | None = None
) -> list[ActionRecord]:
    """Find functions: `search_actions` for async code, typed as a coroutine function."""
    chosen = _governing(app)
    return await _on(chosen, chosen.rekuest.asearch, text, limit=limit, offset=offset)


@dual(bridge=_bridge)
async def search_actions(
    text: str | None = None, *, limit: int = 50, offset: int = 0, app: RekuestApp | None = None
) -> list[ActionRecord]:
    """Find functions by their names.

    Parameters
    ----------
    text : str, optional
        Part of the name; all functions where it is left out.
    limit : int, default 50
        Most functions that are returned.
    offset : int, default 0
        Functions that are skipped, for the next page.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    list of ActionRecord
    """
    return await asearch_actions(text, limit=limit, offset=offset, app=app)
