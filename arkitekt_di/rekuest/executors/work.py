"""One body to be run, and what every way of running it promises."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from arkitekt_di.rekuest.control import Control
from arkitekt_di.rekuest.injection import Injector
from arkitekt_di.rekuest.offer import Offer
from arkitekt_di.rekuest.ports.exchange import Exchange
from arkitekt_di.rekuest.task import Task


def _nothing() -> None:
    """Tell nobody."""


@dataclass(frozen=True, eq=False)
class Work:
    """A body with its arguments, as they have travelled.

    Attributes
    ----------
    offer : Offer
    args : mapping
        By the keys of the ports.
    task : Task
    control : Control
        Its brakes.
    on_stuck : callable
        Told when the body was asked to stop and cannot be stopped.
    """

    offer: Offer
    args: Mapping[str, Any]
    task: Task
    control: Control
    on_stuck: Callable[[], None] = field(default=_nothing)


class Executor(Protocol):
    """A place where bodies run."""

    async def start(self) -> None:
        """Open the place."""
        ...

    async def stop(self) -> None:
        """Close the place; bodies that still run are left or ended."""
        ...

    def run(self, work: Work) -> AsyncGenerator[dict[str, Any], None]:
        """Run the body and yield its results as they travel; cancelling stops the body before it returns.

        Raises
        ------
        ValueRefusedError
            An argument or a result does not fit its port.
        WorkerDiedError
            The process of the body ended without a word.
        Exception
            What the body raised.
        """
        ...


class Desk:
    """Prepares bodies that run in this process, and takes their results.

    Parameters
    ----------
    exchange : Exchange
    injector : Injector
    """

    def __init__(self, exchange: Exchange, injector: Injector) -> None:
        self._exchange = exchange
        self._injector = injector

    async def prepare(self, work: Work) -> Callable[[], Any]:
        """Return the body as a callable without parameters."""
        signature = work.offer.signature
        values = await self._exchange.expand(signature.args, work.args)
        injected = self._injector.values(work.offer.interface, signature.injected, work.task)
        return lambda: work.offer.invoke({**values, **injected})

    async def results(self, work: Work, returned: Any) -> dict[str, Any]:
        """Return what the body returned or yielded as it travels."""
        signature = work.offer.signature
        return await self._exchange.shrink(signature.returns, signature.results(returned))
