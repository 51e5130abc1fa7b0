"""The body of a request, checked against what its signature says about it."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import aiohttp
from aiohttp import web

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects.promise import Digest
from arkitekt_di.server.objects.signature import UNSIGNED_PAYLOAD

STALL_S = 60.0
"""Longest wait for the next bytes of a body."""

UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
"""What boto3 sends over TLS: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html"""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK_HEAD = re.compile(rb"([0-9a-fA-F]{1,12})")
_MAX_LINE_BYTES = 1024
_MAX_TRAILER_LINES = 16


class Checksum(Digest, Protocol):
    """A digest that tells its value."""

    def digest(self) -> bytes:
        """Return the value."""
        ...


class Crc32:
    """CRC-32 with the face of a `hashlib` object."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        """Return the value, most significant byte first."""
        return self._value.to_bytes(4, "big")


_CHECKSUMS: dict[str, Callable[[], Checksum]] = {
    "content-md5": lambda: hashlib.md5(usedforsecurity=False),
    "x-amz-checksum-crc32": Crc32,
    "x-amz-checksum-sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "x-amz-checksum-sha256": hashlib.sha256,
}
"""Checksums that the standard library has; CRC-32C and CRC-64/NVME are passed over."""


class Payload:
    """The body of one request.

    Parameters
    ----------
    request : aiohttp.web.BaseRequest
    declared : str
        What the signature covers in place of the body: its SHA-256, or a word.
    max_bytes : int
        A longer body is refused (``EntityTooLarge``).
    """

    def __init__(self, request: web.BaseRequest, declared: str, *, max_bytes: int) -> None:
        self._content = request.content
        self._declared = declared
        self._max_bytes = max_bytes
        self._is_chunked = declared == UNSIGNED_CHUNKS
        self._sha256 = hashlib.sha256()
        self._checksums = {name: make() for name, make in _CHECKSUMS.items() if name in _announced(request)}
        self._expected = {name: request.headers[name] for name in self._checksums if name in request.headers}
        if not self._is_chunked and declared != UNSIGNED_PAYLOAD and not _SHA256.fullmatch(declared):
            raise ObjectRefusedError(
                "InvalidRequest", f"x-amz-content-sha256 is a SHA-256, {UNSIGNED_PAYLOAD} or {UNSIGNED_CHUNKS}"
            )
        if request.headers.get("Content-Encoding", "identity").strip(", ") not in {"identity", "aws-chunked"}:
            # aiohttp would unpack it, and the answer to a later GET could not say how it was packed.
            raise ObjectRefusedError("InvalidRequest", "bodies with a Content-Encoding are not kept. Send plain bytes")
        if request.content_length is not None and request.content_length > max_bytes and not self._is_chunked:
            raise self._too_large()

    @property
    def digests(self) -> tuple[Digest, ...]:
        """Must be fed with every byte before `verify`."""
        signed = (self._sha256,) if _SHA256.fullmatch(self._declared) else ()
        return (*signed, *self._checksums.values())

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give the bytes as they arrive."""
        size = 0
        async for chunk in self._unwrapped() if self._is_chunked else self._pieces(None):
            size += len(chunk)
            if size > self._max_bytes:
                raise self._too_large()
            yield chunk

    async def read(self) -> bytes:
        """Return the whole body, checked; for short ones."""
        pieces = [piece async for piece in self.chunks()]
        body = b"".join(pieces)
        for digest in self.digests:
            digest.update(body)
        self.verify()
        return body

    def verify(self) -> None:
        """Raise `ObjectRefusedError` where the bytes are not those that were signed or summed up."""
        if _SHA256.fullmatch(self._declared) and not hmac.compare_digest(self._sha256.hexdigest(), self._declared):
            raise ObjectRefusedError(
                "XAmzContentSHA256Mismatch", "the body is not the one that was signed. Send it again"
            )
        for name, expected in self._expected.items():
            if self._checksums[name].digest() != _from_base64(expected):
                raise ObjectRefusedError("BadDigest", f"the body does not have the {name} that was sent. Send it again")

    def _too_large(self) -> ObjectRefusedError:
        return ObjectRefusedError("EntityTooLarge", f"at most {self._max_bytes} bytes are taken at once")

    async def _pieces(self, size: int | None) -> AsyncIterator[bytes]:
        """Give *size* bytes, or all that is left, in the pieces in which they come."""
        left = size
        while left is None or left > 0:
            async with _unstalled():
                piece = await (self._content.readany() if left is None else self._content.read(left))
            if not piece:
                break
            left = None if left is None else left - len(piece)
            yield piece
        if left:
            raise ObjectRefusedError("IncompleteBody", "the body ended before its time. Send it again")

    async def _unwrapped(self) -> AsyncIterator[bytes]:
        while True:
            head = _CHUNK_HEAD.match(await self._line())
            if head is None:
                raise ObjectRefusedError("InvalidRequest", "a chunk does not begin with its size")
            size = int(head.group(), 16)
            if size == 0:
                break
            async for piece in self._pieces(size):
                yield piece
            await self._line()
        for _ in range(_MAX_TRAILER_LINES):
            name, _, value = (await self._line()).decode("latin-1").partition(":")
            if not name:
                return
            if name.strip().lower() in self._checksums:
                self._expected[name.strip().lower()] = value.strip()
        raise ObjectRefusedError("InvalidRequest", "too many trailing headers")

    async def _line(self) -> bytes:
        async with _unstalled():
            try:
                line = await self._content.readline()
            except ValueError as error:
                raise ObjectRefusedError("InvalidRequest", "a chunk begins with too long a line") from error
        if len(line) > _MAX_LINE_BYTES:
            raise ObjectRefusedError("InvalidRequest", "a chunk begins with too long a line")
        return line.strip()


@asynccontextmanager
async def _unstalled() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(STALL_S):
            yield
    except TimeoutError as error:
        raise ObjectRefusedError("RequestTimeout", f"nothing came for {STALL_S:.0f} seconds. Send it again") from error
    except (aiohttp.ClientError, ConnectionError) as error:
        raise ObjectRefusedError("IncompleteBody", "the connection was lost in the middle of the body") from error


def _announced(request: web.BaseRequest) -> frozenset[str]:
    trailers = request.headers.get("x-amz-trailer", "").split(",")
    return frozenset(name.lower() for name in request.headers) | frozenset(name.strip().lower() for name in trailers)


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
