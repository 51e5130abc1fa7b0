"""Listens for hubs that announce themselves on the local network; whatever is heard is only a candidate."""

import asyncio
import ipaddress
import socket
import sys
from collections import Counter
from dataclasses import dataclass

from arkitekt_di.errors import ArkitektError, ConnectionLostError
from arkitekt_di.fakts.first_contact import printable
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.messages.beacon import BEACON_PORT, Beacon
from arkitekt_di.transport.origin import Origin

APP_WAIT_S = 1.5
"""How long an app listens, in seconds: one announcement, and half another."""

MOST_CANDIDATES = 64
MOST_OF_ONE_SENDER = 4
"""Hubs that one machine may announce: more are dropped, so that none can crowd out the others."""

MOST_DATAGRAMS = 5000
"""After so many the ears are closed: a flood costs bounded time."""


@dataclass(frozen=True)
class Candidate:
    """A hub that somebody announced.

    Attributes
    ----------
    name, url : str
        What it calls itself, and where it is said to be.
    fingerprint : str or None
        Of the key that it is said to have.
    sender : str
        Machine that said so.
    """

    name: str
    url: str
    fingerprint: str | None
    sender: str


async def listen(*, wait_s: float, host: str = "", port: int | None = None) -> list[Candidate]:
    """Listen for *wait_s* seconds and return what was heard, by name and address.

    Parameters
    ----------
    wait_s : float
        In seconds.
    host : str, optional
        Address to listen at; every one of this machine by default.
    port : int, optional
        UDP port; by default `BEACON_PORT`.

    Raises
    ------
    ConnectionLostError
        The port cannot be listened on.
    """
    ears = _Ears()
    port = BEACON_PORT if port is None else port
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.create_datagram_endpoint(lambda: ears, sock=_socket(host, port))
    except OSError as error:
        reason = f"nothing can be heard there ({error.strerror})"
        raise ConnectionLostError(f"udp://{host or 'everyone'}:{port}", reason) from error
    try:
        async with asyncio.timeout(wait_s):
            await ears.had_enough.wait()
    except TimeoutError:
        pass
    finally:
        transport.close()
    return sorted(ears.heard.values(), key=lambda candidate: (candidate.name, candidate.url))


async def hear_nearby() -> list[Candidate]:
    """Listen as long as an app may take before it goes on without."""
    return await listen(wait_s=APP_WAIT_S)


class _Ears(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: dict[str, Candidate] = {}
        self.had_enough = asyncio.Event()
        self._of_sender: Counter[str] = Counter()
        self._datagrams = 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take note of a beacon; anything else is dropped without a word, since anybody can send it."""
        self._datagrams += 1
        if self._datagrams >= MOST_DATAGRAMS:
            self.had_enough.set()
        if self.had_enough.is_set():
            return
        sender = addr[0]
        candidate = _candidate(Beacon.read(data), sender)
        if candidate is None or candidate.url in self.heard or self._of_sender[sender] >= MOST_OF_ONE_SENDER:
            return
        self._of_sender[sender] += 1
        if len(self.heard) < MOST_CANDIDATES:
            self.heard[candidate.url] = candidate


def _candidate(beacon: Beacon | None, sender: str) -> Candidate | None:
    if beacon is None:
        return None
    url = beacon.url.rstrip("/")
    try:
        [url] = HubLocation(url).candidates(_is_nearby)
    except (ValueError, ArkitektError):
        return None
    if not url.isprintable() or url != beacon.url.rstrip("/"):
        return None  # without a scheme, it would mean one thing there and another here
    if Origin.of(url).is_loopback and not ipaddress.ip_address(sender).is_loopback:
        return None  # a machine elsewhere has nothing to say about the services of this one
    fingerprint = None if beacon.fingerprint is None else printable(beacon.fingerprint)
    return Candidate(printable(beacon.name), url, fingerprint, sender)


def _is_nearby(url: str) -> bool:
    """Tell whether *url* is https, or the number of a machine of a private network."""
    origin = Origin.of(url)
    if origin.is_private:
        return True
    try:
        address = ipaddress.ip_address(origin.host)
    except ValueError:
        return False
    return address.is_private or address.is_link_local


def _socket(host: str, port: int) -> socket.socket:
    ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        # Several programs may listen at once: every one of them hears a broadcast.
        ears.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "darwin":
            ears.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        ears.settimeout(0)
        ears.bind((host, port))
    except BaseException:
        ears.close()
        raise
    return ears
