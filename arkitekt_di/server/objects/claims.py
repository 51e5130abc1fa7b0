"""Which keys are being written, where the store itself does not say: the guard behind conditions."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from arkitekt_di.server.objects.keys import is_within

Name = tuple[str, str]
"""Bucket and key."""


class Claims:
    """Lets one thread at a time change a key; keys of which one lies below the other count as one.

    What is done under a claim has to end by itself, as requests with a time limit do.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: list[Name] = []

    @contextmanager
    def hold(self, *names: Name) -> Iterator[None]:
        """Claim all of *names* in one step, once no other thread has any of them."""
        with self._changed:
            self._changed.wait_for(lambda: not any(_overlap(held, name) for held in self._held for name in names))
            self._held.extend(names)
        try:
            yield
        finally:
            with self._changed:
                for name in names:
                    self._held.remove(name)
                self._changed.notify_all()


def _overlap(one: Name, other: Name) -> bool:
    (bucket, key), (other_bucket, other_key) = one, other
    return bucket == other_bucket and (key == other_key or is_within(key, other_key) or is_within(other_key, key))
