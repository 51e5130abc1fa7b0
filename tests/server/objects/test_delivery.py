"""Large answers, and peers that stall or leave."""

import asyncio
import hashlib
import logging
import socket
import threading
from pathlib import Path

import obstore
import pytest
import uvloop

from arkitekt_di.server.objects import ObjectFolder, delivery, payload
from tests.server.objects.live import LiveEndpoint, exchange, obstore_client, signed_headers

LARGE = hashlib.shake_128(b"large").digest(20 * 2**20)


def opened(live: LiveEndpoint, method: str, headers: dict[str, str]) -> socket.socket:
    """Send the head of a request, and return the connection."""
    signed = signed_headers(live, live.credentials(), method, "/zarr/a/b/x")
    lines = [f"{method} /zarr/a/b/x HTTP/1.1", f"Host: 127.0.0.1:{live.port}"]
    lines += [f"{name}: {value}" for name, value in (signed | headers).items()]
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", live.port))
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_large_object_arrives_whole(tmp_path: Path, new_loop: type) -> None:
    """By sendfile on asyncio, by reads and writes on uvloop, which has no sendfile."""
    with LiveEndpoint(ObjectFolder(tmp_path), new_loop=new_loop) as live:
        store = obstore_client(live, live.credentials())
        obstore.put(store, "x", LARGE)

        assert obstore.get(store, "x").bytes() == LARGE
        assert obstore.get_range(store, "x", start=7, end=19 * 2**20) == LARGE[7 : 19 * 2**20]
        assert obstore.get(store, "x").bytes() == LARGE


@pytest.mark.parametrize("content", [b"<script>alert(1)</script>", b"<html>" + LARGE], ids=["small", "large"])
def test_a_browser_saves_what_is_stored_and_never_shows_it(on_disk: LiveEndpoint, content: bytes) -> None:
    """Stored files come from the origin of the pages, where a script could do what its reader may."""
    obstore.put(obstore_client(on_disk, on_disk.credentials()), "x", content)

    for range_header in ({}, {"Range": "bytes=0-20"}):
        with opened(on_disk, "GET", range_header) as connection, connection.makefile("rb") as answer:
            lines = [line.decode().strip().lower() for line in iter(answer.readline, b"\r\n")]

        assert "content-type: application/octet-stream" in lines
        assert "content-disposition: attachment" in lines
        assert "x-content-type-options: nosniff" in lines


def test_a_reader_that_leaves_is_no_error(on_disk: LiveEndpoint, caplog: pytest.LogCaptureFixture) -> None:
    """Others are served on, and the log stays quiet."""
    store = obstore_client(on_disk, on_disk.credentials())
    obstore.put(store, "x", LARGE)

    for _ in range(5):
        with opened(on_disk, "GET", {}) as connection:
            assert connection.recv(15) == b"HTTP/1.1 200 OK"

    assert obstore.get(store, "x").bytes() == LARGE
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def test_a_reader_that_stalls_is_dropped(on_disk: LiveEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file stays open no longer than somebody takes its bytes; what is missing shows as a broken answer."""
    monkeypatch.setattr(delivery, "STALL_S", 0.2)
    obstore.put(obstore_client(on_disk, on_disk.credentials()), "x", LARGE)

    dropped = threading.Event()

    def note(_record: logging.LogRecord) -> bool:
        dropped.set()
        return True

    monkeypatch.setattr(delivery.logger, "filters", [note])
    monkeypatch.setattr(delivery.logger, "level", logging.INFO)

    with opened(on_disk, "GET", {}) as connection:
        assert dropped.wait(15)
        received = b"".join(iter(lambda: connection.recv(2**20), b""))

    assert 0 < len(received) < len(LARGE)


def test_a_writer_that_stalls_is_refused(on_disk: LiveEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft is kept no longer than bytes come in."""
    monkeypatch.setattr(payload, "STALL_S", 0.1)

    with opened(on_disk, "PUT", {"Content-Length": "10"}) as connection:
        connection.sendall(b"12345")
        answer = connection.recv(2**16)

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"RequestTimeout" in answer


def test_a_compressed_neighbour_is_not_mistaken_for_the_object(on_disk: LiveEndpoint) -> None:
    """The file answers of aiohttp would send x.gz to who accepts gzip."""
    store = obstore_client(on_disk, on_disk.credentials())
    obstore.put(store, "x", b"right")
    obstore.put(store, "x.gz", b"wrong")
    signed = signed_headers(
        on_disk, on_disk.credentials(), "GET", "/zarr/a/b/x", headers={"Accept-Encoding": "gzip, br"}
    )

    assert exchange(on_disk, "GET", "/zarr/a/b/x", signed).body == b"right"
