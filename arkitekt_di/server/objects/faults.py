"""Refusals as S3 answers them."""

import logging
import secrets

from aiohttp import web

from arkitekt_di.errors import ObjectRefusedError, ObjectStoreLostError, StorageFullError
from arkitekt_di.server.objects.documents import document

logger = logging.getLogger(__name__)

STATUS = {
    "AccessDenied": 403,
    "BadDigest": 400,
    "EntityTooLarge": 400,
    "ExpiredToken": 400,
    "IncompleteBody": 400,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidBucketName": 400,
    "InvalidPart": 400,
    "InvalidPartOrder": 400,
    "InvalidRange": 416,
    "InvalidRequest": 400,
    "InvalidToken": 400,
    "InvalidURI": 400,
    "KeyConflict": 400,
    "KeyTooLongError": 400,
    "MalformedXML": 400,
    "MethodNotAllowed": 405,
    "NoSuchKey": 404,
    "NoSuchUpload": 404,
    "PreconditionFailed": 412,
    "QuotaExceeded": 403,
    "RequestTimeTooSkewed": 403,
    "RequestTimeout": 400,
    "SignatureDoesNotMatch": 403,
    "XAmzContentSHA256Mismatch": 400,
}
"""S3's codes with their status: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.

``QuotaExceeded`` is Ceph's; ``KeyConflict`` is our own and no 409, which clients repeat.
"""


def refusal(request: web.BaseRequest, error: ObjectRefusedError) -> web.Response:
    """Answer with what was wrong with *request*."""
    return _fault(request, error.code, error.reason, status=STATUS[error.code])


def storage_full(request: web.BaseRequest, error: StorageFullError) -> web.Response:
    """Answer that the disk is full."""
    logger.error("%s", error)
    return _fault(request, "InsufficientStorage", "the hub's disk is full. Ask who runs the hub", status=507)


def store_lost(request: web.BaseRequest, error: ObjectStoreLostError) -> web.Response:
    """Answer that the store behind the hub does not: clients try again."""
    logger.error("%s", error)
    return _fault(request, "ServiceUnavailable", "the hub's object store does not answer. Try again", status=503)


def _fault(request: web.BaseRequest, code: str, reason: str, *, status: int) -> web.Response:
    request_id = secrets.token_hex(8)
    path = request.raw_path.partition("?")[0]  # the query of a signed address holds a session token
    logger.debug("%s %r refused: %s (%s) [%s]", request.method, path, code, reason, request_id)
    children = [("Code", code), ("Message", reason), ("RequestId", request_id)]
    response = document("Error", children, namespace=None, status=status)
    response.headers["x-amz-request-id"] = request_id
    return response
