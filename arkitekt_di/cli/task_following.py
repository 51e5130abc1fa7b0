"""What happens to tasks, line by line, as it happens: for ``arkitekt-di tasks --follow``."""

import json
from collections import OrderedDict
from contextlib import aclosing
from typing import Any

import typer

from arkitekt_di.cli.foreign_text import harmless
from arkitekt_di.cli.task_news import shown
from arkitekt_di.errors import ArkitektError
from arkitekt_di.messages.calls import TaskEvent, TaskSummary
from arkitekt_di.messages.tasks import TERMINAL_KINDS, EventKind

REMEMBERED = 1000
"""Tasks whose functions are remembered, so that each is asked for once."""

SILENT = frozenset({EventKind.YIELD, EventKind.EFFECT, EventKind.INFORM})
"""Kinds that people are not shown: a generator has as many as it likes."""

ENDS: dict[str, tuple[str, str]] = {
    EventKind.COMPLETED: ("✓", "green"),
    EventKind.CANCELLED: ("■", "yellow"),
    EventKind.INTERRUPTED: ("■", "yellow"),
}


def follow_tasks(app: Any, *, as_json: bool) -> None:
    """Tell until Ctrl-C, or until whoever reads has gone.

    The hub keeps what is not read at once, so nothing is left out and nothing gathers here.
    """
    try:
        app.koil.call(_follow, app, _Teller(as_json=as_json))
    except (KeyboardInterrupt, BrokenPipeError):
        return


async def _follow(app: Any, teller: "_Teller") -> None:
    async with aclosing(app.rekuest.awatch_tasks()) as events:
        async for event in events:
            if event is not None:
                await teller.tell(app, event)
            elif not teller.has_begun:
                teller.has_begun = True
                typer.echo("Following the tasks of your organization; Ctrl-C ends it.", err=True)


class _Teller:
    """Tells events with the functions that they are about.

    Attributes
    ----------
    has_begun : bool
        Whether it was said that events are told from now on.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.has_begun = False
        self._as_json = as_json
        self._known: OrderedDict[str, TaskSummary | None] = OrderedDict()

    async def tell(self, app: Any, event: TaskEvent) -> None:
        """Print one event."""
        if not self._as_json and event.kind in SILENT:
            return
        task = await self._task(app, event.task)
        typer.echo(_line(event, task) if self._as_json else _text(event, task))

    async def _task(self, app: Any, task_id: str) -> TaskSummary | None:
        if task_id not in self._known:
            try:
                self._known[task_id] = await app.rekuest.atask(task_id)
            except ArkitektError:  # it has been forgotten meanwhile; what happened to it is told all the same
                self._known[task_id] = None
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return self._known[task_id]


def _line(event: TaskEvent, task: TaskSummary | None) -> str:
    told = event.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps(told | {"function": _function(task), "agent": _agent(task)}, ensure_ascii=False)


def _text(event: TaskEvent, task: TaskSummary | None) -> str:
    at = "" if event.created_at is None else f"{event.created_at.astimezone():%H:%M:%S} "
    mark, colour = ENDS.get(event.kind, ("✗", "red")) if event.kind in TERMINAL_KINDS else ("▶", "cyan")
    args = f"({shown(task.args)})" if task is not None and event.kind == EventKind.QUEUED else ""
    percent = "" if event.progress is None else f" {event.progress} %"
    message = "" if event.message is None else f": {event.message.partition(chr(10))[0]}"
    what = f"{_function(task)}{args} {str(event.kind).lower()}{percent}{message}"
    begin = f"{typer.style(at, dim=True)}{typer.style(mark, fg=colour)}"
    return f"{begin} {harmless(what)}  {typer.style(event.task, dim=True)}"


def _function(task: TaskSummary | None) -> str:
    action = None if task is None else task.action
    return "?" if action is None else action.key or action.name


def _agent(task: TaskSummary | None) -> str | None:
    return None if task is None or task.implementation is None else task.implementation.agent.name
