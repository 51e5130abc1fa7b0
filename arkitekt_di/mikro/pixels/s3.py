"""Pixels in any object store that speaks S3, the hub's own included."""

import asyncio
import logging
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Never

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from arkitekt_di import errors
from arkitekt_di.messages.images import DRAFT, StoreGrant, UploadGrant
from arkitekt_di.mikro.pixels.local_drafts import LocalDrafts
from arkitekt_di.mikro.pixels.s3_clients import S3Clients

log = logging.getLogger(__name__)

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_MESSAGE = re.compile(r"<Message>([^<]{1,200})</Message>")

_FULL: Final = frozenset({"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"})
_WORN: Final = frozenset(
    {"AccessDenied", "ExpiredToken", "ExpiredTokenException", "InvalidToken", "InvalidAccessKeyId"}
)


FILE_BYTES: Final = 2**16
"""Smaller objects are sent: they come with the request, and a file of its own costs as much."""


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
    file_bytes : int, default 65536
        Objects from this size on are written into the hub's folder where a grant names one of this machine.
    """

    def __init__(
        self,
        endpoint: Callable[[], Awaitable[str]],
        trusted: Callable[[str], str | None] = lambda _: None,
        *,
        file_bytes: int = FILE_BYTES,
    ) -> None:
        self._endpoint = endpoint
        self._trusted = trusted
        self._file_bytes = file_bytes
        self._clients: dict[tuple[str, str | None], S3Clients] = {}

    async def open_sink(self, grant: UploadGrant) -> "S3Prefix":
        """Return the place of an upload."""
        drafts = await asyncio.to_thread(LocalDrafts.found, grant.drafts) if grant.drafts is not None else None
        return await self._open(grant, drafts)

    async def open_source(self, grant: StoreGrant) -> "S3Prefix":
        """Return the place of a stored array."""
        return await self._open(grant)

    async def _open(self, grant: StoreGrant, drafts: LocalDrafts | None = None) -> "S3Prefix":
        endpoint = await self._endpoint()
        certificate = self._trusted(endpoint)
        clients = self._clients.get((endpoint, certificate))
        if clients is None:
            clients = self._clients[endpoint, certificate] = S3Clients(endpoint, certificate)
        return S3Prefix(clients, grant, drafts, file_bytes=self._file_bytes)


class S3Prefix:
    """The objects that one grant covers.

    Parameters
    ----------
    clients : S3Clients
        Of the object store.
    grant : StoreGrant
    drafts : LocalDrafts, optional
        Where large objects are written instead of being sent.
    file_bytes : int, default 65536
        From this size on.
    """

    def __init__(
        self,
        clients: S3Clients,
        grant: StoreGrant,
        drafts: LocalDrafts | None = None,
        *,
        file_bytes: int = FILE_BYTES,
    ) -> None:
        self.address = f"{clients.endpoint}/{grant.bucket}/{grant.key}"
        self._clients = clients
        self._grant = grant
        self._drafts = drafts
        self._file_bytes = file_bytes

    async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
        """Store one whole object with one request, so that it is there as a whole or not at all."""
        _RUNTIME.enter()
        if len(body) >= self._file_bytes and await self._hand_over(key, body):
            return
        try:
            with self._clients.lease(self._grant) as store:
                await obstore.put_async(store, self._whole(key), body, use_multipart=False)
        except (BaseError, OSError) as error:
            self._raise(error)

    async def _hand_over(self, key: str, body: bytes | bytearray | memoryview) -> bool:
        """Write *body* where the hub only has to move it; once this did not do, objects are sent."""
        drafts = self._drafts
        if drafts is None:
            return False
        name = None
        try:
            name = await asyncio.to_thread(drafts.write, body)
            with self._clients.lease(self._grant) as store:
                await obstore.put_async(store, self._whole(key), b"", attributes={DRAFT: name}, use_multipart=False)
        except (BaseError, OSError) as error:
            log.info("objects are sent to %s instead of being written there: %s", self.address, type(error).__name__)
            self._drafts = None
            if name is not None:
                await asyncio.to_thread(drafts.remove, name)
            return False
        return True

    def read(self, key: str) -> bytes:
        """Return one whole object."""
        _RUNTIME.enter()
        try:
            with self._clients.lease(self._grant) as store:
                return bytes(obstore.get(store, self._whole(key)).bytes())
        except (BaseError, OSError) as error:
            self._raise(error)

    def read_ranges(self, key: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return parts of one object; parts that lie close together travel in one request."""
        _RUNTIME.enter()
        try:
            starts, ends = [start for start, _ in ranges], [stop for _, stop in ranges]
            with self._clients.lease(self._grant) as store:
                found = obstore.get_ranges(store, self._whole(key), starts=starts, ends=ends)
            return [bytes(part) for part in found]
        except (BaseError, OSError) as error:
            self._raise(error)

    def size(self, key: str) -> int:
        """Return the size of one object, in bytes."""
        _RUNTIME.enter()
        try:
            with self._clients.lease(self._grant) as store:
                return obstore.head(store, self._whole(key))["size"]
        except (BaseError, OSError) as error:
            self._raise(error)

    def _whole(self, key: str) -> str:
        return f"{self._grant.key}/{key}"

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
