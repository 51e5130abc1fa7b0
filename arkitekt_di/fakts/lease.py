"""Keeps a hub on this machine awake while the app is open."""

import asyncio
import logging
from typing import Protocol

from aiohttp import ClientWebSocketResponse

from arkitekt_di.errors import ConnectionLostError
from arkitekt_di.messages.hub import LEASE_PATH
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.origin import Origin

log = logging.getLogger(__name__)


class HubInUse(Protocol):
    """Whoever knows which hub is in use."""

    @property
    def url(self) -> str:
        """Address of the hub."""
        ...


class HubLease:
    """Holds a lease of the hub in use, where that is on this machine and gives leases.

    A local hub ends when nobody needs it, and an app that is open but asks nothing for an hour, as in a notebook, does.

    Parameters
    ----------
    fakts : HubInUse
        Started before; knows the hub.
    http : HttpClient
    """

    def __init__(self, fakts: HubInUse, http: HttpClient) -> None:
        self._fakts = fakts
        self._http = http
        self._holding: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take the lease; a hub that gives none goes on as it likes."""
        url = self._fakts.url
        if not Origin.of(url).is_loopback:
            return
        try:
            lease = await self._http.connect(url + LEASE_PATH)
        except ConnectionLostError as error:
            log.debug("%s gives no lease: %s", url, error.reason)
            return
        self._holding = asyncio.create_task(_hold(lease), name="hub lease")

    async def stop(self) -> None:
        """Give the lease back."""
        holding, self._holding = self._holding, None
        if holding is not None:
            holding.cancel()
            await asyncio.wait([holding])


async def _hold(lease: ClientWebSocketResponse) -> None:
    try:
        await lease.receive()  # answers the hub's pings until the hub, or the app, ends it
    finally:
        await lease.close()
