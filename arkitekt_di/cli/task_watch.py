"""Follows the tasks of an agent by its frames, and makes news of them."""

import asyncio
import time
from dataclasses import dataclass

from arkitekt_di.cli.task_news import News, Voice
from arkitekt_di.messages.frames import Frame
from arkitekt_di.messages.orders import Assign
from arkitekt_di.messages.reports import TERMINAL_REPORTS, Log, TaskReport


@dataclass(frozen=True)
class _Seen:
    function: str
    since: float


class TaskWatch:
    """Knows which tasks are open, and tells what becomes of them.

    Belongs to the agent's loop.

    Parameters
    ----------
    voice : Voice
        What is told.

    Attributes
    ----------
    idle : asyncio.Event
        Set while no task is open.
    """

    def __init__(self, voice: Voice) -> None:
        self.idle = asyncio.Event()
        self.idle.set()
        self._voice = voice
        self._open: dict[str, _Seen] = {}

    def take(self, frame: Frame) -> None:
        """Take an order to the agent, or a report of it."""
        match frame:
            case Assign():
                self._begin(frame)
            case Log() if (seen := self._open.get(frame.task)) is not None:
                self._voice.say(News("log", task=frame.task, function=seen.function, message=frame.message))
            case TaskReport() if isinstance(frame, TERMINAL_REPORTS):
                self._end(frame)

    def _begin(self, order: Assign) -> None:
        if order.task in self._open:
            return  # delivered again
        self._open[order.task] = _Seen(order.interface, time.monotonic())
        self.idle.clear()
        news = News("assigned", task=order.task, function=order.interface, args=order.args, caller=order.caller_app)
        self._voice.say(news)

    def _end(self, report: TaskReport) -> None:
        seen = self._open.pop(report.task, None)
        if seen is None:
            return
        news = News(
            "ended",
            task=report.task,
            function=seen.function,
            outcome=report.type.lower(),
            seconds=round(time.monotonic() - seen.since, 4),
            message=getattr(report, "error", None),
        )
        self._voice.say(news)
        if not self._open:
            self.idle.set()
