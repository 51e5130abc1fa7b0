"""One connection of an agent: what goes out on it, and the tasks that it has."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from arkitekt_di.messages.frames import FEATURE_TOGETHER, Frame, together
from arkitekt_di.messages.orders import Heartbeat, Init, JournalAck
from arkitekt_di.server.tasks.offers import Agent
from arkitekt_di.server.tasks.records import Lease, Task

log = logging.getLogger(__name__)

MAX_ORDERS = 4096
"""Orders that wait to be sent; a peer that lets more gather is not there any more."""

SEND_S = 30.0
"""Longest wait, in seconds, until a peer takes a frame, or a few that wait together."""

BURST = 32
"""Most of them, beside the first."""

CONFIRM_S = 0.05
"""Longest wait, in seconds, until an agent is told that its reports are recorded."""

MOST_UNCONFIRMED = 32
"""Batches of reports after which it is told at once."""

TRANSPORT_FAILED = 3005
"""Close code: what was sent did not arrive."""


@dataclass
class Unanswered:
    """An order that the agent has not answered."""

    order: Frame
    sent_at: float
    times: int = 1


class AgentConnection:
    """A socket after its agent has registered; keeps the promise `Outbox`.

    Parameters
    ----------
    socket : aiohttp.web.WebSocketResponse
    agent : Agent
    lease : Lease
    window : int
        Most tasks that the agent has at the same time; those that its own tasks call do not count.
    clock : callable, default time.monotonic
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        agent: Agent,
        lease: Lease,
        window: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.agent = agent
        self.lease = lease
        self.socket = socket
        self.unanswered: dict[tuple[str, str], Unanswered] = {}
        self._roots: set[str] = set()
        self._tasks: set[str] = set()
        self._coming = 0
        self.has_backlog = True
        self.work = asyncio.Event()
        self._window = window
        self._clock = clock
        self._orders: asyncio.Queue[Frame] = asyncio.Queue(MAX_ORDERS)
        self._closing: asyncio.Task[None] | None = None
        self._recorded: dict[str, int] = {}
        self._confirmations = 0
        self._confirming: asyncio.TimerHandle | None = None

    @property
    def load(self) -> int:
        """Tasks that the agent has."""
        return len(self._tasks)

    @property
    def room(self) -> int:
        """Tasks that the agent may be given now, beside those that its own tasks call."""
        return max(0, self._window - len(self._roots) - self._coming)

    @contextmanager
    def place_kept(self) -> Iterator[None]:
        """Keep a place for a task while it is recorded, so that others do not take it meanwhile."""
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    def put(self, order: Frame) -> None:
        """Take an order; one too many ends the connection, and the ledger knows what to send on the next."""
        try:
            self._orders.put_nowait(order)
        except asyncio.QueueFull:
            log.warning("agent %s does not read its orders", self.agent.name)
            self.close(TRANSPORT_FAILED, "orders are not read")

    async def put_when_free(self, order: Frame) -> None:
        """Take an order when there is room; for news, whose sender can wait."""
        await self._orders.put(order)

    def expect(self, task_id: str, order: Frame) -> None:
        """Remember that an order is to be answered."""
        key = (task_id, order.type)
        known = self.unanswered.get(key)
        times = 1 if known is None else known.times + 1
        self.unanswered[key] = Unanswered(order, self._clock(), times)

    def overdue(self, after_s: float) -> list[tuple[str, Unanswered]]:
        """Return tasks with orders that were not answered for some time."""
        due = self._clock() - after_s
        return [(task_id, order) for (task_id, _), order in self.unanswered.items() if order.sent_at <= due]

    def hold(self, task: Task) -> None:
        """Remember that the agent has a task."""
        self._tasks.add(task.id)
        if task.draft.parent_id is None:
            self._roots.add(task.id)

    def heard_of(self, task_id: str, *, is_over: bool) -> None:
        """Take note that the agent has said something of a task."""
        self.unanswered.pop((task_id, "ASSIGN"), None)
        if is_over:
            for key in [key for key in self.unanswered if key[0] == task_id]:
                del self.unanswered[key]
            self._tasks.discard(task_id)
            self._roots.discard(task_id)
            if self.has_backlog:
                self.work.set()

    def confirm(self, session: str, pos: int) -> None:
        """Tell the agent how far the journal of a session is recorded: soon, and once for all that comes meanwhile.

        The agent keeps what is not confirmed, so that nothing is lost by waiting; each word of it costs the agent a
        write to its disk.
        """
        self._confirmations += 1
        self._recorded[session] = pos
        if self._confirmations >= MOST_UNCONFIRMED:
            self._tell_recorded()
        elif self._confirming is None:
            self._confirming = asyncio.get_running_loop().call_later(CONFIRM_S, self._tell_recorded)

    def _tell_recorded(self) -> None:
        if self._confirming is not None:
            self._confirming.cancel()
        recorded, self._recorded = self._recorded, {}
        self._confirming, self._confirmations = None, 0
        for session, pos in recorded.items():
            self.put(JournalAck(journal_session=session, pos=pos))

    async def send_orders(self) -> None:
        """Send what is put in, until the connection ends."""
        while True:
            orders = [await self._orders.get()]
            orders += [self._orders.get_nowait() for _ in range(min(self._orders.qsize(), BURST))]
            async with asyncio.timeout(SEND_S):
                for message in self._messages_of(orders):
                    await self.socket.send_str(message)

    def _messages_of(self, orders: list[Frame]) -> list[str]:
        texts = [order.encoded() for order in orders]
        # A heartbeat is for itself: what answers it may be a program that knows nothing else.
        is_alone = any(isinstance(order, Heartbeat | Init) for order in orders)
        is_joined = FEATURE_TOGETHER in self.agent.features and not is_alone
        return [together(texts)] if is_joined else texts

    def close(self, code: int, reason: str) -> None:
        """End the connection, once."""
        if self._confirming is not None:
            self._confirming.cancel()
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(code, reason), name="close agent socket")

    async def closed(self) -> None:
        """Wait until a closing that was begun is over."""
        if self._closing is not None:
            await self._closing

    async def _close(self, code: int, reason: str) -> None:
        await self.socket.close(code=code, message=reason.encode()[:120])
