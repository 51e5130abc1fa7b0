"""One function for both worlds: it blocks in sync code and is awaited on a loop."""

import asyncio
import functools
import inspect
import sys
from collections.abc import Callable, Coroutine, Generator
from types import FrameType
from typing import Any, Concatenate, Generic, Never, ParamSpec, Self, TypeVar, cast, overload

from arkitekt_di.errors import NotAwaitedError
from arkitekt_di.koil.bridge import KOILS
from arkitekt_di.koil.loops import name_of
from arkitekt_di.protocols.koil import Bridge

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
S = TypeVar("S")

_COMPREHENSIONS = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}


class Unawaited(Coroutine[Any, Any, R]):
    """What a dual function returns on a loop: a coroutine that tells whoever forgets to await it.

    The real coroutine inside warns, as every coroutine does, where it is dropped without having been awaited.
    """

    __slots__ = ("_coroutine",)

    def __init__(self, coroutine: Coroutine[Any, Any, R]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, R]:
        return self._coroutine.__await__()

    def send(self, value: Any) -> Any:
        """Step the coroutine."""
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """Raise inside the coroutine."""
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """End the coroutine."""
        self._coroutine.close()

    def __getattr__(self, name: str) -> Never:
        raise NotAwaitedError(name_of(self._coroutine))

    def __bool__(self) -> Never:
        raise NotAwaitedError(name_of(self._coroutine))

    def __repr__(self) -> str:
        name = name_of(self._coroutine)
        return f"<the result of {name}(), once awaited: await {name}(...)>"


class Dual(Generic[P, R]):
    """A coroutine function that sync code can call.

    Attributes
    ----------
    aio : callable
        The coroutine function itself.
    """

    def __init__(
        self, fn: Callable[P, Coroutine[Any, Any, R]], bridge: Callable[[dict[str, Any]], Bridge] | None
    ) -> None:
        self.aio = fn
        self._bridge = bridge

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Block, or return what has to be awaited, as `dual` tells."""
        koil = KOILS.find() if self._bridge is None else self._bridge(kwargs)
        if koil.is_own_loop():
            return Unawaited(self.aio(*args, **kwargs))  # type: ignore[return-value]  # R, once awaited
        # A keyword of the function's must not be taken for an option of the call's.
        fn: Any = functools.partial(self.aio, **kwargs) if kwargs else self.aio
        if _is_called_from_coroutine(2):
            bridged = koil.cross(fn, *args)
            bridged.__qualname__ = name_of(self.aio)  # type: ignore[attr-defined]  # a coroutine has one
            return Unawaited(bridged)  # type: ignore[return-value]  # R, once awaited
        return cast("R", koil.call(fn, *args))

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self: "Dual[Concatenate[S, Q], R]", instance: S, owner: type[Any] | None = None) -> "Dual[Q, R]": ...
    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        if instance is None:
            return self
        return Dual(functools.partial(self.aio, instance), self._bridge)

    def __repr__(self) -> str:
        return f"<dual {name_of(self.aio)}>"


def _is_called_from_coroutine(depth: int) -> bool:
    """Tell whether the frame *depth* calls up is a coroutine that some loop runs at the moment."""
    if asyncio._get_running_loop() is None:  # noqa: SLF001  # documented, and the public twin costs a raise
        return False
    frame: FrameType | None = sys._getframe(depth)  # noqa: SLF001  # documented; inspect.currentframe() cannot skip
    while frame is not None and frame.f_code.co_name in _COMPREHENSIONS:
        frame = frame.f_back
    return frame is not None and bool(frame.f_code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR))


@overload
def dual(fn: Callable[P, Coroutine[Any, Any, R]], /) -> Dual[P, R]: ...
@overload
def dual(
    *, bridge: Callable[[dict[str, Any]], Bridge]
) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Dual[P, R]]: ...
def dual(fn: Any = None, /, *, bridge: Callable[[dict[str, Any]], Bridge] | None = None) -> Any:
    """Make one function of a coroutine function for sync and async code.

    What a call does depends on where it is made:

    * on the koil's own loop it returns what has to be awaited, and says so when that is forgotten;
    * where no loop runs it blocks until the function is done, as `Koil.call` does;
    * where another loop runs, such as that of a notebook, it returns what has to be awaited if the caller is a
      coroutine (also a notebook cell that contains ``await``), and blocks if not (a plain cell).

    Parameters
    ----------
    fn : callable
        The coroutine function.
    bridge : callable, optional
        Chooses the koil from the keyword arguments of the call; by default the one that governs here.

    Returns
    -------
    Dual
        Typed as the function is in sync code; its ``aio`` is the coroutine function, at no cost.

    Raises
    ------
    TypeError
        *fn* is no coroutine function.

    Examples
    --------
    >>> from arkitekt_di.koil import Koil
    >>> @dual
    ... async def double(number: int) -> int:
    ...     return 2 * number
    >>> with Koil():
    ...     double(21)
    42
    """

    def decorate(fn: Callable[P, Coroutine[Any, Any, R]]) -> Dual[P, R]:
        if not inspect.iscoroutinefunction(fn):
            raise TypeError(f"dual takes an async function, and {name_of(fn)} is none")
        wrapped = Dual(fn, bridge)
        functools.update_wrapper(wrapped, fn)
        return wrapped

    return decorate if fn is None else decorate(fn)
