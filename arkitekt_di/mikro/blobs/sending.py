"""Sends one large object: in one piece, or in parts that are sent at the same time and only once."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import BinaryIO, Final

import anyio

from arkitekt_di.errors import RecordRefusedError, TransferError, UploadPendingError
from arkitekt_di.messages.blobs import LIST, MAX_PARTS, PARTS, BlobUpload, Part, PartList, UploadState
from arkitekt_di.mikro.pixels.grants import RenewedSink
from arkitekt_di.protocols.blobs import BlobUploads
from arkitekt_di.protocols.mikro import PixelSource, PixelStore

PART_BYTES: Final = 16 * 2**20
"""Size of a part: four at a time stay below 100 MB, and a line that breaks costs one of them."""

PART_HASH_BYTES: Final = 16
"""BLAKE2b cut to 128 bit: parts of one upload are told apart, and damage is found by the SHA-256 of the whole."""

MAX_FINISHES: Final = 180
"""How often a hub is asked whether it has put the parts together; it waits 20 s each time, so one hour in all."""

DISCARD_TIMEOUT_S: Final = 5.0
"""Longest wait for the hub to hear that an upload is given up; it removes abandoned ones by itself later."""


@dataclass(frozen=True)
class Sent:
    """An upload that is finished; ``record_id`` names what was made of it by an earlier run with the same key."""

    store_id: str
    size: int
    sha256: str
    record_id: str | None = None


@dataclass
class Source:
    """What is sent, read once from its beginning to its end.

    Attributes
    ----------
    file : BinaryIO
    size : int or None
        Bytes; None where nobody knows before the end.
    on_sent : callable, optional
        Told how many bytes are stored, after each part.
    """

    file: BinaryIO
    size: int | None = None
    on_sent: Callable[[int], None] | None = None

    @property
    def part_bytes(self) -> int:
        """Size of a part; depends on the size alone, so that an upload that goes on has the same parts."""
        return max(PART_BYTES, -(-(self.size or 0) // MAX_PARTS))


class BlobSender:
    """Sends objects to the hub.

    Parameters
    ----------
    uploads : BlobUploads
    store : PixelStore
    transfers : int
        Parts that are sent at the same time.
    margin_s : float
        A grant that expires within this many seconds is renewed.
    """

    def __init__(self, uploads: BlobUploads, store: PixelStore, *, transfers: int, margin_s: float) -> None:
        self._uploads = uploads
        self._store = store
        self._transfers = transfers
        self._margin_s = margin_s

    async def send(
        self, source: Source, *, name: str | None = None, content_type: str | None = None, key: str | None = None
    ) -> Sent:
        """Send *source* and return the finished upload.

        With a *key*, an upload that broke off goes on where it was, and stays for another try where this one fails.

        Raises
        ------
        RecordRefusedError
            *key* was used for other bytes.
        TransferError, StorageFullError
            Nothing is visible.
        """
        upload = await self._uploads.request_upload(name=name, content_type=content_type, key=key)
        if upload.state is not UploadState.OPEN:
            return await self._compare(source, upload)
        try:
            shipment = _Shipment(self, upload, is_resumed=key is not None)
            size, sha256 = await shipment.send(source)
            await self._finish(upload.grant.store, sha256)
        except BaseException:
            if key is None:
                await self._discard(upload.grant.store)
            raise
        return Sent(upload.grant.store, size, sha256)

    async def _compare(self, source: Source, upload: BlobUpload) -> Sent:
        size, sha256 = await asyncio.to_thread(_digest, source.file)
        if upload.state is UploadState.FINISHED:
            await self._finish(upload.grant.store, sha256)
        return Sent(upload.grant.store, size, sha256, upload.record_id)

    async def _finish(self, store_id: str, sha256: str) -> None:
        for _ in range(MAX_FINISHES):
            try:
                await self._uploads.finish_upload(store_id, sha256=sha256)
            except UploadPendingError:
                continue  # the hub has waited before it answered
            return
        raise TransferError(store_id, "the hub did not put the parts together in an hour")

    async def _discard(self, store_id: str) -> None:
        """Tell the hub that the upload is given up, if it can still be reached; what failed before is what counts."""
        with anyio.move_on_after(DISCARD_TIMEOUT_S, shield=True):
            await asyncio.gather(self._uploads.discard_upload(store_id), return_exceptions=True)

    def sink(self, upload: BlobUpload) -> RenewedSink:
        """Return the place of an upload."""
        return RenewedSink(self._uploads, self._store, upload.grant, margin_s=self._margin_s)

    async def stored(self, upload: BlobUpload) -> PixelSource:
        """Return the place of an upload, to look at what is there."""
        return await self._store.open_source(upload.grant)

    @property
    def transfers(self) -> int:
        """Parts that are sent at the same time."""
        return self._transfers


class _Shipment:
    """One object on its way."""

    def __init__(self, sender: BlobSender, upload: BlobUpload, *, is_resumed: bool) -> None:
        self._sender = sender
        self._upload = upload
        self._is_resumed = is_resumed
        self._sink = sender.sink(upload)
        self._digest = hashlib.sha256()
        self._places = asyncio.Semaphore(sender.transfers)
        self._on_sent: Callable[[int], None] | None = None
        self._stored_bytes = 0

    async def send(self, source: Source) -> tuple[int, str]:
        """Send everything; return its size and its SHA-256."""
        self._on_sent = source.on_sent
        parts = self._read(source)
        first = await anext(parts, b"")
        second = await anext(parts, None)
        if second is None:
            self._check_size(len(first), source)
            await self._sink.put(self._upload.name, first)
            self._tell(len(first))
            return len(first), self._digest.hexdigest()
        listed: list[Part] = []
        stored = await self._sender.stored(self._upload) if self._is_resumed else None
        try:
            async with asyncio.TaskGroup() as tasks:
                for body in (first, second):
                    await self._ship(tasks, listed, body, stored)
                del first, second, body
                async for body in parts:
                    await self._ship(tasks, listed, body, stored)
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None  # the first that failed; the others were told to stop
        size = sum(part.size for part in listed)
        self._check_size(size, source)
        document = PartList(parts=tuple(listed)).model_dump(mode="json", by_alias=True)
        await self._sink.put(LIST, json.dumps(document, separators=(",", ":")).encode())
        return size, self._digest.hexdigest()

    async def _read(self, source: Source) -> AsyncIterator[bytes]:
        while body := await asyncio.to_thread(source.file.read, source.part_bytes):
            await asyncio.to_thread(self._digest.update, body)
            yield body

    async def _ship(
        self, tasks: asyncio.TaskGroup, listed: list[Part], body: bytes, stored: PixelSource | None
    ) -> None:
        digest = await asyncio.to_thread(hashlib.blake2b, body, digest_size=PART_HASH_BYTES)
        part = Part(name=f"{len(listed):06d}-{digest.hexdigest()}", size=len(body))
        listed.append(part)
        if len(listed) > MAX_PARTS:
            raise RecordRefusedError("what is sent has no end", "Give its size, or send less")
        await self._places.acquire()  # before the next one is read: memory is bounded by what is on its way
        tasks.create_task(self._put(part, body, stored))

    async def _put(self, part: Part, body: bytes, stored: PixelSource | None) -> None:
        try:
            key = f"{PARTS}/{part.name}"
            if stored is None or not await asyncio.to_thread(_is_there, stored, key, part.size):
                await self._sink.put(key, body)
            self._tell(len(body))
        finally:
            self._places.release()

    def _tell(self, size: int) -> None:
        self._stored_bytes += size
        if self._on_sent is not None:
            self._on_sent(self._stored_bytes)

    def _check_size(self, size: int, source: Source) -> None:
        if source.size is not None and size != source.size:
            raise RecordRefusedError(
                f"{source.size} bytes were announced and {size} read", "Upload it when nobody writes to it any more"
            )


def _is_there(stored: PixelSource, key: str, size: int) -> bool:
    try:
        return stored.size(key) == size
    except FileNotFoundError:
        return False


def _digest(file: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while piece := file.read(2**20):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()
