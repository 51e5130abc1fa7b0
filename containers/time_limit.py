"""A limit of time for work that hardly ever waits: the clock is wound up only where it does."""

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any


async def within(limit_s: float, work: Coroutine[Any, Any, None]) -> None:
    """Await *work* for at most *limit_s* seconds.

    Parameters
    ----------
    limit_s : float
        In seconds, from when *work* first waits.
    work : coroutine
        Not yet begun.

    Raises
    ------
    TimeoutError
        *work* was cancelled because the time was over.
    """
    try:
        awaited = work.send(None)
    except StopIteration:
        return
    async with asyncio.timeout(limit_s):
        await _rest(work, awaited)


@coroutine
def _rest(work: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    """Go on with *work*, which waits for *awaited*: as ``yield from`` would, had it begun here."""
    try:
        while True:
            try:
                answer = yield awaited
            except BaseException as error:  # noqa: BLE001  # whatever it is, it is for the work
                awaited = work.throw(error)
            else:
                awaited = work.send(answer)
    except StopIteration:
        return
