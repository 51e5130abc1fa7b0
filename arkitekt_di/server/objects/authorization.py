"""Who signed a request, and with which grant."""

import hmac
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from aiohttp import web

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects.grants import Grant, ObjectGrants
from arkitekt_di.server.objects.signature import (
    ALGORITHM,
    SERVICE,
    TERMINATOR,
    UNSIGNED_PAYLOAD,
    Scope,
    SignedParts,
    header_values,
    signature,
)
from arkitekt_di.server.objects.target import Target

MAX_SKEW_S = 15 * 60
"""https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, RequestTimeTooSkewed"""

MAX_PRESIGNED_S = 7 * 24 * 3600
"""https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, X-Amz-Expires"""

_CREDENTIAL = re.compile(rf"([^/]{{1,128}})/([0-9]{{8}})/([^/]{{1,64}})/{SERVICE}/{TERMINATOR}")
_SIGNED_HEADERS = re.compile(r"[!-:<-~]+(;[!-:<-~]+)*")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_TIMESTAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_SECONDS = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True)
class Presented:
    """What a request shows to prove who sent it."""

    access_key: str
    scope: Scope
    timestamp: str
    signature: str
    session_token: str
    parts: SignedParts
    expires_s: int | None = None


class Authorization:
    """Checks requests against grants.

    Parameters
    ----------
    grants : ObjectGrants
    """

    def __init__(self, grants: ObjectGrants) -> None:
        self._grants = grants

    def authorize(self, request: web.BaseRequest, target: Target) -> tuple[Grant, str]:
        """Return the grant behind a request, and what it says about its body.

        Raises
        ------
        ObjectRefusedError
            With S3's code: ``AccessDenied``, ``InvalidToken``, ``InvalidAccessKeyId``, ``SignatureDoesNotMatch``,
            ``RequestTimeTooSkewed`` or ``ExpiredToken``.
        """
        presented = _in_query(request, target) if "X-Amz-Signature" in target.query else _in_headers(request, target)
        grant = self._grants.recognise(presented.session_token)
        if not hmac.compare_digest(grant.access_key.encode(), presented.access_key.encode("utf-8", "surrogateescape")):
            raise ObjectRefusedError("InvalidAccessKeyId", "access key and session token are not of one grant")
        expected = signature(
            presented.parts,
            secret_key=self._grants.secret_key(grant.access_key),
            timestamp=presented.timestamp,
            scope=presented.scope,
        )
        if not hmac.compare_digest(expected, presented.signature):
            raise ObjectRefusedError(
                "SignatureDoesNotMatch", "the signature does not fit. Check secret key and signing"
            )
        self._check_times(presented, grant)
        return grant, presented.parts.payload

    def _check_times(self, presented: Presented, grant: Grant) -> None:
        now = self._grants.clock()
        age = now - _seconds(presented.timestamp)
        if age < -MAX_SKEW_S or (presented.expires_s is None and age > MAX_SKEW_S):
            raise ObjectRefusedError("RequestTimeTooSkewed", "the clocks differ by over 15 minutes. Set the clock")
        if presented.expires_s is not None and age > presented.expires_s:
            raise ObjectRefusedError("AccessDenied", "the signed address has expired. Ask for a new one")
        if now >= grant.expires_at:
            raise ObjectRefusedError("ExpiredToken", "the grant has expired. Ask for a new one")


def _in_headers(request: web.BaseRequest, target: Target) -> Presented:
    headers = {
        name: value.decode("utf-8", "surrogateescape") for name, value in header_values(request.raw_headers).items()
    }
    algorithm, _, rest = headers.get("authorization", "").partition(" ")
    if algorithm != ALGORITHM:
        raise ObjectRefusedError("AccessDenied", f"sign the request with {ALGORITHM}")
    fields: dict[str, str] = {}
    for item in rest.split(","):
        name, _, value = item.strip().partition("=")
        fields[name] = value
    signed = _signed_headers(fields.get("SignedHeaders", ""))
    # An x-amz header that is not signed could be added by anyone on the way.
    if not signed.issuperset(name for name in headers if name == "host" or name.startswith("x-amz-")):
        raise ObjectRefusedError("AccessDenied", "host and every x-amz-* header must be signed")
    parts = SignedParts(
        method=request.method,
        path=target.path,
        query=target.pairs,
        headers=request.raw_headers,
        signed_headers=tuple(sorted(signed)),
        payload=headers.get("x-amz-content-sha256", ""),
    )
    return _presented(fields.get("Credential", ""), headers.get("x-amz-date", ""), parts, headers, fields)


def _in_query(request: web.BaseRequest, target: Target) -> Presented:
    fields = target.query
    signed = _signed_headers(fields.get("X-Amz-SignedHeaders", ""))
    seconds = fields.get("X-Amz-Expires", "")
    if request.method not in {"GET", "HEAD"} or fields.get("X-Amz-Algorithm") != ALGORITHM or "host" not in signed:
        raise ObjectRefusedError(
            "AccessDenied", f"signed addresses use {ALGORITHM}, sign the host, and are for reading"
        )
    if not _SECONDS.fullmatch(seconds) or not 0 < int(seconds) <= MAX_PRESIGNED_S:
        raise ObjectRefusedError("AccessDenied", f"X-Amz-Expires is from 1 to {MAX_PRESIGNED_S} seconds")
    parts = SignedParts(
        method=request.method,
        path=target.path,
        query=[pair for pair in target.pairs if pair[0] != b"X-Amz-Signature"],
        headers=request.raw_headers,
        signed_headers=tuple(sorted(signed)),
        payload=UNSIGNED_PAYLOAD,
    )
    renamed = {
        "x-amz-security-token": fields.get("X-Amz-Security-Token", ""),
        "Signature": fields.get("X-Amz-Signature", ""),
    }
    found = _presented(fields.get("X-Amz-Credential", ""), fields.get("X-Amz-Date", ""), parts, renamed, renamed)
    return replace(found, expires_s=int(seconds))


def _presented(
    credential: str, timestamp: str, parts: SignedParts, headers: dict[str, str], fields: dict[str, str]
) -> Presented:
    match = _CREDENTIAL.fullmatch(credential)
    if match is None:
        raise ObjectRefusedError("AccessDenied", "the credential is not of the form key/date/region/s3/aws4_request")
    access_key, date, region = match.groups()
    if not _TIMESTAMP.fullmatch(timestamp) or timestamp[:8] != date:
        raise ObjectRefusedError("AccessDenied", "x-amz-date is missing, or not of the day of the credential")
    if not _SIGNATURE.fullmatch(fields.get("Signature", "")):
        raise ObjectRefusedError("SignatureDoesNotMatch", "a signature has 64 hexadecimal digits")
    if not headers.get("x-amz-security-token"):
        raise ObjectRefusedError("InvalidAccessKeyId", "no session token: only grants of this hub are known here")
    return Presented(
        access_key=access_key,
        scope=Scope(date=date, region=region),
        timestamp=timestamp,
        signature=fields["Signature"],
        session_token=headers["x-amz-security-token"],
        parts=parts,
    )


def _signed_headers(text: str) -> frozenset[str]:
    if not _SIGNED_HEADERS.fullmatch(text):
        raise ObjectRefusedError("AccessDenied", "SignedHeaders is missing or malformed")
    return frozenset(text.lower().split(";"))


def _seconds(timestamp: str) -> float:
    try:
        return datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise ObjectRefusedError("AccessDenied", "x-amz-date is not a date") from error
