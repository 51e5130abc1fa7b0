"""Calls of functions in this process, through their real ports and without a hub."""

import json
import logging
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from arkitekt_di.messages.tasks import LogLevel
from arkitekt_di.rekuest.control import Control
from arkitekt_di.rekuest.executors.work import Executor, Work
from arkitekt_di.rekuest.offer import Offer
from arkitekt_di.rekuest.ports.exchange import Exchange
from arkitekt_di.rekuest.task import Task, TaskFacts, Teller, running

logger = logging.getLogger(__name__)


class LoggingTeller:
    """Writes what bodies tell into the log of this process."""

    def progress(self, percent: int, message: str | None) -> None:
        """Log how far the body is."""
        logger.info("%d %% %s", percent, message or "")

    def log(self, message: str, level: LogLevel) -> None:
        """Log a line at its level."""
        logger.log(logging.getLevelName("WARNING" if level == "WARN" else level), "%s", message)

    def effect(self, key: str, value: Any) -> None:
        """Log what a workflow recorded."""
        logger.debug("recorded %s: %r", key, value)


class LocalCalls:
    """Runs offers as the agent would: arguments and results cross as JSON.

    Parameters
    ----------
    exchange : Exchange
    executors : mapping of str to Executor
    """

    def __init__(self, exchange: Exchange, executors: Mapping[str, Executor]) -> None:
        self._exchange = exchange
        self._executors = executors

    async def iterate(
        self, offer: Offer, args: tuple[Any, ...], kwargs: Mapping[str, Any], teller: Teller | None = None
    ) -> AsyncGenerator[Any, None]:
        """Yield the results; a function has one.

        Raises
        ------
        ValueRefusedError
            A value does not fit its port.
        Exception
            What the function raised, itself.
        """
        signature = offer.signature
        given = signature.bind(args, kwargs)
        slots = [slot for slot in signature.args if slot.key in given]
        strangers = {key: value for key, value in given.items() if key not in {slot.key for slot in slots}}
        shrunk = {**await self._exchange.shrink(slots, given), **strangers}
        task = Task(TaskFacts(str(uuid.uuid4()), offer.interface), teller or LoggingTeller(), control := Control())
        work = Work(offer, _over_the_wire(shrunk), task, control)
        async with aclosing(self._executors[offer.isolation].run(work)) as results:
            while (returns := await _next(results, task)) is not None:
                expanded = await self._exchange.expand(signature.returns, _over_the_wire(returns))
                values = tuple(expanded[slot.key] for slot in signature.returns)
                yield values[0] if len(values) == 1 else (values or None)

    async def call(
        self, offer: Offer, args: tuple[Any, ...], kwargs: Mapping[str, Any], teller: Teller | None = None
    ) -> Any:
        """Return the last result; raises as `iterate` does."""
        result = None
        async with aclosing(self.iterate(offer, args, kwargs, teller)) as results:
            async for value in results:
                result = value
        return result


async def _next(results: AsyncGenerator[dict[str, Any], None], task: Task) -> dict[str, Any] | None:
    """Return the next result; None at the end.  Each step of a generator may be made in another context."""
    with running(task):
        return await anext(results, None)


def _over_the_wire(values: dict[str, Any]) -> dict[str, Any]:
    travelled: dict[str, Any] = json.loads(json.dumps(values, allow_nan=False, default=repr))
    return travelled
