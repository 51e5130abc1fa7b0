"""Where a browser may be sent with an authorization code (RFC 6749, section 3.1.2; RFC 9700, section 2.1)."""

import re
from collections.abc import Iterable
from urllib.parse import urlencode, urlsplit

from arkitekt_di.server.address import LOOPBACK_HOSTS, host_name

MAX_LENGTH = 1000
"""Characters of one redirect URI."""

LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([1-9][0-9]{0,4}))?(/[!-~]*)?")
"""Scheme and host, port, and the rest of an address on this computer (RFC 8252, section 7.3)."""

PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+")
"""A scheme made of a reversed domain name (RFC 8252, section 7.1)."""

SPELLING = re.compile(r"[!-~]+")
MAX_PORT = 65_535


def is_loopback(uri: str) -> bool:
    """Tell whether *uri* is an address on the person's own computer, by number: a name can be pointed elsewhere."""
    found = LOOPBACK.fullmatch(uri)
    return found is not None and int(found[2] or 80) <= MAX_PORT and is_registrable(uri)


def is_registrable(uri: str) -> bool:
    """Tell whether *uri* can be a redirect URI: https, http on this computer, or a private scheme; no fragment."""
    if len(uri) > MAX_LENGTH or SPELLING.fullmatch(uri) is None or "#" in uri or "\\" in uri:
        return False
    try:
        parts = urlsplit(uri)
        _ = parts.port  # raises where it is no port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"}:
        return PRIVATE_SCHEME.fullmatch(parts.scheme) is not None and uri.startswith(f"{parts.scheme}:/")
    name = host_name(parts.netloc)  # neither a user in it, nor anything that a policy or a page would stumble over
    return name is not None and (parts.scheme == "https" or name in LOOPBACK_HOSTS)


def is_registered(uri: str, registered: Iterable[str]) -> bool:
    """Tell whether *uri* is one of those *registered*: the same string, save for the port of a loopback address."""
    return any(uri == one or _is_same_but_for_port(uri, one) for one in registered)


def with_parameters(uri: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return *uri* with *parameters* behind the query that it may have."""
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(list(parameters))}"


def place_of(uri: str) -> str:
    """Return where *uri* leads, in the words of a person."""
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"}:
        return f"an app on this device ({parts.scheme})"
    if parts.scheme == "http":  # registered for this computer only
        return f"a program on this computer ({parts.netloc})"
    return parts.netloc


def form_target(uri: str) -> str:
    """Return the source expression (Content Security Policy 3, section 2.3.1) that lets a form end at *uri*."""
    parts = urlsplit(uri)
    if parts.scheme in {"http", "https"} and "[" not in parts.netloc:  # the grammar has no IPv6 addresses
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:"


def _is_same_but_for_port(uri: str, registered: str) -> bool:
    asked, known = LOOPBACK.fullmatch(uri), LOOPBACK.fullmatch(registered)
    if asked is None or known is None or int(asked[2] or 80) > MAX_PORT:
        return False
    return (asked[1], asked[3]) == (known[1], known[3])
