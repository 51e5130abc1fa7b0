"""A door whose connections say every report twice, and break now and then."""

import itertools

from arkitekt_di.errors import ConnectionLostError
from arkitekt_di.protocols.rekuest import AgentDoor, AgentSocket


class StammeringDoor:
    """Opens sockets that stammer.

    Parameters
    ----------
    inner : AgentDoor
    breaks_after : int
        Frames after which a connection breaks: the last of them has been said once, and nobody knows whether it came.
    """

    def __init__(self, inner: AgentDoor, breaks_after: int) -> None:
        self._inner = inner
        self._breaks_after = breaks_after

    async def open(self) -> AgentSocket:
        """Connect."""
        return StammeringSocket(await self._inner.open(), self._breaks_after)


class StammeringSocket:
    """Says what is numbered twice.

    Parameters
    ----------
    socket : AgentSocket
    breaks_after : int
    """

    def __init__(self, socket: AgentSocket, breaks_after: int) -> None:
        self._socket = socket
        self._said = itertools.count(1)
        self._breaks_after = breaks_after

    @property
    def url(self) -> str:
        """The other end."""
        return self._socket.url

    async def send(self, text: str) -> None:
        """Send one frame, once more where it is a report, or break."""
        await self._socket.send(text)
        if '"pos":' not in text:
            return
        if next(self._said) >= self._breaks_after:
            await self._socket.close()
            raise ConnectionLostError(self.url, "it stammers too much")
        await self._socket.send(text)

    async def receive(self) -> str:
        """Return the next frame."""
        return await self._socket.receive()

    async def close(self) -> None:
        """Close the connection."""
        await self._socket.close()
