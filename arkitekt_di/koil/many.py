"""Many coroutines at once: the first failure ends the others."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def run_all(coroutines: Sequence[Coroutine[Any, Any, R]]) -> list[R]:
    """Run all at the same time; return their results in order."""
    return await _together([asyncio.ensure_future(coroutine) for coroutine in coroutines])


async def run_each(fn: Callable[[T], Awaitable[R]], items: Sequence[T], limit: int) -> list[R]:
    """Run *fn* on each item, at most *limit* at a time; return the results in order."""
    results: list[Any] = [None] * len(items)
    todo = iter(enumerate(items))
    await _together([asyncio.ensure_future(_work(fn, todo, results)) for _ in range(min(limit, len(items)))])
    return results


async def _work(fn: Callable[[T], Awaitable[R]], todo: Iterator[tuple[int, T]], results: list[Any]) -> None:
    for index, item in todo:
        results[index] = await fn(item)


async def _together(tasks: Sequence["asyncio.Future[R]"]) -> list[R]:
    if not tasks:
        return []
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        unfinished = [task for task in tasks if task.cancel()]
        if unfinished:
            await asyncio.wait(unfinished)
    _raise_first(tasks, unfinished)
    return [task.result() for task in tasks]


def _raise_first(tasks: Iterable["asyncio.Future[Any]"], cancelled: Sequence["asyncio.Future[Any]"]) -> None:
    """Raise the failure that ended the others; what failed besides is told in its notes."""
    failed = [task for task in tasks if not task.cancelled() and task.exception() is not None]
    failed.sort(key=lambda task: task in cancelled)
    errors = [error for task in failed if (error := task.exception()) is not None]
    for error in errors[1:]:
        errors[0].add_note(f"besides, another failed: {error!r}")
    if errors:
        raise errors[0]
