"""Calls functions of other apps, and follows all their tasks over one subscription."""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakValueDictionary

from arkitekt_di.errors import ArkitektError, CallTimeoutError, ConnectionLostError, ServiceUnreachableError
from arkitekt_di.messages.calls import CallOrder, TaskEvent, TaskRecord
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.rekuest import TaskDesk
from arkitekt_di.rekuest.caller.display import Display
from arkitekt_di.rekuest.caller.early_events import EarlyEvents
from arkitekt_di.rekuest.caller.remote_task import RemoteTask
from arkitekt_di.rekuest.caller.target import Target
from arkitekt_di.rekuest.ports.exchange import Exchange
from arkitekt_di.rekuest.task import Task, find_task

logger = logging.getLogger(__name__)

FIRST_LOOK_S: Final = 0.5
"""Silence, in seconds, after which the hub is asked what happened to a task; each further time is twice as long."""

LONGEST_LOOK_S: Final = 30.0

YOUNG_S: Final = 2.0
"""A subscription of this age, in seconds, may have missed what happened at once."""

STOP_WITHIN_S: Final = 5.0
"""Longest wait for a task to stop whose caller has gone."""


AssignChild = Callable[[CallOrder, str, str], Awaitable[TaskRecord]]


@dataclass(frozen=True)
class CallOptions:
    """What may be said about a call beside its arguments.

    Attributes
    ----------
    reference : str or None
        The caller's own name of the call: the same again is the same task, never a second one.
    timeout : float or None
        Longest run, in seconds; the task is cancelled then.
    """

    reference: str | None = None
    timeout: float | None = None


class Calls:
    """Calls functions.

    Parameters
    ----------
    desk : TaskDesk
    exchange : Exchange
    bridge : Bridge
    children : callable
        Asks for the tasks that a workflow calls: takes order, parent and call key.
    """

    def __init__(self, desk: TaskDesk, exchange: Exchange, bridge: Bridge, children: AssignChild) -> None:
        self._desk = desk
        self._children = children
        self._exchange = exchange
        self._bridge = bridge
        self._tasks: WeakValueDictionary[str, RemoteTask] = WeakValueDictionary()
        self._early = EarlyEvents()
        self._watching: asyncio.Task[None] | None = None
        self._listens = asyncio.Event()
        self._listens_since = 0.0

    async def stop(self) -> None:
        """Follow no tasks any more; they go on."""
        watching, self._watching = self._watching, None
        self._listens.clear()
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)  # how it ended, `_watch` has told

    async def submit(
        self,
        target: Target,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        options: CallOptions,
        listeners: Sequence[Callable[[TaskEvent], None]] = (),
    ) -> RemoteTask:
        """Ask for a task and return it without waiting for its end; *listeners* hear of it from the beginning.

        Raises
        ------
        ValueRefusedError
            An argument does not fit; nothing was asked.
        """
        values = target.bind(args, kwargs)
        slots = [slot for slot in target.args if slot.key in values]
        shrunk = await self._exchange.shrink(slots, values)
        await self._listen()
        reference = options.reference or str(uuid.uuid4())
        with self._early.kept():
            record = await self._assign(CallOrder(args=shrunk, reference=reference, **target.address), target.name)
            known = self._tasks.get(record.id)
            if known is not None:
                known.on_event.extend(listeners)
                return known
            task = self._begun(record.id, reference, target, listeners)
        if options.reference is not None or _workflow() is not None or self._may_have_missed():
            await self._catch_up(task)
        return task

    async def _catch_up(self, task: RemoteTask) -> None:
        """Learn what has happened to a task; where the hub is away at the moment, when it is back."""
        pause = FIRST_LOOK_S
        while True:
            try:
                return await task.catch_up()
            except (ConnectionLostError, ServiceUnreachableError):
                if self._watching is None or self._watching.done():
                    raise
                await asyncio.wait({self._watching}, timeout=pause)
                pause = min(2 * pause, LONGEST_LOOK_S)

    def _may_have_missed(self) -> bool:
        """Tell whether things may have happened that nobody will tell of."""
        return not self._desk.misses_nothing and time.monotonic() - self._listens_since < YOUNG_S

    def _begun(
        self, task_id: str, reference: str, target: Target, listeners: Sequence[Callable[[TaskEvent], None]]
    ) -> RemoteTask:
        async def expand(returns: dict[str, Any]) -> Any:
            return target.result(await self._exchange.expand(target.returns, returns))

        task = RemoteTask(task_id, reference, self._desk, expand, self._bridge)
        task.on_event.extend(listeners)
        self._tasks[task.id] = task
        for event in self._early.take(task_id):
            task.take(event)
        return task

    async def _assign(self, order: CallOrder, name: str) -> TaskRecord:
        """Ask for a task: a workflow's calls are its children, which it finds again when it runs again."""
        task = _workflow()
        if task is None:
            return await self._desk.assign(order)
        return await self._children(order, task.id, task.call_key(name))

    async def call(self, target: Target, args: tuple[Any, ...], kwargs: Mapping[str, Any], options: CallOptions) -> Any:
        """Call, and return the result; a caller that is cancelled cancels the task."""
        display = Display(target.name)
        task = await _kept(self.submit(target, args, kwargs, options, [display.show]))
        async with _within(options.timeout, target.name), self._attended(task, display):
            return await task.aresult()

    async def iterate(
        self, target: Target, args: tuple[Any, ...], kwargs: Mapping[str, Any], options: CallOptions
    ) -> AsyncGenerator[Any, None]:
        """Call, and yield the results; leaving early cancels the task."""
        display = Display(target.name)
        task = await _kept(self.submit(target, args, kwargs, options, [display.show]))
        async with self._attended(task, display), aclosing(task.aiterate()) as values:
            async for value in values:
                yield value

    @asynccontextmanager
    async def _attended(self, task: RemoteTask, display: Display) -> AsyncIterator[None]:
        """Look after a task while somebody waits for it, and stop it where they go before its end."""
        loop, lookers = asyncio.get_running_loop(), list[asyncio.Task[None]]()

        def look() -> None:
            lookers.append(loop.create_task(self._look_after(task), name=f"looks after {task.id}"))

        later = loop.call_later(FIRST_LOOK_S, look)  # most tasks are heard of before that
        try:
            with display:
                yield
        except BaseException:
            if not task.is_done:
                with suppress(ArkitektError):
                    await asyncio.shield(task.astop(STOP_WITHIN_S))
            raise
        finally:
            later.cancel()
            for looking in lookers:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)

    async def _look_after(self, task: RemoteTask) -> None:
        """Ask the hub where the feed says nothing."""
        pause = FIRST_LOOK_S
        while not task.has_news:
            await self._look(task)
            pause = min(2 * pause, LONGEST_LOOK_S)
            if not task.has_news:
                await asyncio.sleep(pause)

    # --- the one subscription ---------------------------------------------------------------------

    async def _listen(self) -> None:
        """Make sure that events come in."""
        if self._listens.is_set() and self._watching is not None and not self._watching.done():
            return
        if self._watching is None or self._watching.done():
            self._listens.clear()
            self._watching = asyncio.create_task(self._watch(), name="follows tasks")
        listens = asyncio.create_task(self._listens.wait())
        try:
            await asyncio.wait({listens, self._watching}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            listens.cancel()
        if self._watching.done():
            self._watching.result()

    async def _watch(self) -> None:
        """Follow the feed; where it ends, whatever ends it, whoever waits for a task is told."""
        try:
            await self._take_news()
        except Exception as error:
            if not isinstance(error, ArkitektError):
                logger.exception("nothing more is heard of tasks, by a fault of ours")
            for task in list(self._tasks.values()):
                task.break_off(error)
            raise

    async def _take_news(self) -> None:
        async with aclosing(self._desk.watch()) as feed:
            async for event in feed:
                if event is None:
                    self._listens_since = time.monotonic()
                    self._listens.set()
                    if not self._desk.misses_nothing:
                        await asyncio.gather(*(self._look(task) for task in list(self._tasks.values())))
                elif (task := self._tasks.get(event.task)) is not None:
                    task.take(event)
                else:
                    self._early.put(event)
        raise ConnectionLostError("the hub", "it ended the feed of tasks")

    async def _look(self, task: RemoteTask) -> None:
        try:
            await task.catch_up()
        except ArkitektError as error:
            logger.warning("what happened to the task %s while nothing listened is not known: %s", task.id, error)


def _workflow() -> Task | None:
    """Return the workflow that calls, if one does: what it calls may have been called before, and be over by now."""
    task = find_task()
    return task if task is not None and task.facts.is_workflow else None


async def _kept(submission: Coroutine[Any, Any, RemoteTask]) -> RemoteTask:
    """Await a submission; whoever goes meanwhile takes along the task that the hub may have by now."""
    asking = asyncio.ensure_future(submission)
    try:
        return await asyncio.shield(asking)
    except asyncio.CancelledError:
        with suppress(ArkitektError):
            await (await asking).astop(STOP_WITHIN_S)
        raise


@asynccontextmanager
async def _within(seconds: float | None, name: str) -> AsyncIterator[None]:
    """End the block after some seconds, with an error that names the call."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise CallTimeoutError(name, seconds or 0.0) from None
