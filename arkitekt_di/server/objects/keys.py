"""Names of buckets and keys, and the files that stand for them.

A key is kept below its bucket's folder, one path segment a directory level, each percent-encoded
but for ``A-Z a-z 0-9 _ . - ~``.  Keys of zarr arrays are made of these characters only, so what
lies on disk is a plain zarr array that any reader opens.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from arkitekt_di.errors import ObjectRefusedError

MAX_KEY_BYTES = 1024
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""

MAX_UPLOAD_KEY_BYTES = 2048
"""Parts of an upload lie below their bucket, key and upload."""

MAX_SEGMENT_BYTES = 254
"""Longest file name of the usual file systems (``NAME_MAX``), less one for the mark of a seal."""

UPLOADS = ".uploads"
"""Bucket of unfinished multipart uploads; its keys begin with the bucket that the upload is for."""

LAST_CHARACTER = "\U0010ffff"
"""Sorts behind everything that a key may contain."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
# Control characters, lone surrogates and the two last code points have no place in XML 1.0 (section 2.2).
_FORBIDDEN = re.compile(r"[^\x20-\x5b\x5d-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010fffd]")


def check_bucket(bucket: str) -> str:
    """Return *bucket*; raises `ObjectRefusedError` where S3 would not accept the name."""
    if _BUCKET.fullmatch(bucket) is None:
        raise ObjectRefusedError(
            "InvalidBucketName", "a bucket has 3 to 63 lower-case letters, digits, dots and dashes"
        )
    return bucket


def check_stored_bucket(bucket: str) -> str:
    """Return *bucket* as `check_bucket` does; inside the hub, `UPLOADS` is one, too."""
    return bucket if bucket == UPLOADS else check_bucket(bucket)


def check_key(key: str, *, max_bytes: int = MAX_KEY_BYTES) -> str:
    """Return *key*; raises `ObjectRefusedError` where it is no plain relative path."""
    if _FORBIDDEN.search(key):
        raise ObjectRefusedError("InvalidURI", "a key has no backslash and no control character")
    if len(key.encode()) > max_bytes:
        raise ObjectRefusedError("KeyTooLongError", f"a key has at most {max_bytes} bytes")
    for segment in key.split("/"):
        if segment in {"", ".", ".."}:
            raise ObjectRefusedError("InvalidURI", "no part of a key between slashes is empty, '.' or '..'")
        if len(file_name(segment)) > MAX_SEGMENT_BYTES:
            raise ObjectRefusedError("KeyTooLongError", f"a part of a key has at most {MAX_SEGMENT_BYTES} bytes")
    return key


def check_name(bucket: str, key: str) -> tuple[str, str]:
    """Return a bucket and a key; raises `ObjectRefusedError` where one of them is not acceptable."""
    longest = MAX_UPLOAD_KEY_BYTES if bucket == UPLOADS else MAX_KEY_BYTES
    return check_stored_bucket(bucket), check_key(key, max_bytes=longest)


def file_name(segment: str) -> str:
    """Return the name of the file or folder for one segment of a key."""
    return quote(segment, safe="")


def segment_of(name: str) -> str | None:
    """Return the segment that a file or folder stands for; None for what is not ours."""
    segment = unquote(name, errors="replace")
    is_ours = file_name(segment) == name and "/" not in segment and not _FORBIDDEN.search(segment)
    return segment if is_ours else None


def is_within(key: str, prefix: str) -> bool:
    """Tell whether *key* lies below *prefix*, taken as a folder."""
    return not prefix or key.startswith(f"{prefix}/")


def ancestors(key: str) -> Iterator[str]:
    """Yield the folders above *key*, outermost first, then *key* itself."""
    position = key.find("/")
    while position >= 0:
        yield key[:position]
        position = key.find("/", position + 1)
    yield key


def charged(bucket: str, key: str) -> tuple[str, str]:
    """Return the bucket and key that an object counts for; differs for parts of uploads."""
    if bucket != UPLOADS:
        return bucket, key
    bucket, _, key = key.partition("/")
    return bucket, key
