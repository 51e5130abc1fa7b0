"""Points at which a hub may be killed, and deliveries that repeat, swap and lose what they carry."""

import os
import signal
from collections.abc import Callable, Sequence
from random import Random

from arkitekt_di.messages.frames import Frame
from arkitekt_di.server.tasks.bus import InProcessBus
from arkitekt_di.server.tasks.dispatch import InProcessDispatch
from arkitekt_di.server.tasks.promise import Dispatch, Outbox
from arkitekt_di.server.tasks.records import Event
from arkitekt_di.testing.dispatch import DuplicatingDispatch


class Fuse:
    """Kills this process when it is used for the last time; none where *times* is None."""

    def __init__(self, times: int | None) -> None:
        self._left = times

    def use(self) -> None:
        """Come one use nearer to the end."""
        if self._left is None:
            return
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


class FusedDispatch:
    """Carries orders until its fuse blows: what is not carried then has been committed."""

    def __init__(self, inner: Dispatch, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def attach(self, agent_id: str, outbox: Outbox) -> None:
        """Carry the orders of an agent there from now on."""
        self._inner.attach(agent_id, outbox)

    def detach(self, agent_id: str, outbox: Outbox) -> None:
        """Carry them there no more."""
        self._inner.detach(agent_id, outbox)

    def push(self, agent_id: str, order: Frame) -> bool:
        """Carry an order, or end."""
        self._fuse.use()
        return self._inner.push(agent_id, order)


def dispatch_of(*, carried: int | None, disturbed: int | None) -> Dispatch:
    """Return a dispatch that ends the hub at the order of this number, or one that is disturbed, by this seed."""
    if disturbed is not None:
        return DuplicatingDispatch(InProcessDispatch(), Random(disturbed))  # noqa: S311  # not for secrets
    return FusedDispatch(InProcessDispatch(), Fuse(carried))


def publisher(bus: InProcessBus, published: int | None) -> Callable[[Sequence[Event]], None]:
    """Return what publishes events that are committed, and ends the hub instead at the event of this number."""
    fuse = Fuse(published)

    def publish(events: Sequence[Event]) -> None:
        for _ in events:
            fuse.use()
        bus.publish(events)

    return publish
