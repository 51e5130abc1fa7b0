"""The koil that governs here, and what can be done with it without naming it."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine, Generator, Iterable
from typing import Any, ParamSpec, TypeVar

from arkitekt_di.koil.bridge import KOILS, Koil
from arkitekt_di.koil.here import HERE

P = ParamSpec("P")
R = TypeVar("R")
Y = TypeVar("Y")


def current_koil() -> Koil:
    """Return the koil that governs here.

    Looks at the context first (which ``await``, tasks and the threads of a koil pass on), then at the thread (the
    loop's own), then for the only koil that is open: plain threads, pools and notebook cells have neither.

    Raises
    ------
    NoAppError
        No koil is open.
    AppClosedError
        The koil of this context was left.
    AmbiguousAppError
        Several koils are open, and nothing says which one is meant.
    """
    return KOILS.find()


def unkoil(fn: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a coroutine function on the loop of the koil that governs here, and block until it is done.

    See Also
    --------
    Koil.call : The same for a koil that is named, with what it raises.
    """
    return KOILS.find().call(fn, *args, **kwargs)


def unkoil_gen(fn: Callable[P, AsyncIterable[Y]], /, *args: P.args, **kwargs: P.kwargs) -> Generator[Y, Any, None]:
    """Iterate from sync code over an async generator, on the loop of the koil that governs here.

    See Also
    --------
    Koil.iterate : The same for a koil that is named, with a buffer.
    """
    return KOILS.find().iterate(fn, *args, **kwargs)


async def run_sync(fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a sync function in a thread, so that the loop goes on meanwhile.

    The thread sees the koil and the context variables of the caller, and what it changes comes back.  Cancelling the
    caller makes `check_cancelled` and `sleep` raise in the thread and cancels the call that it waits for; the caller
    waits for the thread's end, at most for the grace of the settings.  Sync code in async code in sync code may nest
    to any depth.

    Parameters
    ----------
    fn : callable
        The function.
    *args, **kwargs
        Its arguments.

    Returns
    -------
    object
        What *fn* returns; an error that it raises comes out with its own frames.

    Raises
    ------
    NoAppError, AppClosedError, AmbiguousAppError
        As `current_koil` does.
    """
    return await KOILS.find().run_sync(fn, *args, **kwargs)


def iterate_sync(fn: Callable[P, Iterable[Y]], /, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[Y, Any]:
    """Iterate from async code over a sync generator, which runs in one thread of its own.

    Parameters
    ----------
    fn : callable
        The generator function, or anything that returns an iterable.
    *args, **kwargs
        Its arguments.

    Returns
    -------
    async generator
        ``asend``, ``athrow`` and ``aclose`` reach the generator.

    Raises
    ------
    NoAppError, AppClosedError, AmbiguousAppError
        As `current_koil` does.
    """
    return KOILS.find().iterate_sync(fn, *args, **kwargs)


def check_cancelled() -> None:
    """Raise where the coroutine that this thread works for was cancelled; elsewhere do nothing.

    Raises
    ------
    asyncio.CancelledError
        Nobody waits for the result any more.
    """
    if (flag := HERE.flag) is not None and flag.is_set:
        raise asyncio.CancelledError


def sleep(seconds: float) -> None:
    """Sleep in sync code; where a coroutine waits for this thread, its cancellation ends the sleep.

    Parameters
    ----------
    seconds : float
        How long.

    Raises
    ------
    asyncio.CancelledError
        Nobody waits for the result any more.
    """
    if (flag := HERE.flag) is None:
        time.sleep(seconds)
    elif flag.wait(seconds):
        raise asyncio.CancelledError
