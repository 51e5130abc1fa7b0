"""Leases of the local hub: as long as an app holds one, the hub does not count as idle."""

from collections.abc import Sequence
from weakref import WeakSet

from aiohttp import WSCloseCode, web

from arkitekt_di.messages.hub import LEASE_PATH

HEARTBEAT_S = 30.0
"""A holder that does not answer a ping within half of this, in seconds, is gone, and its lease with it."""

MAX_MESSAGE_BYTES = 1024


class Leases:
    """Keeps a WebSocket open for each app; nothing is said on it."""

    def __init__(self) -> None:
        self._held: WeakSet[web.WebSocketResponse] = WeakSet()

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the one route."""
        return [web.get(LEASE_PATH, self._hold)]

    async def hang_up(self) -> None:
        """End every lease."""
        for lease in list(self._held):
            await lease.close(code=WSCloseCode.GOING_AWAY)

    async def _hold(self, request: web.Request) -> web.WebSocketResponse:
        lease = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MAX_MESSAGE_BYTES)
        await lease.prepare(request)
        self._held.add(lease)
        async for _message in lease:
            break  # holders have nothing to say
        await lease.close()
        return lease
