"""What a foreign S3 answers where it fails, as errors of the hub; its own text may hold keys and is not passed on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError, InvalidPathError

from arkitekt_di.errors import ObjectRefusedError, ObjectStoreLostError, ObjectStoreUnusableError, StorageFullError

WHERE = "the hub's object store"

_CODE = re.compile(r"<Code>(\w{1,64})</Code>")
_STATUS = re.compile(r"non-2xx status code: (\d{3})")

_FULL = frozenset({"QuotaExceeded", "InsufficientStorage", "InsufficientCapacity", "XMinioStorageFull", "507"})

_SETTINGS = {
    "NoSuchBucket": "objects.s3.bucket",
    "InvalidBucketName": "objects.s3.bucket",
    "404": "objects.s3.bucket",
    "SignatureDoesNotMatch": "objects.s3.secret_key",
    "InvalidAccessKeyId": "objects.s3.access_key",
    "AccessDenied": "objects.s3.access_key",
    "403": "objects.s3.access_key",
    "401": "objects.s3.access_key",
    "AuthorizationHeaderMalformed": "objects.s3.region",
    "PermanentRedirect": "objects.s3.region",
    "301": "objects.s3.region",
}
"""S3's codes, or the status where there is none, and the setting that each points at."""


def code_of(error: Exception) -> str:
    """Return S3's code for a failure, or its HTTP status, or an empty text where nothing answered."""
    for pattern in (_CODE, _STATUS):
        if found := pattern.search(str(error)):
            return found[1]
    return ""


@contextmanager
def translated() -> Iterator[None]:
    """Raise the hub's own errors for what obstore raises; that an object is not there stays `FileNotFoundError`."""
    try:
        yield
    except InvalidPathError as error:
        raise ObjectRefusedError("InvalidURI", "the hub's object store does not take this key") from error
    except BaseError as error:
        code = code_of(error)
        if code in _FULL:
            raise StorageFullError(WHERE) from None
        raise ObjectStoreLostError(WHERE, f"it answers {code}" if code else "it does not answer") from None


@contextmanager
def checked(endpoint: str) -> Iterator[None]:
    """Raise `ObjectStoreUnusableError`, with the setting to look at, where a store cannot be used."""
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        code = code_of(error)
        reason = f"it answers {code}" if code else "it does not answer"
        raise ObjectStoreUnusableError(endpoint, reason, _SETTINGS.get(code, "objects.s3.endpoint")) from None
