"""boto3, the reference client of S3, on the endpoint."""

import io
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pydantic import SecretStr

from arkitekt_di.server.objects import Access, ObjectGrants, StoreCredentials
from tests.server.objects.live import BUCKET, LiveEndpoint, boto_client


def code_of(call: Callable[[], Any]) -> tuple[str, int]:
    """Return S3's code, and the status, of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    response: Any = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_an_object_is_written_read_and_deleted(live: LiveEndpoint) -> None:
    """Bytes, size and ETag are the same in every answer; checksums that boto3 adds are checked."""
    s3 = boto_client(live, live.credentials())
    key = "a/b/x y+é~%'()!*&=;:@,$"

    etag = s3.put_object(Bucket=BUCKET, Key=key, Body=b"0123456789")["ETag"]
    whole = s3.get_object(Bucket=BUCKET, Key=key)
    part = s3.get_object(Bucket=BUCKET, Key=key, Range="bytes=-3")
    head = s3.head_object(Bucket=BUCKET, Key=key)

    assert whole["Body"].read() == b"0123456789"
    assert (part["Body"].read(), part["ContentRange"]) == (b"789", "bytes 7-9/10")
    assert (head["ContentLength"], head["ETag"]) == (10, etag)
    s3.delete_object(Bucket=BUCKET, Key=key)
    assert code_of(lambda: s3.get_object(Bucket=BUCKET, Key=key)) == ("NoSuchKey", 404)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("bytes=0-0", b"0"),
        ("bytes=2-", b"23456789"),
        ("bytes=8-99999999999999999", b"89"),
        ("bytes=-99", b"0123456789"),
        ("bytes=5-2", b"0123456789"),  # no valid range is no range: RFC 9110, section 14.2
        ("bytes=0-1,4-5", b"0123456789"),
        ("lines=0-1", b"0123456789"),
    ],
)
def test_a_range_gives_its_bytes(live: LiveEndpoint, asked: str, given: bytes) -> None:
    """One range is answered by itself, anything else by the whole object."""
    s3 = boto_client(live, live.credentials())
    s3.put_object(Bucket=BUCKET, Key="a/b/x", Body=b"0123456789")

    assert s3.get_object(Bucket=BUCKET, Key="a/b/x", Range=asked)["Body"].read() == given


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-11", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(live: LiveEndpoint, asked: str) -> None:
    s3 = boto_client(live, live.credentials())
    s3.put_object(Bucket=BUCKET, Key="a/b/x", Body=b"0123456789")

    assert code_of(lambda: s3.get_object(Bucket=BUCKET, Key="a/b/x", Range=asked)) == ("InvalidRange", 416)


def test_an_empty_object_is_an_object(live: LiveEndpoint) -> None:
    s3 = boto_client(live, live.credentials())

    s3.put_object(Bucket=BUCKET, Key="a/b/x", Body=b"")

    assert s3.get_object(Bucket=BUCKET, Key="a/b/x")["Body"].read() == b""
    assert s3.head_object(Bucket=BUCKET, Key="a/b/x")["ContentLength"] == 0


def test_conditions_on_reading(live: LiveEndpoint) -> None:
    """ETags and times decide whether the bytes are sent (RFC 9110, section 13.2.2)."""
    s3 = boto_client(live, live.credentials())
    etag = s3.put_object(Bucket=BUCKET, Key="a/b/x", Body=b"x")["ETag"]
    modified = s3.head_object(Bucket=BUCKET, Key="a/b/x")["LastModified"]

    def get(**conditions: Any) -> Any:
        return s3.get_object(Bucket=BUCKET, Key="a/b/x", **conditions)

    assert get(IfMatch=etag)["Body"].read() == b"x"
    assert get(IfNoneMatch='"other"')["Body"].read() == b"x"
    assert get(IfUnmodifiedSince=modified)["Body"].read() == b"x"
    assert code_of(lambda: get(IfMatch='"other"'))[1] == 412
    assert code_of(lambda: get(IfNoneMatch=etag))[1] == 304
    assert code_of(lambda: get(IfModifiedSince=modified))[1] == 304
    assert code_of(lambda: get(IfUnmodifiedSince=modified.replace(year=2000)))[1] == 412


def test_conditions_on_writing(live: LiveEndpoint) -> None:
    """Create-only works for plain and for multipart writes."""
    s3 = boto_client(live, live.credentials())
    s3.put_object(Bucket=BUCKET, Key="a/b/x", Body=b"1", IfNoneMatch="*")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="a/b/x")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="a/b/x", UploadId=upload, PartNumber=1, Body=b"2")["ETag"]
    parts = {"Parts": [{"ETag": part, "PartNumber": 1}]}

    again = code_of(lambda: s3.put_object(Bucket=BUCKET, Key="a/b/x", Body=b"3", IfNoneMatch="*"))
    completed = code_of(
        lambda: s3.complete_multipart_upload(
            Bucket=BUCKET, Key="a/b/x", UploadId=upload, MultipartUpload=parts, IfNoneMatch="*"
        )
    )

    assert again == completed == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=BUCKET, Key="a/b/x")["Body"].read() == b"1"


def test_lists_are_cut_into_pages(live: LiveEndpoint) -> None:
    """Paginating gives every key once, in order, whatever it is made of."""
    s3 = boto_client(live, live.credentials())
    keys = sorted(f"a/b/{name}" for name in ("0", "1/é", "1/ü +%", "1.0", "1-/x", "2/3/4", "~&<>", "z"))
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"")

    def pages(**arguments: Any) -> list[Any]:
        return list(s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, **arguments))

    whole = pages(Prefix="a/b/", PaginationConfig={"PageSize": 3})
    shallow = pages(Prefix="a/b/", Delimiter="/", PaginationConfig={"PageSize": 2})
    late = pages(Prefix="a/b/1", StartAfter="a/b/1.0")

    assert [entry["Key"] for page in whole for entry in page["Contents"]] == keys
    assert [len(page["Contents"]) for page in whole] == [3, 3, 2]
    assert [entry["Prefix"] for page in shallow for entry in page.get("CommonPrefixes", [])] == [
        "a/b/1-/", "a/b/1/", "a/b/2/",
    ]  # fmt: skip
    assert [entry["Key"] for page in shallow for entry in page.get("Contents", [])] == [
        "a/b/0", "a/b/1.0", "a/b/z", "a/b/~&<>",
    ]  # fmt: skip
    assert [entry["Key"] for page in late for entry in page["Contents"]] == ["a/b/1/é", "a/b/1/ü +%"]


def test_a_large_file_goes_in_parts(live: LiveEndpoint) -> None:
    """boto3's own transfer, which sends parts side by side."""
    s3 = boto_client(live, live.credentials())
    content = bytes(range(256)) * 2**16  # 16 MiB

    s3.upload_fileobj(io.BytesIO(content), BUCKET, "a/b/large")
    found = io.BytesIO()
    s3.download_fileobj(BUCKET, "a/b/large", found)

    assert found.getvalue() == content
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="a/b/")["KeyCount"] == 1


def test_parts_make_the_object_only_when_completed(live: LiveEndpoint) -> None:
    """Parts come in any order and may be replaced; an upload ends by completing or aborting."""
    s3 = boto_client(live, live.credentials())

    def send(number: int, body: bytes, upload: str) -> dict[str, Any]:
        etag = s3.upload_part(Bucket=BUCKET, Key="a/b/x", UploadId=upload, PartNumber=number, Body=body)["ETag"]
        return {"ETag": etag, "PartNumber": number}

    def complete(upload: str, *parts: dict[str, Any]) -> Any:
        return s3.complete_multipart_upload(
            Bucket=BUCKET, Key="a/b/x", UploadId=upload, MultipartUpload={"Parts": list(parts)}
        )

    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="a/b/x")["UploadId"]
    last, stale, first = send(7, b"last", upload), send(2, b"stale", upload), send(2, b"first ", upload)

    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="a/b/")["KeyCount"] == 0
    assert code_of(lambda: complete(upload, stale, last)) == ("InvalidPart", 400)
    assert code_of(lambda: complete(upload, last, first)) == ("InvalidPartOrder", 400)
    complete(upload, first, last)
    assert s3.get_object(Bucket=BUCKET, Key="a/b/x")["Body"].read() == b"first last"
    assert code_of(lambda: send(1, b"late", upload)) == ("NoSuchUpload", 404)

    other = s3.create_multipart_upload(Bucket=BUCKET, Key="a/b/x")["UploadId"]
    part = send(1, b"other", other)
    s3.abort_multipart_upload(Bucket=BUCKET, Key="a/b/x", UploadId=other)
    assert code_of(lambda: complete(other, part)) == ("NoSuchUpload", 404)
    assert code_of(lambda: send(0, b"", other))[0] in {"NoSuchUpload", "InvalidArgument"}


def test_deleting_many_reports_each(live: LiveEndpoint) -> None:
    """What the grant does not cover is reported, and does not keep the others from being deleted."""
    s3 = boto_client(live, live.credentials())
    s3.put_object(Bucket=BUCKET, Key="a/b/x&<>", Body=b"")

    names = ["a/b/x&<>", "a/b/missing", "a/bc", "a/b/../c"]
    result = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": name} for name in names]})

    assert [entry["Key"] for entry in result["Deleted"]] == ["a/b/x&<>", "a/b/missing"]
    assert [(entry["Key"], entry["Code"]) for entry in result["Errors"]] == [
        ("a/bc", "AccessDenied"), ("a/b/../c", "InvalidURI"),
    ]  # fmt: skip


@pytest.mark.parametrize("key", ["a/bc/x", "a/b", "a", "A/b/x", "other"])
def test_another_prefix_is_denied(live: LiveEndpoint, key: str) -> None:
    """A grant covers what lies below its prefix: no sibling with the same beginning, no parent."""
    s3 = boto_client(live, live.credentials("a/b"))
    boto_client(live, live.credentials("a")).head_bucket(Bucket=BUCKET)

    calls: list[Callable[[], Any]] = [
        lambda: s3.put_object(Bucket=BUCKET, Key=key, Body=b""),
        lambda: s3.get_object(Bucket=BUCKET, Key=key),
        lambda: s3.delete_object(Bucket=BUCKET, Key=key),
        lambda: s3.create_multipart_upload(Bucket=BUCKET, Key=key),
        lambda: s3.list_objects_v2(Bucket=BUCKET, Prefix=key),
        lambda: s3.list_objects_v2(Bucket=BUCKET),
    ]

    assert {code_of(call) for call in calls} == {("AccessDenied", 403)}


def test_an_upload_of_another_key_cannot_be_taken_over(live: LiveEndpoint) -> None:
    """An upload belongs to its key."""
    mine, other = boto_client(live, live.credentials("a/b")), boto_client(live, live.credentials("a/c"))
    upload = mine.create_multipart_upload(Bucket=BUCKET, Key="a/b/x")["UploadId"]

    refused = code_of(lambda: other.upload_part(Bucket=BUCKET, Key="a/c/x", UploadId=upload, PartNumber=1, Body=b""))

    assert refused == ("NoSuchUpload", 404)


def test_a_wrong_secret_is_refused(live: LiveEndpoint) -> None:
    s3 = boto_client(live, live.credentials(), aws_secret_access_key="wrong")

    assert code_of(lambda: s3.get_object(Bucket=BUCKET, Key="a/b/x")) == ("SignatureDoesNotMatch", 403)


def test_access_key_and_token_are_of_one_grant(live: LiveEndpoint) -> None:
    """Neither a foreign token nor a missing one makes an access key good."""
    mine, other = live.credentials("a/b"), live.credentials("a/c")
    mixed = boto_client(live, mine, aws_session_token=other.session_token.get_secret_value())
    bare = boto_client(live, mine, aws_session_token=None)

    assert code_of(lambda: mixed.get_object(Bucket=BUCKET, Key="a/c/x")) == ("InvalidAccessKeyId", 403)
    assert code_of(lambda: bare.get_object(Bucket=BUCKET, Key="a/b/x")) == ("InvalidAccessKeyId", 403)


def test_a_tampered_token_is_refused(live: LiveEndpoint) -> None:
    """A token of another hub, a changed one and a cut one are all unknown."""
    token = live.credentials().session_token.get_secret_value()
    foreign = ObjectGrants(b"T" * 32).issue(bucket=BUCKET, key="a/b", access=Access.WRITE, ttl_s=9, max_bytes=9)
    body, _, code = token.partition(".")
    tampered = [body[:-1] + chr(ord(body[-1]) ^ 1) + "." + code, body, body + ".", f"{body}.{code}A", "x"]

    for wrong in (*tampered, foreign.session_token.get_secret_value()):
        s3 = boto_client(live, live.credentials(), aws_session_token=wrong)
        assert code_of(partial(s3.get_object, Bucket=BUCKET, Key="a/b/x")) == ("InvalidToken", 400)


def test_a_grant_ends(live: LiveEndpoint) -> None:
    """At its expiry, to the second, and for presigned addresses too."""
    s3 = boto_client(live, live.credentials(ttl_s=60))
    s3.put_object(Bucket=BUCKET, Key="a/b/x", Body=b"")

    live.clock.offset = 61

    assert code_of(lambda: s3.get_object(Bucket=BUCKET, Key="a/b/x")) == ("ExpiredToken", 400)


@pytest.mark.parametrize("offset", [-16 * 60, 16 * 60])
def test_a_clock_that_is_off_is_named(live: LiveEndpoint, offset: float) -> None:
    s3 = boto_client(live, live.credentials(ttl_s=10_000))

    live.clock.offset = offset

    assert code_of(lambda: s3.get_object(Bucket=BUCKET, Key="a/b/x")) == ("RequestTimeTooSkewed", 403)


def test_a_grant_survives_a_restart(live: LiveEndpoint) -> None:
    """The secret is all that a hub needs to keep."""
    credentials = ObjectGrants(live.secret).issue(bucket=BUCKET, key="a/b", access=Access.WRITE, ttl_s=60, max_bytes=9)

    boto_client(live, credentials).put_object(Bucket=BUCKET, Key="a/b/x", Body=b"x")


def test_what_is_sealed_is_only_read(live: LiveEndpoint) -> None:
    """A grant to write goes on reading, and writes nothing more, however it tries."""
    s3 = boto_client(live, live.credentials())
    s3.put_object(Bucket=BUCKET, Key="a/b/x", Body=b"kept")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="a/b/y")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="a/b/y", UploadId=upload, PartNumber=1, Body=b"y")["ETag"]

    live.do(live.objects.seal(BUCKET, "a/b"))

    parts = {"Parts": [{"ETag": part, "PartNumber": 1}]}
    assert code_of(lambda: s3.put_object(Bucket=BUCKET, Key="a/b/z", Body=b"")) == ("AccessDenied", 403)
    assert code_of(lambda: s3.delete_object(Bucket=BUCKET, Key="a/b/x")) == ("AccessDenied", 403)
    assert code_of(lambda: s3.create_multipart_upload(Bucket=BUCKET, Key="a/b/z")) == ("AccessDenied", 403)
    completed = code_of(
        lambda: s3.complete_multipart_upload(Bucket=BUCKET, Key="a/b/y", UploadId=upload, MultipartUpload=parts)
    )
    deleted = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a/b/x"}]})
    assert completed == ("NoSuchUpload", 404)
    assert deleted["Errors"][0]["Code"] == "AccessDenied"
    assert s3.get_object(Bucket=BUCKET, Key="a/b/x")["Body"].read() == b"kept"


def test_a_grant_holds_no_more_than_it_is_for(live: LiveEndpoint) -> None:
    """Plain writes and parts count together."""
    s3 = boto_client(live, live.credentials(max_bytes=100))
    s3.put_object(Bucket=BUCKET, Key="a/b/x", Body=b"x" * 60)
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="a/b/y")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="a/b/y", UploadId=upload, PartNumber=1, Body=b"y" * 40)["ETag"]

    assert code_of(lambda: s3.put_object(Bucket=BUCKET, Key="a/b/z", Body=b"z")) == ("QuotaExceeded", 403)
    # Joining takes no more than the parts already do.
    s3.complete_multipart_upload(
        Bucket=BUCKET, Key="a/b/y", UploadId=upload, MultipartUpload={"Parts": [{"ETag": part, "PartNumber": 1}]}
    )
    assert code_of(lambda: s3.put_object(Bucket=BUCKET, Key="a/b/z", Body=b"z")) == ("QuotaExceeded", 403)
    s3.delete_object(Bucket=BUCKET, Key="a/b/y")
    s3.put_object(Bucket=BUCKET, Key="a/b/z", Body=b"z" * 40)


def test_a_signed_address_reads_one_object_for_a_while(live: LiveEndpoint) -> None:
    """Addresses that boto3 signs are good for GET and HEAD until they expire."""
    s3 = boto_client(live, live.credentials())
    s3.put_object(Bucket=BUCKET, Key="a/b/x y+é", Body=b"signed")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "a/b/x y+é"}, ExpiresIn=60)
    write = s3.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "a/b/x"}, ExpiresIn=60)

    def status(address: str, method: str = "GET") -> int:
        try:
            with urllib.request.urlopen(urllib.request.Request(address, method=method)) as answer:  # noqa: S310  # ours
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    assert status(url) == 200
    assert status(url.replace("X-Amz-Expires=60", "X-Amz-Expires=61")) == 403
    assert status(url.replace("%2B", "%2C")) == 403
    assert status(write, "PUT") == 403
    live.clock.offset = 61
    assert status(url) == 403


def test_parts_of_s3_that_are_missing_say_so(live: LiveEndpoint) -> None:
    """What is not here is refused, and never taken for something else."""
    s3 = boto_client(live, live.credentials())
    s3.put_object(Bucket=BUCKET, Key="a/b/x", Body=b"kept")

    calls: list[Callable[[], Any]] = [
        lambda: s3.put_object_tagging(Bucket=BUCKET, Key="a/b/x", Tagging={"TagSet": []}),
        lambda: s3.put_object_acl(Bucket=BUCKET, Key="a/b/x", ACL="public-read"),
        lambda: s3.get_object_acl(Bucket=BUCKET, Key="a/b/x"),
        lambda: s3.copy_object(Bucket=BUCKET, Key="a/b/y", CopySource=f"{BUCKET}/a/b/x"),
        lambda: s3.create_bucket(Bucket=BUCKET),
        lambda: s3.delete_bucket(Bucket=BUCKET),
        lambda: s3.list_objects(Bucket=BUCKET, Prefix="a/b/"),
        lambda: s3.get_object(Bucket=BUCKET, Key="a/b/x", VersionId="1"),
    ]

    assert {code_of(call) for call in calls} == {("MethodNotAllowed", 405)}
    assert s3.get_object(Bucket=BUCKET, Key="a/b/x")["Body"].read() == b"kept"


def test_secrets_are_not_shown() -> None:
    credentials = ObjectGrants(b"S" * 32).issue(bucket=BUCKET, key="a", access=Access.READ, ttl_s=9, max_bytes=9)

    assert isinstance(credentials, StoreCredentials)
    assert isinstance(credentials.secret_key, SecretStr)
    assert credentials.session_token.get_secret_value() not in repr(credentials)
    assert credentials.secret_key.get_secret_value() not in repr(credentials)
