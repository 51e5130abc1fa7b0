"""A long list of the hub, fetched page by page while it is iterated over in sync or async code."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Final, Generic, TypeVar

from arkitekt_di.errors import OwnLoopError
from arkitekt_di.mikro.crossing import across
from arkitekt_di.protocols.koil import Bridge

T = TypeVar("T")

PAGE: Final = 100
"""Records in one request."""


class Pages(Generic[T]):
    """Everything that fits a search, from the oldest to the newest; each loop over it asks the hub anew.

    What is added while a loop runs is seen at its end.

    Parameters
    ----------
    bridge : Bridge
        The way to the app's loop.
    fetch : callable
        Returns the page with this limit and offset; runs on the app's loop.
    """

    def __init__(self, bridge: Bridge, fetch: Callable[[int, int], Awaitable[list[T]]]) -> None:
        self._bridge = bridge
        self._fetch = fetch

    async def _page(self, offset: int) -> list[T]:
        return await self._fetch(PAGE, offset)

    def __iter__(self) -> Iterator[T]:
        if self._bridge.is_own_loop():
            raise OwnLoopError("for ... in", "async for ... in")
        offset = 0
        while page := self._bridge.call(self._page, offset):
            yield from page
            if len(page) < PAGE:
                return
            offset += len(page)

    async def __aiter__(self) -> AsyncIterator[T]:
        offset = 0
        while page := await across(self._bridge, self._page, offset):
            for item in page:
                yield item
            if len(page) < PAGE:
                return
            offset += len(page)
