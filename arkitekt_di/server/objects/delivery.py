"""Answers to GET and HEAD."""

import asyncio
import logging
import os
import re
from collections.abc import Mapping
from email.utils import formatdate
from types import MappingProxyType

from aiohttp import web

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects.promise import ObjectEntry, OpenObject

logger = logging.getLogger(__name__)

AT_ONCE_BYTES = 256 * 1024
"""Up to here, as for most chunks of a shard, one read and one write are faster than ``sendfile``."""

PIECE_BYTES = 4 * 2**20
STALL_S = 120.0
"""A client that takes less than one piece in this time (35 kB/s) is dropped."""

NEVER_A_PAGE = {
    "Content-Type": "application/octet-stream",
    "Content-Disposition": "attachment",
    "X-Content-Type-Options": "nosniff",
}
"""Whatever somebody has stored, HTML and SVG too: a browser saves it and runs nothing, as the pages are next door."""

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


async def deliver(
    request: web.BaseRequest, found: OpenObject, *, headers: Mapping[str, str] = MappingProxyType({})
) -> web.StreamResponse:
    """Answer with the object, or with the range of it that was asked for; *headers* come beside those of the object."""
    entry = found.entry
    headers = {
        **headers,
        "ETag": f'"{entry.etag}"',
        "Last-Modified": formatdate(entry.modified_ns // 10**9, usegmt=True),
        "Accept-Ranges": "bytes",
        **NEVER_A_PAGE,
    }
    _refuse_unmet(request, entry)
    if _is_unchanged(request, entry):
        return web.Response(status=304, headers=headers)
    span = _span(request.headers, entry)
    start, stop = (0, entry.size) if span is None else span
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{entry.size}"
    status = 200 if span is None else 206
    if request.method == "HEAD":
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = stop - start
        return response
    if stop - start <= AT_ONCE_BYTES:
        return web.Response(status=status, headers=headers, body=await found.read(start, stop))
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = stop - start
    await response.prepare(request)
    await _send(request, response, found, start, stop)
    return response


async def _send(
    request: web.BaseRequest, response: web.StreamResponse, found: OpenObject, start: int, stop: int
) -> None:
    send = _write_piece if found.file is None else _send_piece
    for begin in range(start, stop, PIECE_BYTES):
        end = min(begin + PIECE_BYTES, stop)
        try:
            async with asyncio.timeout(STALL_S):
                await send(request, response, found, begin, end)
        except (TimeoutError, ConnectionError) as error:
            logger.info("gave up sending %s at %d of %d bytes: %r", found.entry.key, begin, stop, error)
            # Fewer bytes than announced: only a broken connection tells the client.
            if request.transport is not None:
                request.transport.abort()
            return


async def _send_piece(
    request: web.BaseRequest, response: web.StreamResponse, found: OpenObject, start: int, stop: int
) -> None:
    if found.file is None or request.transport is None:
        message = "connection lost"
        raise ConnectionResetError(message)
    if hasattr(os, "posix_fadvise"):
        # Asks the kernel to read ahead, so that sendfile rarely waits for the disk on the event loop.
        os.posix_fadvise(found.file.fileno(), start, 2 * PIECE_BYTES, os.POSIX_FADV_WILLNEED)
    loop = asyncio.get_running_loop()
    try:
        sent = await loop.sendfile(request.transport, found.file, start, stop - start)
    except (NotImplementedError, RuntimeError):  # uvloop; a transport that cannot
        await _write_piece(request, response, found, start, stop)
        return
    if sent != stop - start:
        message = "the file is shorter than it was"
        raise ConnectionAbortedError(message)


async def _write_piece(
    _request: web.BaseRequest, response: web.StreamResponse, found: OpenObject, start: int, stop: int
) -> None:
    piece = memoryview(await found.read(start, stop))  # one trip: to a store on another machine each takes its time
    for begin in range(0, stop - start, AT_ONCE_BYTES):
        await response.write(piece[begin : begin + AT_ONCE_BYTES])


def _refuse_unmet(request: web.BaseRequest, entry: ObjectEntry) -> None:
    """Test the conditions of RFC 9110, section 13.2.2, steps 1 and 2."""
    match = request.headers.get("If-Match")
    since = request.if_unmodified_since
    if match is not None:
        is_met = _names(match, entry)
    else:
        is_met = since is None or entry.modified_ns // 10**9 <= since.timestamp()
    if not is_met:
        raise ObjectRefusedError("PreconditionFailed", "the object is not, or not any more, as the request demands")


def _is_unchanged(request: web.BaseRequest, entry: ObjectEntry) -> bool:
    """Test the conditions of RFC 9110, section 13.2.2, steps 3 and 4."""
    none_match = request.headers.get("If-None-Match")
    if none_match is not None:
        return _names(none_match, entry)
    since = request.if_modified_since
    return since is not None and entry.modified_ns // 10**9 <= since.timestamp()


def _names(etags: str, entry: ObjectEntry) -> bool:
    return any(etag.strip().removeprefix("W/").strip('"') in {"*", entry.etag} for etag in etags.split(","))


def _span(headers: Mapping[str, str], entry: ObjectEntry) -> tuple[int, int] | None:
    """Return the one range that is asked for; anything else than one range is passed over, as RFC 9110 allows."""
    match = _RANGE.fullmatch(headers.get("Range", "").strip())
    if match is None or match[0] == "bytes=-" or not _names(headers.get("If-Range", "*"), entry):
        return None
    first, last = match.groups()
    if first:
        start, stop = int(first), min(int(last) + 1, entry.size) if last else entry.size
        if last and int(last) < int(first):
            return None
    else:
        start, stop = max(0, entry.size - int(last)), entry.size
    if start >= stop:
        raise ObjectRefusedError("InvalidRange", f"the object has {entry.size} bytes")
    return start, stop
