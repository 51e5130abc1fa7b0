"""Bodies are checked against their signature before anyone sees them."""

import base64
import hashlib
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkitekt_di.server.objects import InMemoryObjects
from arkitekt_di.settings.models import ObjectSettings
from tests.server.objects.live import BUCKET, Answer, LiveEndpoint, exchange, signed_headers

ADDRESS = "/zarr/a/b/x"
CHUNKED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def send(
    live: LiveEndpoint,
    body: bytes,
    *,
    payload: str,
    headers: dict[str, str] | None = None,
    length: int | None = None,
) -> Answer:
    """PUT *body* with a signature that covers *payload* and *headers*; a wrong *length* is followed by hanging up."""
    signed = signed_headers(live, live.credentials(), "PUT", ADDRESS, payload=payload, headers=headers)
    signed["Content-Length"] = str(len(body) if length is None else length)
    return exchange(live, "PUT", ADDRESS, signed, body, hang_up=length is not None)


def stored(live: LiveEndpoint) -> bytes | None:
    content: bytes | None = live.do(live.objects.read(BUCKET, "a/b/x"))
    return content


def test_a_body_that_was_not_signed_is_not_stored(live: LiveEndpoint) -> None:
    """One flipped bit is enough, whatever the size."""
    for size in (10, 3 * 2**20):
        answer = send(live, b"x" * size, payload=hashlib.sha256(b"y" + b"x" * (size - 1)).hexdigest())

        assert (answer.status, b"XAmzContentSHA256Mismatch" in answer.body) == (400, True)
        assert stored(live) is None


def test_a_body_that_was_signed_is_stored(live: LiveEndpoint) -> None:
    assert send(live, b"hello", payload=hashlib.sha256(b"hello").hexdigest()).status == 200
    assert stored(live) == b"hello"


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("Content-MD5", base64.b64encode(hashlib.md5(b"hello").digest()).decode()),  # noqa: S324  # RFC 1864
        ("x-amz-checksum-crc32", base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode()),
        ("x-amz-checksum-sha1", base64.b64encode(hashlib.sha1(b"hello").digest()).decode()),  # noqa: S324
        ("x-amz-checksum-sha256", base64.b64encode(hashlib.sha256(b"hello").digest()).decode()),
    ],
)
def test_a_checksum_is_checked(live: LiveEndpoint, name: str, right: str) -> None:
    """Where the payload is not signed, too."""
    wrong = send(live, b"hellO", payload="UNSIGNED-PAYLOAD", headers={name: right})
    garbage = send(live, b"hello", payload="UNSIGNED-PAYLOAD", headers={name: "?"})

    assert (wrong.status, garbage.status) == (400, 400)
    assert b"BadDigest" in wrong.body
    assert stored(live) is None
    assert send(live, b"hello", payload="UNSIGNED-PAYLOAD", headers={name: right}).status == 200


def chunked(content: bytes, size: int, checksum: bytes) -> bytes:
    """Return *content* as boto3 sends it over TLS."""
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return body + b"0\r\nx-amz-checksum-crc32:" + checksum + b"\r\n\r\n"


@pytest.mark.parametrize("size", [1, 7, 65536])
def test_chunks_with_a_trailer_are_unwrapped(live: LiveEndpoint, size: int) -> None:
    """What boto3 sends behind a proxy that speaks TLS."""
    content = b"0123456789" * 300
    right = base64.b64encode(zlib.crc32(content).to_bytes(4, "big"))
    headers = {"Content-Encoding": "aws-chunked", "x-amz-trailer": "x-amz-checksum-crc32"}

    wrong = send(live, chunked(content, size, b"AAAAAA=="), payload=CHUNKED, headers=headers)
    assert (wrong.status, stored(live)) == (400, None)
    good = send(live, chunked(content, size, right), payload=CHUNKED, headers=headers)
    assert (good.status, stored(live)) == (200, content)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"5\r\nhel", b"5\r\nhello", b"5\r\nhello\r\n", b"zz\r\n", b"x" * 5000, b"-1\r\n\r\n"),
        b"0\r\n" + b"a:b\r\n" * 99,
    ],
)
def test_broken_chunks_are_refused(live: LiveEndpoint, body: bytes) -> None:
    """Nothing is stored of a body whose framing is wrong."""
    assert send(live, body, payload=CHUNKED).status == 400
    assert stored(live) is None


def test_a_body_that_ends_early_is_not_stored(live: LiveEndpoint) -> None:
    """A lost connection leaves the old object."""
    assert send(live, b"old", payload="UNSIGNED-PAYLOAD").status == 200

    answer = send(live, b"x" * 2**21, payload="UNSIGNED-PAYLOAD", length=2**22)

    assert answer.status in {0, 400}
    assert stored(live) == b"old"


@pytest.mark.parametrize("payload", ["", "nonsense", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "A" * 64])
def test_an_unknown_payload_is_refused(live: LiveEndpoint, payload: str) -> None:
    answer = send(live, b"hello", payload=payload)

    assert (answer.status, b"InvalidRequest" in answer.body) == (400, True)


def test_a_packed_body_is_refused(live: LiveEndpoint) -> None:
    """It would be stored as it is, and nobody would know later how to unpack it."""
    answer = send(live, b"hello", payload="UNSIGNED-PAYLOAD", headers={"Content-Encoding": "gzip"})

    assert (answer.status, b"InvalidRequest" in answer.body) == (400, True)


def test_an_object_has_a_largest_size() -> None:
    """Whether the size is announced or not."""
    with LiveEndpoint(InMemoryObjects(), ObjectSettings(max_object_mib=1.0)) as live:
        announced = send(live, b"x" * (2**20 + 1), payload="UNSIGNED-PAYLOAD")
        content = b"x" * (2**20 + 1)
        hidden = send(live, chunked(content, 2**16, b""), payload=CHUNKED)

        assert (announced.status, hidden.status) == (400, 400)
        assert b"EntityTooLarge" in announced.body
        assert b"EntityTooLarge" in hidden.body
        assert stored(live) is None
        assert send(live, b"x" * 2**20, payload="UNSIGNED-PAYLOAD").status == 200


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # one server is enough
@given(st.binary(max_size=200) | st.lists(st.sampled_from([b"1\r\n", b"\r\n", b"x", b"0\r\n", b"a:b"])).map(b"".join))
def test_no_framing_breaks_the_reader(on_disk: LiveEndpoint, body: bytes) -> None:
    """Whatever the frames are, the answer is one of the two that there are."""
    assert send(on_disk, body, payload=CHUNKED).status in {200, 400}
