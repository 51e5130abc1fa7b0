"""ID tokens: what a client learns about the login itself (OpenID Connect Core 1.0, section 2)."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from joserfc import jwt

from arkitekt_di.server.address import Address
from arkitekt_di.server.identity.clock import Clock
from arkitekt_di.server.identity.keys import ALGORITHM, SigningKeys
from arkitekt_di.server.identity.standing import Standing

TOKEN_TYPE = "JWT"  # noqa: S105  # never `at+jwt`: an ID token opens nothing

CLAIMS = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "preferred_username")
"""Every claim that an ID token may carry."""


@dataclass(frozen=True)
class Authentication:
    """How the person was recognised who let the app in.

    Attributes
    ----------
    at : int
        When they gave their password, in Unix time.
    nonce : str or None
        What the client sent to tell this answer from a replayed one.
    """

    at: int
    nonce: str | None


class IdTokens:
    """Signs ID tokens, with the keys of the access tokens.

    Parameters
    ----------
    keys : SigningKeys
    address : Address
        Gives the issuer.
    lifetime_s : int
        Seconds from issue to expiry.
    clock : Clock
    """

    def __init__(self, keys: SigningKeys, address: Address, lifetime_s: int, clock: Clock) -> None:
        self._keys = keys
        self._address = address
        self._lifetime_s = lifetime_s
        self._clock = clock

    def mint(self, client_id: str, standing: Standing, authentication: Authentication, access_token: str) -> str:
        """Return a signed token for the client; other clients must refuse it."""
        now = int(self._clock())
        kid, key = self._keys.current
        claims: dict[str, Any] = {
            "iss": self._address.issuer,
            "sub": standing.user_id,
            "aud": client_id,
            "exp": now + self._lifetime_s,
            "iat": now,
            "auth_time": authentication.at,
            "at_hash": _half_hash(access_token),
            "preferred_username": standing.user_name,
        }
        if authentication.nonce is not None:
            claims["nonce"] = authentication.nonce
        return jwt.encode({"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": kid}, claims, key, algorithms=[ALGORITHM])


def _half_hash(token: str) -> str:
    # OpenID Connect Core 1.0, section 3.1.3.6: the left half of the digest that goes with RS256.
    left = hashlib.sha256(token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(left).decode().rstrip("=")
