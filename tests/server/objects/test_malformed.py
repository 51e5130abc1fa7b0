"""No request, however wrong, is answered with an error of the server's own."""

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkitekt_di.server.objects import InMemoryObjects, ObjectFolder
from tests.server.objects.live import LiveEndpoint, exchange, exchange_bytes, signed_headers

# One server serves all examples: what one leaves behind is part of the test.
shared = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])

_PRINTABLE = string.ascii_letters + string.digits + string.punctuation
_PATHS = st.text(alphabet=_PRINTABLE + "é/%./", max_size=40) | st.sampled_from(
    [
        "../../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "..%2f..%2fetc%2fpasswd", "%252e%252e/x", "a/b/../../../x",
        "a/b/%00", "a/b/%5c..%5cx", "a/b/%ff", "a/b/%", "a/b/%zz", "/etc/passwd", "a/b//x", "a/b/x/", "a%2Fb%2Fx",
        "a/b/" + "x" * 300, "a/b/" + "x/" * 600, "a/b/\ud800", "a/b/%ED%A0%80",
    ]
)  # fmt: skip
_NAMES = st.sampled_from(
    [
        "list-type", "prefix", "delimiter", "max-keys", "start-after", "continuation-token", "encoding-type", "uploads",
        "uploadId", "partNumber", "delete", "acl", "x-id", "X-Amz-Signature", "X-Amz-Expires", "X-Amz-Date",
        "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Algorithm", "X-Amz-Security-Token", "versionId", "%FF",
    ]
)  # fmt: skip
_VALUES = st.text(alphabet=_PRINTABLE, max_size=12) | st.sampled_from(
    ["2", "0", "-1", "9" * 30, "%00", "%FF", "a/b/", "a/b"]
)
_QUERIES = st.lists(st.tuples(_NAMES, _VALUES).map("=".join), max_size=5).map("&".join)
_METHODS = st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "FOO"])
_HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range",
            "Content-MD5", "Content-Encoding", "Content-Type", "Accept-Encoding",
            "x-amz-checksum-crc32", "x-amz-trailer", "x-amz-copy-source",
        ]
    ),
    st.text(alphabet=_PRINTABLE + " ", max_size=30)
    | st.sampled_from(
        ["bytes=0-", "bytes=-" + "9" * 18, "bytes=" + "9" * 5000 + "-", "Wed, 21 Oct 2026 07:28:00 GMT", "*"]
    ),
    max_size=4,
)  # fmt: skip
_BODIES = st.binary(max_size=60) | st.sampled_from(
    [
        b"<Delete><Object><Key>a/b/x</Key></Object></Delete>",
        b"<Delete><Object><Key>a/b/../x</Key></Object><Object/></Delete>",
        b"<CompleteMultipartUpload><Part><PartNumber>x</PartNumber></Part></CompleteMultipartUpload>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>',
        b"<" * 50,
        b'<?xml version="1.0" encoding="nonsense"?><Delete/>',
        "<Delete><Object><Key>\ufffe</Key></Object></Delete>".encode(),
    ]
)


@pytest.fixture(params=["folder", "memory"], scope="module")
def shared_live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("objects")
    with LiveEndpoint(ObjectFolder(folder) if request.param == "folder" else InMemoryObjects()) as live:
        yield live


@shared
@given(method=_METHODS, path=_PATHS, query=_QUERIES, headers=_HEADERS, body=_BODIES)
def test_unsigned_requests_are_refused(
    shared_live: LiveEndpoint, method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    """Nobody gets in without a signature."""
    answer = exchange(shared_live, method, f"/zarr/{path}?{query}", headers, body)

    assert 400 <= answer.status < 500


@shared
@given(authorization=st.text(alphabet=_PRINTABLE + " ", max_size=80), token=st.text(alphabet=_PRINTABLE, max_size=40))
def test_broken_signatures_are_refused(shared_live: LiveEndpoint, authorization: str, token: str) -> None:
    """Whatever stands in the headers of the signature."""
    date = {"x-amz-date": "20260230T256199Z", "x-amz-security-token": token}
    scope, signed = "20260230/us-east-1/s3/aws4_request", "host;x-amz-date;x-amz-security-token"
    for value in (
        authorization,
        f"AWS4-HMAC-SHA256 {authorization}",
        f"AWS4-HMAC-SHA256 Credential={authorization}/{scope}, SignedHeaders={signed}, Signature={'0' * 64}",
    ):
        answer = exchange(shared_live, "GET", "/zarr/a/b/x", date | {"Authorization": value})

        assert 400 <= answer.status < 500


@shared
@given(method=_METHODS, path=_PATHS, query=_QUERIES, headers=_HEADERS, body=_BODIES)
def test_signed_nonsense_is_answered(
    shared_live: LiveEndpoint, method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    """A client with a grant may ask for anything, and gets an answer that is not a failure of the server."""
    path = path.encode("ascii", "ignore").decode().translate({ord(mark): None for mark in "#?"})
    address = f"/zarr/a/b/{path}?{query.replace('#', '')}"
    signed = signed_headers(shared_live, shared_live.credentials(), method, address, headers=headers)

    answer = exchange(shared_live, method, address, signed, body)

    assert 200 <= answer.status < 500


@shared
@given(query=_QUERIES)
def test_signed_nonsense_about_the_bucket_is_answered(shared_live: LiveEndpoint, query: str) -> None:
    address = f"/zarr?list-type=2&{query.replace('#', '')}"
    signed = signed_headers(shared_live, shared_live.credentials(), "GET", address)

    assert 200 <= exchange(shared_live, "GET", address, signed).status < 500


@shared
@given(body=_BODIES, query=st.sampled_from(["delete", f"uploadId={'0' * 32}", "uploadId=..%2F..%2Fx", "uploadId="]))
def test_signed_documents_are_answered(shared_live: LiveEndpoint, body: bytes, query: str) -> None:
    """XML of any kind, with entities and without."""
    address = "/zarr?delete" if query == "delete" else f"/zarr/a/b/x?{query}"
    signed = signed_headers(shared_live, shared_live.credentials(), "POST", address)

    assert 200 <= exchange(shared_live, "POST", address, signed, body).status < 500


@pytest.mark.parametrize(
    "line",
    [
        b"GET http://evil.example/zarr/a/b/x HTTP/1.1",
        b"GET //zarr/a/b/x HTTP/1.1",
        b"GET zarr/a/b/x HTTP/1.1",
        b"GET /zarr/a/b/\xff\xfe HTTP/1.1",
        b"GET /zarr/a/b/x\x00 HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"CONNECT 127.0.0.1:1 HTTP/1.1",
        b"GET /zarr/" + b"x" * 9000 + b" HTTP/1.1",
    ],
)
def test_odd_request_lines_are_refused(shared_live: LiveEndpoint, line: bytes) -> None:
    assert exchange_bytes(shared_live, line + b"\r\nHost: x\r\nConnection: close\r\n\r\n").status in {
        0,
        *range(400, 500),
    }


def test_headers_that_are_not_signed_are_refused(shared_live: LiveEndpoint) -> None:
    """An x-amz header that was added on the way would change what a request means."""
    signed = signed_headers(shared_live, shared_live.credentials(), "PUT", "/zarr/a/b/y")

    answer = exchange(shared_live, "PUT", "/zarr/a/b/y", signed | {"x-amz-copy-source": "zarr/a/b/x"})

    assert (answer.status, b"AccessDenied" in answer.body) == (403, True)


def test_nothing_was_written_elsewhere(shared_live: LiveEndpoint) -> None:
    """After all of the above, every object lies below the prefix of the grant."""
    page = shared_live.do(shared_live.objects.page("zarr", "", after="", limit=1000, separator=None))

    assert {entry.key[:4] for entry in page.entries} <= {"a/b/"}
