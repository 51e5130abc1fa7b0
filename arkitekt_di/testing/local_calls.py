"""Calls of functions through their real ports, with neither app nor hub, for tests of functions."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from arkitekt_di.koil import Koil
from arkitekt_di.messages.tasks import LogLevel
from arkitekt_di.rekuest.executors.loop import LoopExecutor
from arkitekt_di.rekuest.executors.process import ProcessExecutor
from arkitekt_di.rekuest.executors.thread import ThreadExecutor
from arkitekt_di.rekuest.executors.work import Desk, Executor
from arkitekt_di.rekuest.hooks import Hooks
from arkitekt_di.rekuest.injection import Injector
from arkitekt_di.rekuest.local import LocalCalls
from arkitekt_di.rekuest.offer import Offer, make_offer
from arkitekt_di.rekuest.ports.exchange import Exchange, Expand
from arkitekt_di.rekuest.registry import registry_of
from arkitekt_di.settings.models import RekuestSettings


@dataclass(frozen=True)
class Told:
    """What a body told: progress where *percent* is a number, or else a line of its log."""

    message: str | None
    percent: int | None = None
    level: LogLevel = "INFO"


class LocalApp:
    """Calls functions as the agent would: arguments and results cross as JSON, structures by reference.

    Attributes
    ----------
    told : list of Told
        What the bodies told, in order.
    """

    def __init__(self, koil: Koil, local: LocalCalls) -> None:
        self.told: list[Told] = []
        self._koil = koil
        self._local = local

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a function, offered or not, and return its result; the last value of a generator."""
        return self._koil.call(self._local.call, _offer_of(fn), args, kwargs, self)

    def iterate(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Call a generator and yield its values."""
        return self._koil.iterate(self._local.iterate, _offer_of(fn), args, kwargs, self)

    def progress(self, percent: int, message: str | None) -> None:
        """Take what a body tells."""
        self.told.append(Told(message, percent))

    def log(self, message: str, level: LogLevel) -> None:
        """Take what a body tells."""
        self.told.append(Told(message, level=level))

    def effect(self, key: str, value: Any) -> None:
        """Take what a workflow records."""
        self.told.append(Told(f"{key}: {value!r}"))


def _offer_of(fn: Callable[..., Any]) -> Offer:
    module = inspect.getmodule(fn)
    offer = None if module is None else registry_of(module).find(fn)
    return offer or make_offer(fn, {})


async def _refuse(what: str, about: Any) -> Any:
    raise LookupError(f"there is no app that could give {what}")


@contextmanager
def local_app(
    *,
    services: Sequence[object] = (),
    expanders: Mapping[str, Expand] | None = None,
    hooks: Any = None,
) -> Iterator[LocalApp]:
    """Call functions without an app while the block runs.

    Parameters
    ----------
    services : sequence of object
        Given to parameters that are annotated with their types, such as an in-memory `Mikro`.
    expanders : mapping of str to callable, optional
        How structures are found by reference: coroutine functions by identifier.
    hooks : module, optional
        Its startup hooks run before, its shutdown hooks after.

    Yields
    ------
    LocalApp

    Examples
    --------
    >>> from arkitekt_di.testing.local_calls import local_app
    >>> def double(number: int) -> int:
    ...     return 2 * number
    >>> with local_app() as app:
    ...     app.call(double, 21)
    42
    """
    injector = Injector(lambda cls: next((one for one in services if isinstance(one, cls)), None))
    exchange = Exchange(expanders)
    desk = Desk(exchange, injector)
    with Koil(identifier="local calls") as koil:
        process = ProcessExecutor(RekuestSettings(), _refuse)
        executors: dict[str, Executor] = {
            "loop": LoopExecutor(desk),
            "thread": ThreadExecutor(desk),
            "process": process,
            "dask": process,  # as on a worker, but here: a test needs no cluster
        }
        registry = Hooks(registry_of(hooks if hooks is not None else {}), injector)
        koil.call(registry.start)
        try:
            yield LocalApp(koil, LocalCalls(exchange, executors))
        finally:
            koil.call(registry.stop)
            koil.call(process.stop)
