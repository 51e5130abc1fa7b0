"""Announces the hub on the local network, where its operator wants that."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from pydantic import ValidationError

from arkitekt_di.errors import BeaconError
from arkitekt_di.messages.beacon import BEACON_PORT, MAX_BEACON_BYTES, Beacon
from arkitekt_di.server.address import LOOPBACK_HOSTS, WILDCARD_HOSTS
from arkitekt_di.server.hub_key import HubKey
from arkitekt_di.server.site import Site
from arkitekt_di.settings.models import ServerSettings

log = logging.getLogger(__name__)

INTERVAL_S = 1.0
"""Between two announcements: whoever listens for a few seconds hears some of them."""

EVERYONE = (("255.255.255.255", BEACON_PORT), ("127.255.255.255", BEACON_PORT))
"""The local network (RFC 919, section 7), and the programs of this machine."""


class HubBeacon:
    """Sends a beacon to everyone nearby, as long as the hub listens.

    Nothing in it is secret, and nobody may believe it: it says where to ask.

    Parameters
    ----------
    settings : ServerSettings
    site : Site
        Listens before the first beacon goes out.
    hub_key : HubKey
    targets : sequence of tuple of str and int, optional
        Addresses and ports to send to.
    """

    def __init__(
        self,
        settings: ServerSettings,
        site: Site,
        hub_key: HubKey,
        targets: Sequence[tuple[str, int]] = EVERYONE,
    ) -> None:
        self._settings = settings
        self._site = site
        self._hub_key = hub_key
        self._targets = targets
        self._stopping = asyncio.Event()
        self._sending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to announce; raises `BeaconError` where only this machine reaches the hub."""
        if not self._settings.listen.lan:
            return
        datagram = self._datagram()
        channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        channel.settimeout(0)
        self._stopping.clear()
        self._sending = asyncio.create_task(self._send(channel, datagram), name="hub beacon")

    async def stop(self) -> None:
        """Announce no more."""
        self._stopping.set()
        sending, self._sending = self._sending, None
        if sending is not None:
            await sending

    def _datagram(self) -> bytes:
        url = reachable_url(self._site.url, self._settings)
        fingerprint = self._hub_key.public.fingerprint
        name = "".join(filter(str.isprintable, self._settings.name))[:100] or "Arkitekt hub"
        try:
            datagram = Beacon(name=name, url=url, fingerprint=fingerprint).datagram()
        except ValidationError as error:
            raise BeaconError(url[:100], "its address is too long for a beacon") from error
        if len(datagram) > MAX_BEACON_BYTES:
            raise BeaconError(url, "name and address are too long for a beacon")
        log.info("announcing the hub as %s", url)
        return datagram

    async def _send(self, channel: socket.socket, datagram: bytes) -> None:
        with channel:
            while not self._stopping.is_set():
                for target in self._targets:
                    _send_once(channel, datagram, target)
                try:
                    async with asyncio.timeout(INTERVAL_S):
                        await self._stopping.wait()
                except TimeoutError:
                    continue


def reachable_url(url: str, settings: ServerSettings) -> str:
    """Return the address at which others on the local network reach the hub that listens at *url*.

    Raises
    ------
    BeaconError
        Only this machine reaches it.
    """
    if settings.listen.public_url is not None:
        return url
    host = settings.listen.host
    if host in LOOPBACK_HOSTS:
        raise BeaconError(url, "only this machine reaches it")
    if host not in WILDCARD_HOSTS:
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{_own_address()}:{parts.port}"


def _own_address() -> str:
    """Return the number of this machine on the network that leads outward; its name where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # chooses a route and sends nothing; the address is nobody's (RFC 5737)
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


def _send_once(channel: socket.socket, datagram: bytes, target: tuple[str, int]) -> None:
    try:
        channel.sendto(datagram, target)
    except OSError as error:
        # Cables are pulled and networks come back: the next beacon may go through.
        log.debug("no beacon to %s: %s", target[0], error)
