"""The address at which the hub is reached, known once it listens."""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from aiohttp import web

from arkitekt_di.settings.models import ListenSettings

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
"""What proxies add: RFC 7239, and what came before it."""

WILDCARD_HOSTS = frozenset({"0.0.0.0", "::"})  # noqa: S104  # recognised, not bound

# RFC 3986, section 3.2.2, without the percent signs and sub-delimiters that no host of ours has.
HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


class Address:
    """Where clients reach the hub.

    Parameters
    ----------
    settings : ListenSettings
    """

    def __init__(self, settings: ListenSettings) -> None:
        self._settings = settings
        self._port: int | None = settings.port or None
        self._machine = machine = socket.gethostname().lower()
        names = (settings.host, machine, f"{machine}.local", *settings.hosts)
        self._own_names = frozenset(name.lower().rstrip(".") for name in names)

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine reach the hub; a public address elsewhere makes this false."""
        return self.reachable_at in LOOPBACK_HOSTS

    @property
    def reachable_at(self) -> str:
        """The host that decides who reaches the hub: the public one where it differs from this machine's own."""
        public = urlsplit(self._settings.public_url or "").hostname
        return self._settings.host if public is None or public in LOOPBACK_HOSTS else public

    @property
    def url(self) -> str:
        """Address for clients, such as ``http://127.0.0.1:41234``, without a trailing slash."""
        if self._settings.public_url is not None:
            return self._settings.public_url.rstrip("/")
        if self._port is None:
            message = "the hub does not listen yet"
            raise RuntimeError(message)
        return self._at("127.0.0.1" if self._settings.host in WILDCARD_HOSTS else self._settings.host)

    @property
    def url_from_elsewhere(self) -> str | None:
        """Address for other machines, where the hub listens on every interface and nobody said what it is called.

        It is made of this machine's name, and is not the issuer's: programs that compare the two need a public address.
        """
        is_nameless = self._settings.public_url is None and self._settings.host in WILDCARD_HOSTS
        return self._at(self._machine) if is_nameless else None

    def _at(self, host: str) -> str:
        scheme = "https" if self._settings.speaks_tls else "http"
        return f"{scheme}://[{host}]:{self._port}" if ":" in host else f"{scheme}://{host}:{self._port}"

    @property
    def issuer(self) -> str:
        """Issuer of tokens (RFC 8414, section 2); has a path, as some OpenID Connect clients insist."""
        return f"{self.url}/o"

    def bind(self, port: int) -> None:
        """Take note of the port that the hub got."""
        self._port = port

    def url_for(self, request: web.BaseRequest) -> str:
        """Address under which the sender of *request* reaches the hub.

        Differs from `url` only where the hub listens on every interface and has no public address.
        """
        if (
            self._settings.public_url is None
            and self._settings.host in WILDCARD_HOSTS
            and self.allows_host(request.host)
        ):
            return f"{request.scheme}://{request.host}"
        return self.url

    def allows_host(self, host: str) -> bool:
        """Tell whether a request may name *host* in its ``Host`` header.

        A web page must not reach the hub through a name that it points at it (DNS rebinding): names are known ones,
        and a number cannot be pointed anywhere.  On loopback only loopback's own names and numbers count.
        """
        name = host_name(host)
        if name is None:
            return False
        if name in LOOPBACK_HOSTS or name == urlsplit(self._settings.public_url or "").hostname:
            return True
        if self._settings.host in LOOPBACK_HOSTS:
            return False
        return _is_number(name) or name in self._own_names

    def hsts(self, host: str) -> str | None:
        """Return what ``Strict-Transport-Security`` says to a browser that came by *host*; None for nothing.

        Only hubs that are always https say it, and never about loopback, which browsers would then hold every other
        port of the machine to (RFC 6797, section 8.2).
        """
        age_s = self._settings.hsts_s
        if not age_s or not self.url.startswith("https://") or host_name(host) in LOOPBACK_HOSTS:
            return None
        return f"max-age={age_s}"


def is_local(request: web.BaseRequest | None) -> bool:
    """Tell whether a request comes from this machine, to a name that no other machine has, and past no proxy.

    A proxy on this machine that hides all of this cannot be told from a program.
    """
    if request is None or request.remote is None or any(name in request.headers for name in PROXY_HEADERS):
        return False
    return _is_loopback(request.remote) and host_name(request.host) in LOOPBACK_HOSTS


def _is_loopback(host: str) -> bool:
    return _is_number(host) and ipaddress.ip_address(host).is_loopback


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def host_name(host: str) -> str | None:
    """Return the name in a ``Host`` header, without port and brackets; None where the header is not well formed."""
    if HOST.fullmatch(host) is None:
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises where it is no port
    except ValueError:
        return None
    return parts.hostname
