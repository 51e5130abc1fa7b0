"""Pixels that were sent to another process: found again there by an app of its own, since no secret travels."""

import threading
from collections.abc import Sequence
from typing import Any, Protocol, cast

from arkitekt_di.errors import AppElsewhereError, NoAppError, StoreNotFoundError
from arkitekt_di.governing import APPS
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.mikro import PixelSource


class PlacedSource(PixelSource, Protocol):
    """A pixel source that knows where on its hub the array is."""

    @property
    def place(self) -> str:
        """Bucket and key of the array."""
        ...


class Opener(Protocol):
    """What opens arrays by the identifier of their store."""

    async def areopen_source(self, store_id: str) -> PlacedSource:
        """Return the pixels of a store, under a grant of this process."""
        ...


class ReadingApp(Protocol):
    """As much of an app as reading takes."""

    @property
    def mikro(self) -> Opener:
        """Its image service."""
        ...

    @property
    def koil(self) -> Bridge:
        """The way to its loop."""
        ...


class TravelledSource:
    """A pixel source as it arrives in another process: nothing is asked for until it is read.

    An error while it is unpickled would end the worker of a ``multiprocessing.Pool`` unheard, and the pool would wait
    for ever.

    Parameters
    ----------
    store_id : str
        Identifier of the store; hubs count, so another hub may have the same.
    place : str
        Bucket and key, whose random part no other hub has.
    """

    def __init__(self, store_id: str, place: str) -> None:
        self._store_id = store_id
        self._place = place
        self._lock = threading.Lock()
        self._found: PlacedSource | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return TravelledSource, (self._store_id, self._place)

    @property
    def address(self) -> str:
        """Where the array is."""
        return self._source().address

    def read(self, key: str) -> bytes:
        """Return one whole object."""
        return self._source().read(key)

    def read_ranges(self, key: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return parts of one object."""
        return self._source().read_ranges(key, ranges)

    def size(self, key: str) -> int:
        """Return the size of one object."""
        return self._source().size(key)

    def _source(self) -> PlacedSource:
        with self._lock:
            if self._found is None:
                self._found = self._reopened()
            return self._found

    def _reopened(self) -> PlacedSource:
        try:
            app = cast("ReadingApp", APPS.find())
        except NoAppError:
            raise AppElsewhereError("no app is open in this one") from None
        try:
            source = app.koil.call(app.mikro.areopen_source, self._store_id)
        except StoreNotFoundError as error:
            raise AppElsewhereError("the app of this one does not find them") from error
        if source.place != self._place:
            raise AppElsewhereError("the app of this one is at another hub")
        return source
