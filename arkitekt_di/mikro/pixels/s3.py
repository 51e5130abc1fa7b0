"""Pixels in any object store that speaks S3, the hub's own included."""

import os
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final, Never

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from arkitekt_di import errors
from arkitekt_di.messages.images import StoreGrant, UploadGrant
from arkitekt_di.transport.origin import Origin

_TIMEOUT: Final = timedelta(minutes=5)
"""For one object: a shard of 16 MiB passes a line of 0.5 Mbit/s."""

_CONNECT_TIMEOUT: Final = timedelta(seconds=5)
_RETRIES: Final = 2
"""Each object is tried three times at most; the upload itself is gone on with where that did not help."""

_RETRY_TIMEOUT: Final = timedelta(seconds=30)

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_MESSAGE = re.compile(r"<Message>([^<]{1,200})</Message>")

_FULL: Final = frozenset({"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"})
_WORN: Final = frozenset(
    {"AccessDenied", "ExpiredToken", "ExpiredTokenException", "InvalidToken", "InvalidAccessKeyId"}
)


class _Runtime:
    """Which process has the threads of obstore: they do not survive a fork, and waiting for them would never end."""

    def __init__(self) -> None:
        self._process: int | None = None

    def enter(self) -> None:
        """Take note of this process; raises `ForkedStoreError` where another one, its ancestor, has the threads."""
        process = os.getpid()
        if self._process is None:
            self._process = process
        elif self._process != process:
            raise errors.ForkedStoreError


_RUNTIME: Final = _Runtime()
"""One for the process, as obstore's threads are."""


class S3PixelStore:
    """Opens granted prefixes at an S3 endpoint.

    Parameters
    ----------
    endpoint : callable
        Finds the address of the object store; asked each time a place is opened.
    trusted : callable, optional
        Returns the certificate (PEM) to trust at an address; None for those that the system trusts.
    """

    def __init__(
        self, endpoint: Callable[[], Awaitable[str]], trusted: Callable[[str], str | None] = lambda _: None
    ) -> None:
        self._endpoint = endpoint
        self._trusted = trusted

    async def open_sink(self, grant: UploadGrant) -> "S3Prefix":
        """Return the place of an upload."""
        return await self._open(grant)

    async def open_source(self, grant: StoreGrant) -> "S3Prefix":
        """Return the place of a stored array."""
        return await self._open(grant)

    async def _open(self, grant: StoreGrant) -> "S3Prefix":
        endpoint = await self._endpoint()
        return S3Prefix(endpoint, grant, self._trusted(endpoint))


class S3Prefix:
    """The objects that one grant covers.

    Parameters
    ----------
    endpoint : str
        Address of the object store.
    grant : StoreGrant
    certificate : str, optional
        Trusted there (PEM) beside those that the system trusts.
    """

    def __init__(self, endpoint: str, grant: StoreGrant, certificate: str | None = None) -> None:
        self.address = f"{endpoint.rstrip('/')}/{grant.bucket}/{grant.key}"
        options: Any = {  # the type that obstore has for it cannot be imported
            "allow_http": True,
            "timeout": _TIMEOUT,
            "connect_timeout": _CONNECT_TIMEOUT,
            # A proxy named in the environment cannot reach a hub on this machine, and the app's HTTP client goes
            # straight to the hub, too; only a proxy of one's own keeps object_store from taking that one.
            "proxy_url": "http://proxy.invalid",
            "proxy_excludes": "*,0.0.0.0/0,::/0",  # every name, and every address
        }
        if certificate is not None:
            options["root_certificate"] = certificate
        self._store = S3Store(
            grant.bucket,
            prefix=grant.key,
            endpoint=endpoint.rstrip("/"),
            access_key_id=grant.access_key,
            secret_access_key=grant.secret_key.get_secret_value(),
            session_token=grant.session_token.get_secret_value(),
            region="us-east-1",
            virtual_hosted_style_request=False,
            # On this machine nobody on the way can change a byte, and every inner chunk carries a checksum: hashing
            # the payload twice more would only cost (3.4 times slower puts, see benchmarks/objects.py).
            unsigned_payload=Origin.of(endpoint).is_loopback,
            client_options=options,
            retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRY_TIMEOUT},
        )

    async def put(self, key: str, body: bytes | bytearray) -> None:
        """Store one whole object with one request, so that it is there as a whole or not at all."""
        _RUNTIME.enter()
        try:
            await obstore.put_async(self._store, key, body, use_multipart=False)
        except (BaseError, OSError) as error:
            self._raise(error)

    def read(self, key: str) -> bytes:
        """Return one whole object."""
        _RUNTIME.enter()
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except (BaseError, OSError) as error:
            self._raise(error)

    def read_ranges(self, key: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return parts of one object; parts that lie close together travel in one request."""
        _RUNTIME.enter()
        try:
            starts, ends = [start for start, _ in ranges], [stop for _, stop in ranges]
            return [bytes(part) for part in obstore.get_ranges(self._store, key, starts=starts, ends=ends)]
        except (BaseError, OSError) as error:
            self._raise(error)

    def size(self, key: str) -> int:
        """Return the size of one object, in bytes."""
        _RUNTIME.enter()
        try:
            return obstore.head(self._store, key)["size"]
        except (BaseError, OSError) as error:
            self._raise(error)

    def _raise(self, error: Exception) -> Never:
        # The text of a signature error can hold the session token, so the error is not chained.
        if isinstance(error, FileNotFoundError):
            raise FileNotFoundError(self.address) from None
        text = str(error).partition("\n\nDebug source")[0]
        status, code = _found(_STATUS, text), _found(_CODE, text)
        if status == "507" or code in _FULL:  # RFC 4918, section 11.5
            raise errors.StorageFullError(self.address) from None
        if isinstance(error, PermissionDeniedError | UnauthenticatedError) or code in _WORN:
            raise errors.PermissionDeniedError(f"use {self.address} ({code or status})") from None
        said = ": ".join(part for part in (code, _found(_MESSAGE, text)) if part)
        reason = said or (f"HTTP status {status}" if status else text.rpartition(" - ")[2][:200])
        raise errors.TransferError(self.address, reason) from None


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return None if match is None else match[1]
