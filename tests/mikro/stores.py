"""Pixel stores for tests: they count, fail, or wait."""

import asyncio
from collections.abc import Sequence

from arkitekt_di.errors import ArkitektError
from arkitekt_di.messages.images import StoreGrant, UploadGrant
from arkitekt_di.messages.pixels import HEADER
from arkitekt_di.mikro.in_memory import InMemoryPixelStore, InMemoryPrefix


class CountingStore(InMemoryPixelStore):
    """Notes which parts of which objects are read, and which objects are written, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[tuple[str, int]] = []
        self.writes: list[str] = []
        self.most_at_once = 0

    async def open_sink(self, grant: UploadGrant) -> "CountingPrefix":
        return CountingPrefix(self, grant)

    async def open_source(self, grant: StoreGrant) -> "CountingPrefix":
        return CountingPrefix(self, grant)


class CountingPrefix(InMemoryPrefix):
    """Tells its store of every use."""

    def __init__(self, store: CountingStore, grant: StoreGrant) -> None:
        super().__init__(store, grant)
        self._counts = store
        self._now = 0

    async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
        self._now += 1
        self._counts.most_at_once = max(self._counts.most_at_once, self._now)
        await asyncio.sleep(0)
        await super().put(key, body)
        self._counts.writes.append(key)
        self._now -= 1

    def read_ranges(self, key: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        bodies = super().read_ranges(key, ranges)
        self._counts.reads.extend((key, len(body)) for body in bodies)
        return bodies


class FailingStore(InMemoryPixelStore):
    """Raises at the n-th object, counted from 0; a negative number means never, and `header` the last one."""

    def __init__(self, error: ArkitektError, *, at: int | None = None) -> None:
        super().__init__()
        self._error = error
        self._left = at

    async def open_sink(self, grant: UploadGrant) -> "FailingPrefix":
        return FailingPrefix(self, grant)

    def strike(self, key: str) -> None:
        """Count one object, and raise where its turn has come."""
        if self._left is None:
            if key == HEADER:
                raise self._error
            return
        self._left -= 1
        if self._left < 0:
            raise self._error


class FailingPrefix(InMemoryPrefix):
    """Fails as its store says."""

    def __init__(self, store: FailingStore, grant: StoreGrant) -> None:
        super().__init__(store, grant)
        self._strikes = store

    async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
        self._strikes.strike(key)
        await super().put(key, body)


class WaitingStore(InMemoryPixelStore):
    """Takes the first object and then waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.is_waiting = asyncio.Event()
        self.cancelled = 0

    async def open_sink(self, grant: UploadGrant) -> "WaitingPrefix":
        return WaitingPrefix(self, grant)


class WaitingPrefix(InMemoryPrefix):
    """Waits as its store says."""

    def __init__(self, store: WaitingStore, grant: StoreGrant) -> None:
        super().__init__(store, grant)
        self._waits = store

    async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
        self._waits.is_waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self._waits.cancelled += 1
            raise
