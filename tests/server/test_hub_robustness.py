"""Whatever is sent to whichever route of the hub, the hub answers and never fails; routes come from the router."""

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.whole_hub import WholeHub, whole_hub

METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "BREW")
TYPES = ("application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "%")
LATIN = st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=40)
PIECE = st.text(st.characters(codec="utf-8", exclude_characters="#?/"), min_size=1, max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
)
BODIES = st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode())
HEADERS = st.dictionaries(
    st.sampled_from(["Authorization", "Cookie", "Range", "If-None-Match", "Origin", "x-amz-date", "Content-Encoding"]),
    LATIN,
    max_size=3,
)


class Target:
    """One hub for all examples: hypothesis is not async."""

    def __init__(self, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self.context = whole_hub(folder / "data")
        self.hub: WholeHub = self.runner.run(self.context.__aenter__())
        self.runner.run(self.hub.add("ada", "Lab"))
        self.paths = sorted({str(route.resource.canonical) for route in self.hub.routes if route.resource} | {"/ht"})
        self.port = int(str(self.hub.http._base_url).rstrip("/").rpartition(":")[2])

    def status(self, method: str, path: str, **kwargs: Any) -> int:
        return self.runner.run(self._status(method, path, **kwargs))

    async def _status(self, method: str, path: str, **kwargs: Any) -> int:
        try:
            async with self.hub.http.request(method, path, allow_redirects=False, **kwargs) as answer:
                await answer.read()
                return answer.status
        except (
            aiohttp.ServerDisconnectedError,
            aiohttp.ClientPayloadError,
            aiohttp.http_exceptions.HttpProcessingError,
        ):
            return 400  # turned away below HTTP
        except (ValueError, aiohttp.InvalidURL):
            return 0  # never sent: the client would not

    def raw(self, sent: bytes) -> bytes:
        """Send bytes that may be no request at all; returns the first line of the answer."""
        return self.runner.run(self._raw(sent))

    async def _raw(self, sent: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(sent)
            writer.write_eof()
            async with asyncio.timeout(20):
                return (await reader.read()).partition(b"\r\n")[0]
        except ConnectionError:
            return b""
        finally:
            writer.close()

    def close(self) -> None:
        self.runner.run(self.context.__aexit__(None, None, None))
        self.runner.close()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    target = Target(tmp_path_factory.mktemp("robust"))
    yield target
    target.close()


def fill(path: str, piece: str) -> str:
    for name in ("{code}", "{token}", "{key}", "{image}"):
        path = path.replace(name, piece)
    return path


QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))


def check(target: Target, data: st.DataObject) -> None:
    path = fill(data.draw(st.sampled_from(target.paths)), data.draw(PIECE))
    query = data.draw(st.just("") | PIECE.map(lambda piece: f"?{piece}"))
    headers = {"Content-Type": data.draw(st.sampled_from(TYPES)), **data.draw(HEADERS)}
    if data.draw(st.booleans()):
        headers["Authorization"] = f"Bearer {target.hub.tokens['ada']}"
    method = data.draw(st.sampled_from(METHODS))

    assert target.status(method, path + query, data=data.draw(BODIES), headers=headers) < 500, (method, path, query)


@QUICK
@given(data=st.data())
def test_no_request_to_any_route_is_an_error_of_the_hub(target: Target, data: st.DataObject) -> None:
    check(target, data)


@pytest.mark.long
@LONG
@given(data=st.data())
def test_no_request_to_any_route_is_an_error_of_the_hub_at_length(target: Target, data: st.DataObject) -> None:
    check(target, data)


@QUICK
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"POST /o/token/ HTTP/1.1\r\n"]),
)
def test_bytes_that_are_no_request_are_not_answered_as_a_failure(target: Target, noise: bytes, head: bytes) -> None:
    status = target.raw(head + noise)

    assert not status.partition(b" ")[2].startswith(b"5"), status


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer canary\x00\r\n\r\n",
        b"BREW /?code=canary HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /canary\x00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST /o/token/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\naBREW /canary HTTP/1.1\r\n\r\n",
    ],
)
def test_a_request_that_cannot_be_read_is_logged_without_its_words(
    target: Target, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    with caplog.at_level(logging.DEBUG, logger="aiohttp.server"):
        target.raw(sent)

    assert "Error handling request from 127.0.0.1" in caplog.text
    assert "canary" not in caplog.text
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("path", ["/o/token/", "/o/app-authorization/", "/mikro/graphql", "/report/"])
def test_deep_and_large_bodies_are_no_error_of_the_hub(target: Target, path: str) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {target.hub.tokens['ada']}"}
    deep = (b"[" * 60_000, b'{"a":' * 10_000, b'{"query":"' + b"{a" * 20_000 + b'"}', b"1" * 60_000)
    for body in (*deep, b" " * 1_000_000):
        assert target.status("POST", path, data=body, headers=headers) < 500


def test_the_limits_on_tries_do_not_grow_with_the_number_of_senders(target: Target) -> None:
    """Memory is bounded: a limit forgets whoever was quiet longest."""
    from arkitekt_di.server.identity.rate_limit import RateLimit

    limit = RateLimit(tries=1, window_s=60, clock=lambda: 0.0)
    for sender in range(30_000):
        limit.take(sender)

    assert len(limit) == 10_000  # a few hundred bytes each


def test_nothing_of_the_above_was_logged_as_a_failure_of_the_hub(
    target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        for path in target.paths:
            target.status("POST", fill(path, "%00"), data=b"\xff\xfe", headers={"Content-Type": TYPES[1]})

    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
