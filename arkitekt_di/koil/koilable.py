"""Async context managers that sync code can enter."""

from contextlib import ExitStack
from types import TracebackType
from typing import Any, Protocol, TypeVar

from arkitekt_di.errors import NoAppError
from arkitekt_di.koil.bridge import KOILS, Koil


class AsyncContext(Protocol):
    """What ``async with`` takes."""

    async def __aenter__(self) -> Any: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> bool | None: ...


C = TypeVar("C", bound=AsyncContext)

_STACK = "_koilable_exit"


def koilable(cls: type[C]) -> type[C]:
    """Let an async context manager be entered with ``with``, too.

    ``__aenter__`` and ``__aexit__`` run on the loop of the koil that governs here; where none is open, on that of a
    koil which is opened for the block and closed after it, whatever ``__aexit__`` does.  What ``__aexit__`` returns
    counts, as in ``async with``.

    Parameters
    ----------
    cls : type
        Class with ``__aenter__`` and ``__aexit__``; an instance must take new attributes.

    Returns
    -------
    type
        The same class.  A type checker does not see what a class decorator adds: declare ``__enter__`` and
        ``__exit__`` where it should.

    Raises
    ------
    TypeError
        The class is no async context manager.
    """
    if not (hasattr(cls, "__aenter__") and hasattr(cls, "__aexit__")):
        raise TypeError(f"koilable takes an async context manager, and {cls.__qualname__} is none")
    cls.__enter__ = _enter  # type: ignore[attr-defined]  # the point of the decorator
    cls.__exit__ = _exit  # type: ignore[attr-defined]
    return cls


def _enter(self: Any) -> Any:
    with ExitStack() as stack:
        koil = _governing(stack)
        entered = koil.call(type(self).__aenter__, self)
        setattr(self, _STACK, (koil, stack.pop_all()))
    return entered


def _exit(
    self: Any, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
) -> bool | None:
    koil, stack = getattr(self, _STACK)
    delattr(self, _STACK)
    with stack:
        return bool(koil.call(type(self).__aexit__, self, kind, error, traceback))


def _governing(stack: ExitStack) -> Koil:
    try:
        return KOILS.find()
    except NoAppError:
        return stack.enter_context(Koil())
