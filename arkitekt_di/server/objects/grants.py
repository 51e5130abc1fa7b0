"""Credentials for one prefix of the object store, for a limited time.

Nothing is kept: the session token carries the grant and a code that only this hub can make, and the
secret key is derived from the grant.  Grants therefore survive a restart, and end by expiry alone.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import SecretStr

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects.keys import check_bucket, check_key, is_within

MIN_SECRET_BYTES = 32
"""As long as the output of the hash: RFC 2104, section 3."""


class Access(StrEnum):
    """What a grant is good for."""

    READ = "read"
    WRITE = "write"
    """Reading, too: a zarr writer lists and reads what it replaces."""


@dataclass(frozen=True)
class StoreCredentials:
    """What a client signs its requests with.

    Attributes
    ----------
    access_key : str
    secret_key, session_token : pydantic.SecretStr
    expires_in : int
        Seconds from now on.
    """

    access_key: str
    secret_key: SecretStr
    session_token: SecretStr
    expires_in: int


@dataclass(frozen=True)
class Grant:
    """What a session token says.

    Attributes
    ----------
    access_key : str
        Names the grant.
    bucket, prefix : str
        The grant covers the keys below the prefix, taken as a folder.
    access : Access
    expires_at : float
        Seconds since 1970 (UTC).
    max_bytes : int
        The most that may be kept below the prefix.
    """

    access_key: str
    bucket: str
    prefix: str
    access: Access
    expires_at: float
    max_bytes: int

    def require(self, access: Access, bucket: str) -> None:
        """Raise `ObjectRefusedError` where the grant is for something else."""
        if bucket != self.bucket or (access is Access.WRITE and self.access is not Access.WRITE):
            raise ObjectRefusedError("AccessDenied", f"these credentials are good for {self._scope()}")

    def require_key(self, key: str) -> None:
        """Raise `ObjectRefusedError` where *key*, or the beginning of a key, is not covered."""
        if not is_within(key, self.prefix):
            raise ObjectRefusedError("AccessDenied", f"these credentials are good for {self._scope()}")

    def _scope(self) -> str:
        verb = "writing" if self.access is Access.WRITE else "reading"
        return f"{verb} below s3://{self.bucket}/{self.prefix}/"


class ObjectGrants:
    """Issues grants and recognises its own.

    Parameters
    ----------
    secret : bytes
        At least 32 random bytes; who knows them can make any grant.
    clock : callable, default time.time
        Seconds since 1970 (UTC).
    """

    def __init__(self, secret: bytes, *, clock: Callable[[], float] = time.time) -> None:
        if len(secret) < MIN_SECRET_BYTES:
            message = f"the secret has {len(secret)} bytes, but {MIN_SECRET_BYTES} are needed"
            raise ValueError(message)
        # Two purposes, two keys: a code that is sent can never serve as a secret key.
        self._token_key = _mac(secret, b"arkitekt object grant: token")
        self._secret_key = _mac(secret, b"arkitekt object grant: secret key")
        self.clock = clock

    def issue(self, *, bucket: str, key: str, access: Access, ttl_s: int, max_bytes: int) -> StoreCredentials:
        """Return fresh credentials.

        Parameters
        ----------
        bucket, key : str
            They cover the keys below ``bucket/key/``.
        access : Access
        ttl_s : int
            Lifetime in seconds.
        max_bytes : int
            The most that may be kept below the key.

        Raises
        ------
        ObjectRefusedError
            Bucket or key is not acceptable.
        """
        claims = {
            "i": secrets.token_hex(10).upper(),
            "b": check_bucket(bucket),
            "p": check_key(key),
            "a": access.value,
            "e": self.clock() + ttl_s,
            "m": max_bytes,
        }
        body = _encoded(json.dumps(claims, separators=(",", ":")).encode())
        token = f"{body}.{_encoded(_mac(self._token_key, body.encode()))}"
        return StoreCredentials(
            access_key=str(claims["i"]),
            secret_key=SecretStr(self.secret_key(str(claims["i"]))),
            session_token=SecretStr(token),
            expires_in=ttl_s,
        )

    def recognise(self, session_token: str) -> Grant:
        """Return the grant in *session_token*, expired or not.

        Raises
        ------
        ObjectRefusedError
            This hub did not make the token (``InvalidToken``).
        """
        body, _, code = session_token.partition(".")
        expected = _encoded(_mac(self._token_key, body.encode("utf-8", "surrogateescape")))
        if not hmac.compare_digest(expected.encode(), code.encode("utf-8", "surrogateescape")):
            raise ObjectRefusedError(
                "InvalidToken", "the session token was not issued by this hub. Ask for a new grant"
            )
        return _grant(_claims(body))

    def secret_key(self, access_key: str) -> str:
        """Return the secret key that belongs to an access key."""
        return _encoded(_mac(self._secret_key, access_key.encode()))


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _claims(body: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError) as error:
        # The code fits, so another version of the hub made it.
        raise ObjectRefusedError("InvalidToken", "the session token is not readable. Ask for a new grant") from error
    return claims


def _grant(claims: dict[str, Any]) -> Grant:
    return Grant(
        access_key=claims["i"],
        bucket=claims["b"],
        prefix=claims["p"],
        access=Access(claims["a"]),
        expires_at=claims["e"],
        max_bytes=claims["m"],
    )
