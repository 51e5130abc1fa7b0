"""Chooses among the addresses of a service by asking them all."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from arkitekt_di.errors import AliasFailure, ServiceUnreachableError
from arkitekt_di.messages.fakts import Alias

HEAD_START_S = 0.25
"""Lead of the first address before the others, in seconds (RFC 8305, section 5)."""


async def first_good(
    service: str, aliases: Sequence[Alias], failed: Callable[[Alias], Awaitable[AliasFailure | None]]
) -> Alias:
    """Return the first alias that passes; the first of the list gets a head start, then all are asked at once.

    Parameters
    ----------
    service : str
        Named in the error.
    aliases : sequence of Alias
        In the order of preference.
    failed : callable
        Says why an alias does not pass, in bounded time; None where it passes.

    Raises
    ------
    ServiceUnreachableError
        None passes.
    """
    entered = {alias.url(): alias for alias in aliases}  # one address may be listed twice
    leader_failed = asyncio.Event()
    tasks = [
        asyncio.create_task(_run(alias, failed, leader_failed, is_leader=number == 0))
        for number, alias in enumerate(entered.values())
    ]
    failures: dict[str, AliasFailure] = {}
    try:
        for finished in asyncio.as_completed(tasks):
            alias, failure = await finished
            if failure is None:
                return alias
            failures[alias.url()] = failure
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    raise ServiceUnreachableError(service, [failures[url] for url in entered])


async def _run(
    alias: Alias,
    failed: Callable[[Alias], Awaitable[AliasFailure | None]],
    leader_failed: asyncio.Event,
    *,
    is_leader: bool,
) -> tuple[Alias, AliasFailure | None]:
    if is_leader:
        failure = await failed(alias)
        if failure is not None:
            leader_failed.set()
        return alias, failure
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HEAD_START_S):
            await leader_failed.wait()
    return alias, await failed(alias)
