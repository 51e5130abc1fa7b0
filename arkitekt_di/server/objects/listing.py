"""Answers to LIST, version 2."""

import base64
import binascii
import re
from functools import partial
from urllib.parse import quote

from aiohttp import web

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects.documents import Children, document, iso_time
from arkitekt_di.server.objects.promise import ObjectEntry, Objects, Page

MAX_KEYS = 1000
"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, MaxKeys"""

PARAMETERS = frozenset(
    {
        "list-type",
        "prefix",
        "delimiter",
        "max-keys",
        "start-after",
        "continuation-token",
        "encoding-type",
        "fetch-owner",
    }
)

_ECHOED_KEYS = (("Delimiter", "delimiter"), ("StartAfter", "start-after"))
_ECHOED = (("ContinuationToken", "continuation-token"), ("EncodingType", "encoding-type"))
_NUMBER = re.compile(r"[0-9]{1,9}")


async def listed(objects: Objects, bucket: str, query: dict[str, str]) -> web.Response:
    """Answer with the next objects below a prefix."""
    if query.get("list-type") != "2":
        raise ObjectRefusedError("InvalidArgument", "only lists of version 2 are given (list-type=2)")
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter") or None
    if delimiter not in {None, "/"}:
        raise ObjectRefusedError("InvalidArgument", "the only delimiter is '/'")
    if query.get("encoding-type", "url") != "url":
        raise ObjectRefusedError("InvalidArgument", "the only encoding-type is 'url'")
    limit = query.get("max-keys", str(MAX_KEYS))
    if not _NUMBER.fullmatch(limit):
        raise ObjectRefusedError("InvalidArgument", "max-keys is a number")
    after = max(query.get("start-after", ""), _from_token(query.get("continuation-token", "")))
    page = await objects.page(bucket, prefix, after=after, limit=min(int(limit), MAX_KEYS), separator=delimiter)
    return document("ListBucketResult", _result(bucket, query, page))


def _result(bucket: str, query: dict[str, str], page: Page) -> Children:
    shown = partial(quote, safe="/~") if "encoding-type" in query else str
    yield "Name", bucket
    yield "Prefix", shown(query.get("prefix", ""))
    yield "MaxKeys", query.get("max-keys", str(MAX_KEYS))
    yield "KeyCount", str(len(page.entries) + len(page.folders))
    yield "IsTruncated", "false" if page.after is None else "true"
    if page.after is not None:
        yield "NextContinuationToken", _token(page.after)
    yield from ((name, shown(query[parameter])) for name, parameter in _ECHOED_KEYS if parameter in query)
    yield from ((name, query[parameter]) for name, parameter in _ECHOED if parameter in query)
    for entry in page.entries:
        yield "Contents", _contents(entry, shown(entry.key))
    for folder in page.folders:
        yield "CommonPrefixes", [("Prefix", shown(folder))]


def _contents(entry: ObjectEntry, key: str) -> Children:
    yield "Key", key
    yield "LastModified", iso_time(entry.modified_ns)
    yield "ETag", f'"{entry.etag}"'
    yield "Size", str(entry.size)
    yield "StorageClass", "STANDARD"


def _token(after: str) -> str:
    return base64.urlsafe_b64encode(after.encode()).decode()


def _from_token(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise ObjectRefusedError("InvalidArgument", "the continuation token was not given by this hub") from error
