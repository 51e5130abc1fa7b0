"""A door of an agent of another version: it says more than the hub knows, and hears what it does not know itself."""

import json
from collections import deque
from typing import Any

from arkitekt_di.protocols.rekuest import AgentDoor, AgentSocket

UNKNOWN = {"type": "FROM_TOMORROW", "id": "tomorrow", "task": "any"}


class TomorrowsDoor:
    """Opens sockets on which both sides hear what they do not know.

    Parameters
    ----------
    inner : AgentDoor
    """

    def __init__(self, inner: AgentDoor) -> None:
        self._inner = inner

    async def open(self) -> AgentSocket:
        """Connect."""
        return TomorrowsSocket(await self._inner.open())


class TomorrowsSocket:
    """Says an unknown frame before each of ours, and something unknown in each; lets the agent hear unknown ones.

    Parameters
    ----------
    socket : AgentSocket
    """

    def __init__(self, socket: AgentSocket) -> None:
        self._socket = socket
        self._unheard: deque[str] = deque()

    @property
    def url(self) -> str:
        """The other end."""
        return self._socket.url

    async def send(self, text: str) -> None:
        """Send what was said, and more."""
        said = json.loads(text)
        if isinstance(said, list):
            await self._socket.send(json.dumps([spoken for frame in said for spoken in (UNKNOWN, _enriched(frame))]))
            return
        if said["type"] != "REGISTER":  # the hub takes that first, and nothing before it
            await self._socket.send(json.dumps(UNKNOWN))
        await self._socket.send(json.dumps(_enriched(said)))

    async def receive(self) -> str:
        """Return the next frame, and an unknown one behind it: the first of all answers ``REGISTER``."""
        if not self._unheard:
            self._unheard += [await self._socket.receive(), json.dumps(UNKNOWN)]
        return self._unheard.popleft()

    async def close(self) -> None:
        """Close the connection."""
        await self._socket.close()


def _enriched(frame: dict[str, Any]) -> dict[str, Any]:
    more: dict[str, Any] = {"mood": "good"}
    if frame["type"] == "REGISTER":
        offers = [offer | {"from_tomorrow": {"is": 1}} for offer in frame["implementations"]]
        more |= {"implementations": offers, "features": [*frame.get("features", ()), "from tomorrow"]}
    return frame | more
