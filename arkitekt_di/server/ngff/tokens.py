"""Links that open one image for a while, for tools that send no access token.

Nothing is kept: the token names its end and carries a code that only this hub can make for this one image.
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable

from arkitekt_di.errors import LinkExpiredError, LinkRefusedError

MIN_SECRET_BYTES = 32
"""As long as the output of the hash: RFC 2104, section 3."""

_TOKEN = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


class NgffTokens:
    """Makes tokens and checks its own.

    Parameters
    ----------
    secret : bytes
        At least 32 random bytes; who knows them can open any image.
    clock : callable, default time.time
        Seconds since 1970, UTC.
    """

    def __init__(self, secret: bytes, *, clock: Callable[[], float] = time.time) -> None:
        if len(secret) < MIN_SECRET_BYTES:
            message = f"the secret has {len(secret)} bytes, but {MIN_SECRET_BYTES} are needed"
            raise ValueError(message)
        self._key = hmac.digest(secret, b"arkitekt ngff link", hashlib.sha256)
        self._clock = clock

    def issue(self, image_id: str, ttl_s: int) -> str:
        """Return a token that opens the image for *ttl_s* seconds; safe as a segment of a path."""
        expires_at = int(self._clock()) + ttl_s
        return f"{expires_at}.{self._code(image_id, expires_at)}"

    def check(self, token: str, image_id: str) -> None:
        """Raise `LinkRefusedError` where *token* was not made here for the image, `LinkExpiredError` after its time."""
        match = _TOKEN.fullmatch(token)
        expires_at = int(match[1]) if match else 0
        given = match[2] if match else ""
        # Compared in any case, and in constant time: neither shape nor content of a guess shows in the time taken.
        is_ours = hmac.compare_digest(self._code(image_id, expires_at).encode(), given.encode())
        if match is None or not is_ours:
            raise LinkRefusedError("the link is not one of this hub's for this image")
        if self._clock() >= expires_at:
            raise LinkExpiredError("the link has expired")

    def _code(self, image_id: str, expires_at: int) -> str:
        code = hmac.digest(self._key, f"{image_id}\n{expires_at}".encode("utf-8", "surrogateescape"), hashlib.sha256)
        return base64.urlsafe_b64encode(code).rstrip(b"=").decode()
