"""The address at which the hub is reached, known once it listens."""

import re
from urllib.parse import urlsplit

from aiohttp import web

from arkitekt_di.settings.models import ListenSettings

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
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
        host = "127.0.0.1" if self._settings.host in WILDCARD_HOSTS else self._settings.host
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def issuer(self) -> str:
        """Issuer of tokens (RFC 8414, section 2); has a path, as some OpenID Connect clients insist."""
        return f"{self.url}/o"

    def bind(self, port: int) -> None:
        """Take note of the port that the hub got."""
        self._port = port

    def url_for(self, request: web.BaseRequest) -> str:
        """Address under which the sender of *request* reaches the hub.

        Differs from :attr:`url` only where the hub listens on every interface and has no public address.
        """
        if (
            self._settings.public_url is None
            and self._settings.host in WILDCARD_HOSTS
            and host_name(request.host) is not None
        ):
            return f"{request.scheme}://{request.host}"
        return self.url

    def allows_host(self, host: str) -> bool:
        """Tell whether a request may name *host* in its ``Host`` header.

        A hub on loopback answers to loopback names only, so that a web page cannot reach it through a name that it
        points at this machine (DNS rebinding).
        """
        name = host_name(host)
        if name is None:
            return False
        if self._settings.host not in LOOPBACK_HOSTS:
            return True
        public = urlsplit(self._settings.public_url or "").hostname
        return name in LOOPBACK_HOSTS or (public is not None and name == public)


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
