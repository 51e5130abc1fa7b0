"""Numbers reports, journals them, and sends them: in order, and again after a connection was lost."""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from itertools import islice
from typing import Final

from arkitekt_di.errors import StorageFullError
from arkitekt_di.messages.frames import together
from arkitekt_di.messages.reports import TERMINAL_REPORTS, Acknowledge, Log, NumberedFrame, Progress, TaskReport
from arkitekt_di.protocols.rekuest import AgentSocket
from arkitekt_di.rekuest.agent.journal import Entry, Journal

logger = logging.getLogger(__name__)

MERGE_ABOVE: Final = 256
"""Unconfirmed reports above which only the latest progress of a task is kept for sending (tasks.md 5.2)."""

MOST_TOGETHER: Final = 64
"""Reports that go in one message, where the hub reads them so."""

MOST_CHARACTERS: Final = 2**16
"""Characters above which a message takes no more of them."""

FULL_ABOVE: Final = 4096
"""Unconfirmed reports above which generators wait."""


class Reporter:
    """Everything that this process tells the hub and must not be lost.

    Belongs to the agent's loop.

    Parameters
    ----------
    journal : Journal
    session : str
        Names this process.
    listener : callable, optional
        Told each report as it is made.
    """

    def __init__(self, journal: Journal, session: str, listener: "Report | None" = None) -> None:
        self._journal = journal
        self._session = session
        self._listener = listener
        self._pos = 0
        self._acknowledged = 0
        self._steps: Counter[str] = Counter()
        self._fresh: list[Entry] = []
        self._held: dict[str, Progress] = {}
        self._outbox: deque[Entry] = deque()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._confirmed = asyncio.Event()
        self._accepted: dict[str, int | None] = {}
        self._is_flushing = False
        self._is_attached = False
        self.is_broken = False
        """Whether the journal takes nothing more; reports are then kept in memory alone."""

    @property
    def unacknowledged(self) -> int:
        """How many reports of this process the hub has not confirmed."""
        return self._pos - self._acknowledged

    def report(self, frame: NumberedFrame) -> None:
        """Take a report; it is journalled and sent as soon as the loop is free."""
        if self._listener is not None:
            self._listener(frame)
        if self.unacknowledged > MERGE_ABOVE and isinstance(frame, Progress):
            self._held[frame.task] = frame  # only the latest counts
            return
        if isinstance(frame, TaskReport) and not isinstance(frame, Log):
            self._release(frame.task)
        self._number(frame)

    def _release(self, task: str) -> None:
        held = self._held.pop(task, None)
        if held is not None:
            self._number(held)

    def _number(self, frame: NumberedFrame) -> None:
        self._pos += 1
        stamps: dict[str, object] = {"pos": self._pos, "journal_session": self._session, "agent_ts": time.time()}
        if isinstance(frame, TaskReport):
            self._accepted.pop(frame.task, None)
            self._steps[frame.task] += 1
            stamps["task_step"] = self._steps[frame.task]
            if isinstance(frame, TERMINAL_REPORTS):
                del self._steps[frame.task]
        self._fresh.append(Entry(self._session, self._pos, frame.stamped(stamps)))
        if self.unacknowledged > FULL_ABOVE:
            self._room.clear()
        self._flush_soon()

    def _flush_soon(self) -> None:
        if not self._is_flushing:
            self._is_flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def accept(self, task: str, attempt: int | None) -> None:
        """Say that a task has come, where no report of it says so by the time that the loop is free."""
        if self._is_attached:
            self._accepted[task] = attempt
            self._flush_soon()

    def next_step(self, task: str) -> int:
        """Take the next step of a task, for a call that it makes."""
        self._steps[task] += 1
        return self._steps[task]

    def continue_from(self, task: str, last_step: int) -> None:
        """Count the steps of a resumed task on."""
        self._steps[task] = max(self._steps[task], last_step)

    def _flush(self) -> None:
        """Journal what has come since the loop was last free, in one transaction, and send it then."""
        self._is_flushing = False
        self._tell_accepted()
        fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        try:
            self._journal.append(fresh)
            self.is_broken = False
        except StorageFullError as error:
            if not self.is_broken:
                logger.error("reports are kept in memory only, and no new tasks are taken: %s", error)  # noqa: TRY400  # the text says all
            self.is_broken = True
        if self._is_attached or self.is_broken:
            self._outbox.extend(fresh)
            self._wake.set()

    def _tell_accepted(self) -> None:
        accepted, self._accepted = self._accepted, {}
        for task, attempt in accepted.items() if self._is_attached else ():
            text = Acknowledge(task=task, attempt=attempt).encoded()
            self._outbox.append(Entry(self._session, 0, text))  # not numbered: the hub gives the task again
            self._wake.set()

    async def room(self) -> None:
        """Wait until the hub has confirmed enough of what was told."""
        await self._room.wait()

    def acknowledge(self, session: str, pos: int) -> None:
        """Forget what the hub has confirmed."""
        self._journal.acknowledge(session, pos)
        if session != self._session:
            return
        self._acknowledged = max(self._acknowledged, min(pos, self._pos))
        self._confirmed.set()
        if self.unacknowledged <= FULL_ABOVE // 2:
            self._room.set()
        if self.unacknowledged <= MERGE_ABOVE // 2:
            for task in list(self._held):
                self._release(task)

    async def send_through(self, socket: AgentSocket, *, most: int = 1) -> None:
        """Send everything that is unconfirmed, and then everything that comes, until the socket breaks.

        Parameters
        ----------
        socket : AgentSocket
        most : int, default 1
            Frames that the hub reads from one message.
        """
        self._flush()
        unsent = [] if not self.is_broken else list(self._outbox)
        self._outbox.clear()
        self._outbox.extend(self._journal.unacknowledged())
        self._outbox.extend(unsent)
        self._is_attached = True
        try:
            while True:
                while self._outbox:
                    texts = self._next_texts(most)
                    await socket.send(together(texts))
                    for _ in texts:
                        self._outbox.popleft()
                self._wake.clear()
                await self._wake.wait()
        finally:
            self._is_attached = False
            if not self.is_broken:
                self._outbox.clear()  # the journal has it

    def _next_texts(self, most: int) -> list[str]:
        texts = [self._outbox[0].text]
        size = len(texts[0])
        for entry in islice(self._outbox, 1, most):
            size += len(entry.text)
            if size > MOST_CHARACTERS:
                break
            texts.append(entry.text)
        return texts

    async def drained(self) -> None:
        """Wait until the hub has confirmed everything."""
        for task in list(self._held):
            self._release(task)
        self._flush()
        while self.unacknowledged:
            self._confirmed.clear()
            await self._confirmed.wait()


Report = Callable[[NumberedFrame], None]
"""What takes a report."""
