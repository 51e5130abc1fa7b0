"""Time that passes only when somebody sleeps."""

import asyncio


class ManualClock:
    """A clock for code that takes its clock and its sleep as arguments.

    Parameters
    ----------
    now : float, default 0.0
        Seconds at the beginning.

    Attributes
    ----------
    now : float
    slept : list of float
        Every sleep, in seconds.
    """

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Return the time, in seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once; others get their turn."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)
