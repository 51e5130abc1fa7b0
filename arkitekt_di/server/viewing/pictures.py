"""Pictures of images, painted by a program of its own: the hub never decodes what somebody else encoded."""

import asyncio
import json
import logging
import os
import sys
from asyncio.subprocess import Process
from collections import OrderedDict
from contextlib import suppress
from typing import Any, Final

from arkitekt_di.errors import ImageDamagedError, ImageRefusedError, ObjectRefusedError
from arkitekt_di.messages.pixels import ATTRIBUTE, HEADER, MAX_HEADER_BYTES
from arkitekt_di.server.images.tables import Image, Store
from arkitekt_di.server.ngff.arrays import ServedArray
from arkitekt_di.server.objects.promise import Objects
from arkitekt_di.server.viewing.painting import Order
from arkitekt_di.server.viewing.plane import Plane, plane_of

log = logging.getLogger(__name__)

MAX_ENCODED_BYTES: Final = 128 * 2**20
"""Objects that one picture is painted from, in bytes; planes lie in shards of 16 MiB."""

PAINT_S: Final = 60.0
"""Longest wait for a picture, in seconds, on a machine that is busy."""

MAX_WAITING: Final = 16
"""Pictures that wait to be painted, one after the other."""

KEPT: Final = 64
"""Pictures that are kept in memory, the last ones that were asked for; up to about 1 MiB each."""

_COMPLAINT_BYTES: Final = 4096
"""The end of what the program says on its standard error, which is logged: a traceback's last lines tell the most."""

_INHERITED: Final = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONPATH", "SYSTEMROOT", "TMPDIR")
"""Variables of the environment that painting needs; the hub's others may hold secrets."""


class Pictures:
    """Paints images.

    Parameters
    ----------
    objects : Objects
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0

    async def picture_of(self, image: Image) -> bytes:
        """Return a PNG.

        Raises
        ------
        ImageRefusedError
            The image has no plane, or one that is too large; or too many pictures wait already.
        ImageDamagedError
            Pixels are missing, or cannot be decoded.
        """
        plane = plane_of(image)
        # Of an image that grows, the header says how far it is.
        version = f"{image.id}:{image.updated_at}:{json.dumps(plane.header.shape)}"
        if (known := self._known(version)) is not None:
            return known
        if self._waiting >= MAX_WAITING:
            raise ImageRefusedError("too many pictures are being painted", "Reload the page in a minute")
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                known = self._known(version)  # whoever waited may have waited for this very picture
                return self._keep(version, await self._paint(image, plane)) if known is None else known
        finally:
            self._waiting -= 1

    def _known(self, version: str) -> bytes | None:
        if version in self._kept:
            self._kept.move_to_end(version)
        return self._kept.get(version)

    def _keep(self, version: str, picture: bytes) -> bytes:
        self._kept[version] = picture
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return picture

    async def metadata_of(self, image: Image, store: Store) -> dict[str, Any]:
        """Return ``zarr.json`` of one level; raises `ImageDamagedError`."""
        content = await self._objects.read(store.bucket, f"{store.place}/{HEADER}", max_bytes=MAX_HEADER_BYTES)
        if content is None:
            raise ImageDamagedError(image.id, HEADER, "it is missing")
        try:
            metadata: dict[str, Any] = await asyncio.to_thread(json.loads, content)
        except ValueError as error:
            raise ImageDamagedError(image.id, HEADER, "it cannot be read") from error
        return metadata

    async def _paint(self, image: Image, plane: Plane) -> bytes:
        metadata = await self.metadata_of(image, plane.store)
        is_complete = ATTRIBUTE in (metadata.get("attributes") or {})
        metadata |= {"shape": list(plane.header.shape), "attributes": {}}
        metadata.pop("consolidated_metadata", None)
        bodies = {HEADER: json.dumps(metadata).encode()}
        stored = ServedArray(metadata, tuple(range(len(plane.place))), ())
        for block in plane.blocks():
            key = stored.stored_key("/".join(["c", *map(str, block)])) or ""
            body = await self._read(plane.store, key, MAX_ENCODED_BYTES - sum(map(len, bodies.values())))
            if body is not None:
                bodies[key] = body
            elif is_complete:  # another program's array may leave out a chunk of nothing but the fill value
                raise ImageDamagedError(image.id, key, "it is missing")
        order = Order(
            place=plane.place,
            channel_axis=plane.channel_axis,
            colors=plane.colors,
            contrast=plane.contrast,
            objects=tuple((key, len(body)) for key, body in bodies.items()),
        )
        return await _painted(image, b"\n".join([order.model_dump_json().encode(), b"".join(bodies.values())]))

    async def _read(self, store: Store, key: str, most: int) -> bytes | None:
        try:
            return await self._objects.read(store.bucket, f"{store.place}/{key}", max_bytes=max(0, most))
        except ObjectRefusedError as error:
            raise ImageRefusedError(
                "its objects are too large to be painted here", "Open it in another tool"
            ) from error


async def _painted(image: Image, order: bytes) -> bytes:
    """Let the program paint, and end it where it takes too long; the log tells what it complains of."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "arkitekt_di.server.viewing.painting",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in _INHERITED if name in os.environ},
    )
    complaint = asyncio.create_task(_last_of(process.stderr))
    try:
        async with asyncio.timeout(PAINT_S):
            painted = await _conversed(process, order)
    except TimeoutError as error:
        raise ImageRefusedError("it takes too long to paint it", "Open it in another tool") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        said = await complaint
    if process.returncode != 0:
        log.warning("image %s could not be painted (exit status %s): %s", image.id, process.returncode, said)
        raise ImageDamagedError(image.id, HEADER, "its pixels cannot be decoded")
    return painted


async def _conversed(process: Process, order: bytes) -> bytes:
    """Give the program its order, and return what it painted."""
    if process.stdin is None or process.stdout is None:
        raise AssertionError  # both are pipes
    with suppress(ConnectionError):  # it ended before it had read all: its exit status tells
        process.stdin.write(order)
        await process.stdin.drain()
        process.stdin.close()
    painted = await process.stdout.read()
    await process.wait()
    return painted


async def _last_of(stream: asyncio.StreamReader | None) -> str:
    """Return the end of what a program says, of which there may be any amount; one line, with nothing but text."""
    kept = b""
    while stream is not None and (said := await stream.read(_COMPLAINT_BYTES)):
        kept = (kept + said)[-_COMPLAINT_BYTES:]
    text = " | ".join(line.strip() for line in kept.decode(errors="replace").splitlines() if line.strip())
    return "".join(character if character.isprintable() else "?" for character in text)
