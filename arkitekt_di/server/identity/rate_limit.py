"""Limits on tries, in memory of a fixed size."""

import ipaddress
from collections import OrderedDict
from collections.abc import Hashable

from arkitekt_di.server.identity.clock import Clock

CAPACITY = 10_000
"""Keys that one limit remembers; the one that was quiet longest is forgotten first."""

IPV6_SITE_PREFIX = 64
"""One customer usually has a whole /64 (RFC 6177), so its addresses count as one."""


class RateLimit:
    """At most so many tries in a window of time, for each key.

    Parameters
    ----------
    tries : int
    window_s : float
        Counted from the first try, in seconds.
    clock : Clock
    capacity : int
        Keys that are remembered.
    """

    def __init__(self, *, tries: int, window_s: float, clock: Clock, capacity: int = CAPACITY) -> None:
        self._tries = tries
        self._window_s = window_s
        self._clock = clock
        self._capacity = capacity
        self._counts: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    @property
    def window_s(self) -> float:
        """Seconds after which a key starts anew."""
        return self._window_s

    def take(self, key: Hashable) -> bool:
        """Count one try; False where it is one too many."""
        now = self._clock()
        began, count = self._counts.get(key, (now, 0))
        if now - began >= self._window_s:
            began, count = now, 0
        self._counts[key] = (began, min(count, self._tries) + 1)
        self._counts.move_to_end(key)
        if len(self._counts) > self._capacity:
            self._counts.popitem(last=False)
        return count < self._tries

    def give_back(self, key: Hashable) -> None:
        """Take one try back, as after a success; earlier failures stay counted."""
        if key in self._counts:
            began, count = self._counts[key]
            self._counts[key] = (began, max(count - 1, 0))

    def __len__(self) -> int:
        return len(self._counts)


def network_of(remote: str) -> str:
    """Return what counts as one sender: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return remote
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, IPV6_SITE_PREFIX), strict=False))
