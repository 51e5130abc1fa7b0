"""Calls of functions through their real ports in an app, with the hooks of their modules; for tests of functions."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

from arkitekt_di.app import App
from arkitekt_di.rekuest.hooks import Hooks
from arkitekt_di.rekuest.local import LocalCalls
from arkitekt_di.rekuest.registry import registry_of
from arkitekt_di.testing.local_calls import LocalApp, Told


class Calling:
    """Calls functions as an agent of the app would, though nothing is offered to its hub.

    Arguments and results cross as JSON, images and other structures by reference.  Before the first function of a
    module is called, its startup hooks run; its shutdown hooks run at the end of the test.

    Parameters
    ----------
    app : App
        Open; gives the services that functions take by annotation, and governs the helpers that they use.
    """

    def __init__(self, app: App, hooks: ExitStack) -> None:
        rekuest = app.container.rekuest
        self._app = app
        self._hooks = hooks
        self._hooked: set[ModuleType] = set()
        self._local = LocalApp(app.koil, LocalCalls(rekuest.exchange(), rekuest.executors()))

    def __call__(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a function and return its result; the last value of a generator.

        Raises
        ------
        OfferRefusedError
            The function cannot be offered; names the parameter and the reason.
        ValueRefusedError
            A value does not fit its port.
        Exception
            What the function raised, itself.
        """
        self._start_hooks(fn)
        return self._local.call(fn, *args, **kwargs)

    def iterate(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Call a generator and yield its values; raises as a call does."""
        self._start_hooks(fn)
        return self._local.iterate(fn, *args, **kwargs)

    @property
    def told(self) -> list[Told]:
        """What the functions told, in order: progress, and lines of their logs."""
        return self._local.told

    def _start_hooks(self, fn: Callable[..., Any]) -> None:
        module = inspect.getmodule(fn)
        if module is None or module in self._hooked:
            return
        self._hooked.add(module)
        hooks = Hooks(registry_of(module), self._app.container.rekuest.injector())
        self._app.koil.call(hooks.start)
        self._hooks.callback(self._app.koil.call, hooks.stop)


@contextmanager
def calling(app: App) -> Iterator[Calling]:
    """Call functions in *app* while the block runs."""
    with ExitStack() as hooks:
        yield Calling(app, hooks)
