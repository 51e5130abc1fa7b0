"""Where a hub may be, before anything was asked."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from arkitekt_di.errors import InsecureTransportError, NotAHubError
from arkitekt_di.transport.origin import Origin

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True)
class HubLocation:
    """An address as it was given, and a key where the hub let us have one.

    Attributes
    ----------
    url : str
        With or without a scheme, such as ``localhost:8000``.
    mandate_key : pydantic.SecretStr or None
        Lets the app in without a person.
    is_hearsay : bool
        The address came from nobody that is trusted, such as a datagram on the local network.
    """

    url: str
    mandate_key: SecretStr | None = None
    is_hearsay: bool = False

    def candidates(self, permits: Callable[[str], bool]) -> tuple[str, ...]:
        """Return the URLs to try, in order, without a trailing slash.

        Without a scheme, this machine is asked over http first and any other over https only.

        Parameters
        ----------
        permits : callable
            Tells whether credentials may go to an http address.

        Raises
        ------
        NotAHubError
            The address is none.
        InsecureTransportError
            The address is plain http on another machine.
        """
        given = self.url.strip()
        has_scheme = _SCHEME.match(given) is not None
        given = given.rstrip("/")
        if has_scheme:
            tried: tuple[str, ...] = (given,)
        else:
            tried = (f"http://{given}", f"https://{given}") if _is_here(given) else (f"https://{given}",)
        for url in tried:
            _check(url, permits)
        return tried


def _is_here(address: str) -> bool:
    try:
        return Origin.of(f"http://{address}").is_loopback
    except ValueError:
        return False


def _check(url: str, permits: Callable[[str], bool]) -> None:
    try:
        parts = urlsplit(url)
        origin = Origin.of(url)
    except ValueError as error:
        raise NotAHubError(url.rpartition("@")[2], "this is not an http address") from error
    if "@" in parts.netloc or parts.query or parts.fragment:
        # What is in a URL ends up in logs, so nothing secret may be in one.
        raise NotAHubError(str(origin), "the address may not hold a user name, a password, a query or a fragment")
    if not permits(url):
        raise InsecureTransportError(url, "plain http to another machine can be read on the way")
