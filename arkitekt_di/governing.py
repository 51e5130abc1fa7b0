"""Which app governs here: found by context, by thread, or because it is the only one open.

A context variable alone is not enough.  It does not cross ``threading.Thread``, ``ThreadPoolExecutor.submit`` or
``run_in_executor``, and what a notebook cell with ``await`` sets is gone in the next cell.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from typing import Generic, Protocol, TypeVar

from arkitekt_di.errors import AmbiguousAppError, AppClosedError, NoAppError


class Governed(Protocol):
    """What can govern: it has a name for messages."""

    @property
    def identifier(self) -> str:
        """Name of the app."""
        ...


G = TypeVar("G", bound=Governed)


class _Reign(Generic[G]):
    """One stay of an app in office, from enter to exit, and the one that it interrupted."""

    __slots__ = ("app", "is_open", "parent")

    def __init__(self, app: G, parent: "_Reign[G] | None") -> None:
        self.app = app
        self.parent = parent
        self.is_open = True


class Governor(Generic[G]):
    """Keeps which app governs in each context and thread.

    A reign knows its parent instead of a ``contextvars.Token``: ``reset(token)`` raises when the exit happens in
    another context than the enter, and can put a closed app back in office.

    Parameters
    ----------
    name : str
        Name of the context variable.
    """

    def __init__(self, name: str) -> None:
        self._context: ContextVar[_Reign[G] | None] = ContextVar(name, default=None)
        self._threads = threading.local()
        self._lock = threading.Lock()
        self._open: list[_Reign[G]] = []

    def enter(self, app: G) -> None:
        """Let *app* govern from here on."""
        reign = _Reign(app, _nearest_open(self._context.get()))
        with self._lock:
            self._open.append(reign)
        self._context.set(reign)

    def leave(self, app: G) -> None:
        """End the reign of *app* everywhere; here the app that it interrupted governs again."""
        with self._lock:
            reign = next((reign for reign in reversed(self._open) if reign.app is app), None)
            if reign is None:
                raise AppClosedError(app.identifier)
            reign.is_open = False
            self._open.remove(reign)
        self._context.set(_nearest_open(self._context.get()))

    def is_open(self, app: G) -> bool:
        """Tell whether *app* is between enter and leave."""
        return any(reign.app is app for reign in self._open)

    def open_apps(self) -> tuple[G, ...]:
        """Return the apps that are between enter and leave, the oldest first."""
        with self._lock:
            return tuple(reign.app for reign in self._open)

    def find(self) -> G:
        """Return the app that governs here.

        Raises
        ------
        AppClosedError
            The app of this context or thread is closed, and it interrupted none that is still open.
        NoAppError
            No app is open.
        AmbiguousAppError
            Several apps are open, and neither context nor thread says which.
        """
        reign = self._context.get()
        if reign is not None and reign.is_open:
            return reign.app
        owner: _Reign[G] | None = reign or getattr(self._threads, "owner", None)
        if owner is not None:
            if (nearest := _nearest_open(owner)) is None:
                raise AppClosedError(owner.app.identifier)
            return nearest.app
        with self._lock:
            candidates = [reign.app for reign in self._open]
        if not candidates:
            raise NoAppError
        if len(candidates) > 1:
            raise AmbiguousAppError([app.identifier for app in candidates])
        return candidates[0]

    def context_of(self, app: G) -> Context:
        """Return a copy of the current context in which *app* governs; raises `AppClosedError`."""
        context = copy_context()
        context.run(self._context.set, self._reign_of(app))
        return context

    @contextmanager
    def owning_thread(self, app: G) -> Iterator[None]:
        """Let *app* govern the current thread while the block runs, where no context says otherwise."""
        previous = getattr(self._threads, "owner", None)
        self._threads.owner = self._reign_of(app)
        try:
            yield
        finally:
            self._threads.owner = previous

    def _reign_of(self, app: G) -> _Reign[G]:
        with self._lock:
            reign = next((reign for reign in reversed(self._open) if reign.app is app), None)
        if reign is None:
            raise AppClosedError(app.identifier)
        return reign


def _nearest_open(reign: "_Reign[G] | None") -> "_Reign[G] | None":
    while reign is not None and not reign.is_open:
        reign = reign.parent
    return reign


APPS: Governor[Governed] = Governor("arkitekt_app")
"""The apps of this process."""
