"""Signatures, against AWS's published examples and against botocore."""

from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given
from hypothesis import strategies as st

from arkitekt_di.server.objects.signature import Scope, SignedParts, query_pairs, signature

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
HOST = (b"Host", b"examplebucket.s3.amazonaws.com")
DATE = (b"x-amz-date", b"20130524T000000Z")


def published(
    method: str, path: str, query: str, headers: list[tuple[bytes, bytes]], signed: str, payload: str = EMPTY
) -> str:
    parts = SignedParts(method, path.encode(), query_pairs(query), headers, tuple(signed.split(";")), payload)
    scope = Scope(date="20130524", region="us-east-1")
    return signature(parts, secret_key=SECRET, timestamp="20130524T000000Z", scope=scope)


def test_published_example_get_object() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, GET Object."""
    headers = [HOST, (b"Range", b"bytes=0-9"), (b"x-amz-content-sha256", EMPTY.encode()), DATE]

    found = published("GET", "/test.txt", "", headers, "host;range;x-amz-content-sha256;x-amz-date")

    assert found == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


def test_published_example_put_object() -> None:
    """The same page, PUT Object: a dollar sign in the key."""
    payload = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
    headers = [
        HOST,
        (b"Date", b"Fri, 24 May 2013 00:00:00 GMT"),
        DATE,
        (b"x-amz-storage-class", b"REDUCED_REDUNDANCY"),
        (b"x-amz-content-sha256", payload.encode()),
    ]

    signed = "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class"
    found = published("PUT", "/test$file.text", "", headers, signed, payload)

    assert found == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"


def test_published_example_get_bucket_lifecycle() -> None:
    """The same page, GET Bucket Lifecycle: a parameter without a value."""
    headers = [HOST, (b"x-amz-content-sha256", EMPTY.encode()), DATE]

    found = published("GET", "/", "lifecycle", headers, "host;x-amz-content-sha256;x-amz-date")

    assert found == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"


def test_published_example_list_objects() -> None:
    """The same page, Get Bucket (List Objects)."""
    headers = [HOST, (b"x-amz-content-sha256", EMPTY.encode()), DATE]

    found = published("GET", "/", "max-keys=2&prefix=J", headers, "host;x-amz-content-sha256;x-amz-date")

    assert found == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"


def test_published_example_presigned_address() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html."""
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
        "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    )

    found = published("GET", "/test.txt", query, [HOST], "host", "UNSIGNED-PAYLOAD")

    assert found == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12) | st.sampled_from(
    ["a b", "a+b", "100%", "%41", "~", "é", "a/b", "=&?", "*", "'()!"]
)


@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
    key=_TEXT,
    query=st.dictionaries(_TEXT.filter(bool), _TEXT, max_size=4),
    header=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12),
    payload=st.sampled_from([EMPTY, "UNSIGNED-PAYLOAD"]),
)
@example(method="GET", key="", query={"é": "", "é0": ""}, header="", payload=EMPTY)  # one name begins with the other
def test_botocore_signs_the_same(method: str, key: str, query: dict[str, str], header: str, payload: str) -> None:
    """Any key, query and header that botocore signs gets the same signature here."""
    path = quote(f"/zarr/{key}", safe="/~")
    raw_query = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in query.items())
    url = f"http://127.0.0.1:1234{path}?{raw_query}"
    request = AWSRequest(method, url, headers={"X-Amz-Content-SHA256": payload, "X-Amz-Meta-Note": header})
    S3SigV4Auth(Credentials("A", SECRET, "T"), "s3", "eu-central-1").add_auth(request)
    authorization = request.headers["Authorization"]
    fields = dict(item.strip().split("=", 1) for item in authorization.split(" ", 1)[1].split(","))
    sent = [(name.encode(), value.encode()) for name, value in request.headers.items()]

    parts = SignedParts(
        method=method,
        path=f"/zarr/{key}".encode(),
        query=query_pairs(urlsplit(url).query),
        headers=[*sent, (b"Host", b"127.0.0.1:1234")],
        signed_headers=tuple(fields["SignedHeaders"].split(";")),
        payload=request.headers["X-Amz-Content-SHA256"],
    )
    timestamp = request.headers["X-Amz-Date"]
    scope = Scope(date=timestamp[:8], region="eu-central-1")
    found = signature(parts, secret_key=SECRET, timestamp=timestamp, scope=scope)

    assert found == fields["Signature"]
