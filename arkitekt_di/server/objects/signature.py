"""AWS Signature Version 4 as S3 uses it, from the side of the server.

The rules, step by step: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
and https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html.
"""

import hashlib
import hmac
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
SERVICE = "s3"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

_SPACES = re.compile(rb" +")


@dataclass(frozen=True)
class Scope:
    """For which day, region and service a key is derived."""

    date: str
    region: str
    service: str = SERVICE

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


@dataclass(frozen=True)
class SignedParts:
    """What of a request is signed.

    Attributes
    ----------
    method : str
    path : bytes
        Percent-decoded, once.
    query : sequence of (bytes, bytes)
        Percent-decoded, without the signature itself.
    headers : sequence of (bytes, bytes)
        As received.
    signed_headers : tuple of str
        Lower case.
    payload : str
        SHA-256 of the body in hexadecimal, or a word in its place.
    """

    method: str
    path: bytes
    query: Sequence[tuple[bytes, bytes]]
    headers: Sequence[tuple[bytes, bytes]]
    signed_headers: tuple[str, ...]
    payload: str

    def canonical(self) -> bytes:
        """Return the canonical request."""
        values = header_values(self.headers)
        lines = [
            self.method.encode("utf-8", "surrogateescape"),
            _quoted(self.path, safe="/~"),
            # Sorted by name, then by value: an encoded name may begin with another one.
            b"&".join(
                b"=".join(pair) for pair in sorted((_quoted(name), _quoted(value)) for name, value in self.query)
            ),
            *(f"{name}:".encode() + values.get(name, b"") for name in self.signed_headers),
            b"",
            ";".join(self.signed_headers).encode(),
            self.payload.encode(),
        ]
        return b"\n".join(lines)


def signature(parts: SignedParts, *, secret_key: str, timestamp: str, scope: Scope) -> str:
    """Return the signature in hexadecimal."""
    digest = hashlib.sha256(parts.canonical()).hexdigest()
    text = "\n".join((ALGORITHM, timestamp, str(scope), digest))
    key = f"AWS4{secret_key}".encode()
    for step in (scope.date, scope.region, scope.service, TERMINATOR):
        key = hmac.digest(key, step.encode(), hashlib.sha256)
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


def header_values(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[str, bytes]:
    """Return each header's values as they are signed: trimmed, spaces collapsed, joined by commas."""
    collected: defaultdict[str, list[bytes]] = defaultdict(list)
    for name, value in headers:
        collected[name.decode("latin-1").lower()].append(_SPACES.sub(b" ", value.strip()))
    return {name: b",".join(values) for name, values in collected.items()}


def query_pairs(raw_query: str) -> list[tuple[bytes, bytes]]:
    """Return the names and values of a query, percent-decoded once; a plus sign is a plus sign."""
    pairs = []
    for item in raw_query.split("&"):
        name, _, value = item.partition("=")
        if item:
            pairs.append((_decoded(name), _decoded(value)))
    return pairs


def _decoded(text: str) -> bytes:
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape"))


def _quoted(content: bytes, safe: str = "~") -> bytes:
    return quote(content, safe=safe).encode()
