"""The life of a service."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Service(Protocol):
    """Something that is opened and closed with the app.

    The constructor does no I/O and waits for nothing; work begins in `start`, on the app's loop.
    """

    async def start(self) -> None:
        """Open what the service needs; on failure leave nothing open."""
        ...

    async def stop(self) -> None:
        """Close what `start` opened."""
        ...
