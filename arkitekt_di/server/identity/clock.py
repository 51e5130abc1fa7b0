"""Time as the identity service sees it, so that tests can move it."""

from collections.abc import Callable

Clock = Callable[[], float]
"""Returns Unix time in seconds."""

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S
