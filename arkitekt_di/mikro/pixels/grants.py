"""Reading and writing under grants that run out: a new one is asked for in time."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Executor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Final, TypeVar

from arkitekt_di.errors import KoilClosedError, OwnLoopError, PermissionDeniedError, TransferError
from arkitekt_di.messages.images import StoreGrant, UploadGrant
from arkitekt_di.mikro.pixels.travelling import TravelledSource
from arkitekt_di.protocols.blobs import Access, Renewal
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.mikro import PixelSink, PixelSource, PixelStore

R = TypeVar("R")

_BLOCKED: Final = ("computing image.data", "asyncio.to_thread(data.compute)")
"""What blocks the loop, and what to do instead."""

_PATIENCE_S: Final = 2.0
"""A read that takes longer makes us look whether the app's loop still turns: a shard takes less on a fair line."""

_PULSE_S: Final = 3.0
"""Longest wait for the loop to turn once."""

_RENEWAL_TIMEOUT_S: Final = 60.0
"""Longest wait for a new grant; a request to the hub and one renewal of its token fit in."""


class RenewedSource:
    """A pixel source whose grant is renewed before, or when, it runs out; threads may share it.

    Parameters
    ----------
    records, pixels : Access, PixelStore
    bridge : Bridge
        Takes the renewal to the app's loop.
    readers : concurrent.futures.Executor
        Threads that read while the caller keeps an eye on the app's loop.
    store_id : str
    margin_s : float
        A grant that expires within this many seconds is renewed.

    Attributes
    ----------
    place : str
        Bucket and key of the array, once it is open.
    """

    def __init__(
        self,
        records: Access,
        pixels: PixelStore,
        bridge: Bridge,
        readers: Executor,
        *,
        store_id: str,
        margin_s: float,
    ) -> None:
        self._records = records
        self._pixels = pixels
        self._bridge = bridge
        self._readers = readers
        self._store_id = store_id
        self._margin_s = margin_s
        self._lock = threading.Lock()
        self._source: PixelSource | None = None
        self._renew_at = 0.0
        self.place = ""

    def __reduce__(self) -> tuple[Any, ...]:
        # Neither grant nor login leaves the process: who reads elsewhere needs an app there.
        return TravelledSource, (self._store_id, self.place)

    async def open(self) -> None:
        """Ask for the first grant, or a new one; runs on the app's loop."""
        grant: StoreGrant = await self._records.request_access(self._store_id)
        source = await self._pixels.open_source(grant)
        self.place = f"{grant.bucket}/{grant.key}"
        self._source, self._renew_at = source, _renewal_time(grant, self._margin_s)

    @property
    def address(self) -> str:
        """Where the array is."""
        return self._current().address

    def read(self, key: str) -> bytes:
        """Return one whole object."""
        return self._with_grant(lambda source: source.read(key))

    def read_ranges(self, key: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return parts of one object."""
        return self._with_grant(lambda source: source.read_ranges(key, ranges))

    def size(self, key: str) -> int:
        """Return the size of one object."""
        return self._with_grant(lambda source: source.size(key))

    def _with_grant(self, action: Callable[[PixelSource], R]) -> R:
        source = self._current()
        try:
            return self._watched(action, source)
        except PermissionDeniedError:
            return self._watched(action, self._renewed(instead_of=source))

    def _watched(self, action: Callable[[PixelSource], R], source: PixelSource) -> R:
        """Read, and find out in time whether the hub that should answer lives on a loop that this read blocks."""
        reading = self._readers.submit(action, source)
        try:
            return reading.result(_PATIENCE_S)
        except FutureTimeoutError:
            self._require_pulse()
        return reading.result()

    def _require_pulse(self) -> None:
        try:
            self._bridge.submit(_beat).result(_PULSE_S)
        except FutureTimeoutError:
            raise OwnLoopError(*_BLOCKED) from None
        except KoilClosedError:
            return  # the app was left; its grant is good for a while

    def _current(self) -> PixelSource:
        source = self._source
        if source is None or time.monotonic() >= self._renew_at:
            return self._renewed(instead_of=source)
        return source

    def _renewed(self, *, instead_of: PixelSource | None) -> PixelSource:
        """Renew on the app's loop, once for all threads that wait."""
        if self._bridge.is_own_loop():
            raise OwnLoopError(*_BLOCKED)
        with self._lock:
            if self._source is None or self._source is instead_of:
                self._renew(instead_of.address if instead_of is not None else "the object store")
            if self._source is None:
                raise TransferError("the object store", "no grant was given")
            return self._source

    def _renew(self, address: str) -> None:
        future = self._bridge.submit(self.open)
        try:
            future.result(_RENEWAL_TIMEOUT_S)
        except FutureTimeoutError as error:
            future.cancel()
            reason = f"the app's loop did not renew the grant within {_RENEWAL_TIMEOUT_S:.0f} s"
            raise TransferError(address, reason) from error
        except CancelledError as error:
            raise TransferError(address, "the app closed meanwhile") from error


class RenewedSink:
    """A pixel sink whose grant is renewed before, or when, it runs out; lives on the app's loop.

    Parameters
    ----------
    records, pixels : Renewal, PixelStore
    grant : UploadGrant
        The first grant.
    margin_s : float
        A grant that expires within this many seconds is renewed.
    """

    def __init__(self, records: Renewal, pixels: PixelStore, grant: UploadGrant, *, margin_s: float) -> None:
        self._records = records
        self._pixels = pixels
        self._grant = grant
        self._margin_s = margin_s
        self._lock = asyncio.Lock()
        self._sink: PixelSink | None = None
        self._renew_at = _renewal_time(grant, margin_s)

    async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
        """Store one whole object."""
        sink = await self._current()
        try:
            await sink.put(key, body)
        except PermissionDeniedError:
            await (await self._renewed(instead_of=sink)).put(key, body)

    async def _current(self) -> PixelSink:
        async with self._lock:
            if self._sink is None:
                self._sink = await self._pixels.open_sink(self._grant)
            sink = self._sink
        return sink if time.monotonic() < self._renew_at else await self._renewed(instead_of=sink)

    async def _renewed(self, *, instead_of: PixelSink) -> PixelSink:
        async with self._lock:
            if self._sink is None or self._sink is instead_of:
                renewed = await self._records.renew_upload(self._grant.store)
                grant = renewed.model_copy(update={"drafts": self._grant.drafts})  # a renewal is for the same place
                self._sink = await self._pixels.open_sink(grant)
                self._renew_at = _renewal_time(grant, self._margin_s)
            return self._sink


async def _beat() -> None:
    """Do nothing, on the loop."""


def _renewal_time(grant: StoreGrant, margin_s: float) -> float:
    # A margin as long as the grant would ask anew for every object.
    return time.monotonic() + grant.expires_in - min(margin_s, grant.expires_in / 2)
