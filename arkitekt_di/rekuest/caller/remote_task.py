"""A task that runs elsewhere, as its caller holds it."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any

from arkitekt_di.errors import (
    AgentLostError,
    RemoteError,
    TaskDeniedError,
    TaskError,
    TaskStoppedError,
)
from arkitekt_di.koil import dual
from arkitekt_di.messages.calls import TaskEvent
from arkitekt_di.messages.tasks import TERMINAL_KINDS, EventKind
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.rekuest import TaskDesk
from arkitekt_di.rekuest.remote_errors import parse

Expand = Callable[[dict[str, Any]], Any]
"""Takes the returns of a YIELD and gives an awaitable of the value."""


class RemoteTask:
    """A task at the hub: its results, how far it is, and its brakes.

    Attributes
    ----------
    id : str
    reference : str
        The caller's own name of the call.
    state : EventKind
        The last thing that happened to it, apart from progress, logs and results.
    last_progress : int or None
        In percent.
    is_done : bool
    has_started : bool
    """

    def __init__(self, task_id: str, reference: str, desk: TaskDesk, expand: Expand, bridge: Bridge) -> None:
        self.id = task_id
        self.reference = reference
        self.state: EventKind | str = EventKind.QUEUED
        self.last_progress: int | None = None
        self.has_started = False
        self.on_event: list[Callable[[TaskEvent], None]] = []
        self._desk = desk
        self._expand = expand
        self._bridge = bridge
        self._seen: set[str] = set()
        self._values: deque[dict[str, Any]] = deque()
        self._end: TaskEvent | None = None
        self._broken: Exception | None = None
        self._news = asyncio.Event()
        self._ended = asyncio.Event()
        self._postponed: list[TaskEvent] | None = None

    # --- what happens -----------------------------------------------------------------------------

    def take(self, event: TaskEvent) -> None:
        """Take an event; one that came before is passed over."""
        if self._postponed is not None:
            self._postponed.append(event)
            return
        if event.id in self._seen:
            return
        self._seen.add(event.id)
        self._note(event)
        for listener in self.on_event:
            listener(event)
        self._news.set()

    def _note(self, event: TaskEvent) -> None:
        match event.kind:
            case EventKind.YIELD:
                self._values.append(event.returns or {})
            case EventKind.PROGRESS:
                self.last_progress = event.progress if event.progress is not None else self.last_progress
            case EventKind.STARTED:
                self.has_started = True
                self.state = event.kind
            case EventKind.LOG | EventKind.EFFECT | EventKind.INFORM | EventKind.LATE_REPORT:
                pass
            case _:
                self.state = event.kind
        if event.kind in TERMINAL_KINDS and self._end is None:
            self._end = event
            self._ended.set()

    def break_off(self, error: Exception) -> None:
        """Tell whoever waits that nothing more will be heard; the task itself goes on."""
        self._broken = error
        self._news.set()
        self._ended.set()

    async def catch_up(self) -> None:
        """Ask the hub for everything that has happened; what comes meanwhile waits, so that the order is kept."""
        if self._postponed is not None or self.is_done:
            return
        self._postponed = []
        missed: list[TaskEvent] = []
        try:
            missed.extend(await self._desk.events(self.id))
        finally:
            postponed, self._postponed = self._postponed, None
            for event in (*missed, *postponed):
                self.take(event)

    @property
    def has_news(self) -> bool:
        """Whether anything was heard of the task."""
        return bool(self._seen)

    @property
    def is_done(self) -> bool:
        """Whether the task has ended."""
        return self._end is not None

    # --- results ----------------------------------------------------------------------------------

    async def aresult(self) -> Any:
        """Wait for the end and return the last result.

        Raises
        ------
        TaskError
            It did not end well: `RemoteError` where the function raised, `AgentLostError` where its agent was lost.
        """
        await self._ended.wait()
        self._raise_unless_completed()
        return await self._expand(self._values[-1]) if self._values else None

    async def aiterate(self) -> AsyncGenerator[Any, None]:
        """Yield the results as they come; raises as `aresult` does, after the last of them."""
        while True:
            while self._values:
                yield await self._expand(self._values.popleft())
            if self.is_done or self._broken is not None:
                self._raise_unless_completed()
                return
            self._news.clear()
            await self._news.wait()

    def result(self) -> Any:
        """Wait for the end and return the last result; see `aresult`."""
        return self._bridge.call(self.aresult)

    def _raise_unless_completed(self) -> None:
        if self._end is None and self._broken is not None:
            raise self._broken
        if self._end is not None and self._end.kind != EventKind.COMPLETED:
            raise self._failure(self._end)

    def _failure(self, end: TaskEvent) -> TaskError:
        message = end.message or "no reason was given"
        match end.kind:
            case EventKind.FAILED | EventKind.CRITICAL:  # rekuest 10 says CRITICAL of whatever a function raises
                kind, text, traceback = parse(message)
                return RemoteError(self.id, text, kind, traceback)
            case EventKind.LOST:
                return self._lost(end, message)
            case EventKind.CANCELLED | EventKind.INTERRUPTED:
                return TaskStoppedError(self.id, end.message or str(end.kind).lower())
            case EventKind.DENIED:
                return TaskDeniedError(self.id, message)
            case _:
                return TaskError(self.id, message)

    def _lost(self, end: TaskEvent, message: str) -> AgentLostError:
        told = end.value if isinstance(end.value, dict) else {}
        started = bool(told.get("started", self.has_started))
        last_progress = told.get("last_progress", self.last_progress)
        return AgentLostError(self.id, message, started=started, last_progress=last_progress)

    # --- brakes -----------------------------------------------------------------------------------

    @dual
    async def cancel(self) -> None:
        """Ask the body to stop; the task has ended when it has. Blocks in sync code, is awaited on a loop."""
        await self._desk.cancel(self.id)

    @dual
    async def interrupt(self) -> None:
        """Stop the body by all means that its agent has; blocks in sync code, is awaited on a loop."""
        await self._desk.interrupt(self.id)

    @dual
    async def pause(self) -> None:
        """Let the body wait at its next pause point; blocks in sync code, is awaited on a loop."""
        await self._desk.pause(self.id)

    @dual
    async def resume(self) -> None:
        """Let the body go on; blocks in sync code, is awaited on a loop."""
        await self._desk.resume(self.id)

    async def astop(self, within_s: float) -> None:
        """Cancel the task and wait for its end, at most so long."""
        if self.is_done:
            return
        await self._desk.cancel(self.id)
        try:
            async with asyncio.timeout(within_s):
                await self._ended.wait()
        except TimeoutError:
            return

    def __repr__(self) -> str:
        return f"<RemoteTask {self.id}: {self.state}>"
