"""Whether this process is still the one in which something was opened."""

import functools
import os


class Lineage:
    """Counts the forks between this process and the first of its line; reading it costs less than a system call."""

    forks = 0


def _count_fork() -> None:
    Lineage.forks += 1


@functools.cache
def watch_forks() -> None:
    """Begin to count forks, once."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_count_fork)
