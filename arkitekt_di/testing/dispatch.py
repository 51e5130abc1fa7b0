"""A dispatch that repeats, swaps and loses orders, as the worst network would."""

from random import Random

from arkitekt_di.messages.frames import Frame
from arkitekt_di.server.tasks.promise import Dispatch, Outbox

CONTROLLED = frozenset({"ASSIGN", "CANCEL", "INTERRUPT"})
"""Orders that the hub repeats until they are answered; all others are carried as they are."""


class DuplicatingDispatch:
    """Carries most orders once, and some not at all, twice, or after the next one.

    Parameters
    ----------
    inner : Dispatch
        Carries what is left.
    random : random.Random
        Decides; with a seed, the same way each time.

    Attributes
    ----------
    lost, repeated, swapped : int
        How many orders it treated so.
    """

    def __init__(self, inner: Dispatch, random: Random) -> None:
        self._inner = inner
        self._random = random
        self._kept: dict[str, Frame] = {}
        self.lost = self.repeated = self.swapped = 0

    def attach(self, agent_id: str, outbox: Outbox) -> None:
        """Carry the orders of an agent there from now on."""
        self._inner.attach(agent_id, outbox)

    def detach(self, agent_id: str, outbox: Outbox) -> None:
        """Carry them there no more; what was kept back is carried before."""
        self._release(agent_id)
        self._inner.detach(agent_id, outbox)

    def push(self, agent_id: str, order: Frame) -> bool:
        """Carry an order, or what becomes of it."""
        if order.type not in CONTROLLED:
            return self._inner.push(agent_id, order)
        fate = self._random.choice(["carried", "carried", "carried", "lost", "repeated", "swapped"])
        if fate == "lost":
            self.lost += 1
            return True
        if fate == "swapped" and agent_id not in self._kept:
            self.swapped += 1
            self._kept[agent_id] = order
            return True
        was_carried = self._inner.push(agent_id, order)
        if fate == "repeated":
            self.repeated += 1
            self._inner.push(agent_id, order)
        self._release(agent_id)
        return was_carried

    def _release(self, agent_id: str) -> None:
        kept = self._kept.pop(agent_id, None)
        if kept is not None:
            self._inner.push(agent_id, kept)
