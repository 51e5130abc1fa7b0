"""Access tokens: signed JWTs that name the user, the organization and the app (RFC 9068)."""

import base64
import binascii
import json
from collections.abc import Iterable
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from pydantic import ValidationError

from arkitekt_di.messages.model import Message
from arkitekt_di.server.address import Address
from arkitekt_di.server.identity.clock import Clock
from arkitekt_di.server.identity.keys import ALGORITHM, SigningKeys
from arkitekt_di.server.identity.opaque import new_id
from arkitekt_di.server.identity.standing import Standing
from arkitekt_di.server.identity.tables import Client, Login

TOKEN_TYPE = "at+jwt"  # noqa: S105  # RFC 9068, section 2.1: tells an access token from any other JWT
HUB_AUDIENCE = "lok"
"""Audience of every token, as the services of Arkitekt expect it; the hub's own endpoints want it."""

MAX_TOKEN = 8192
"""Characters; what servers commonly accept as one header."""


class Claims(Message):
    """What a token that we signed says, as far as the hub reads it."""

    iss: str
    sub: str
    aud: tuple[str, ...]
    exp: int
    iat: int
    jti: str
    client_id: str
    scope: str
    login: str


class AccessTokens:
    """Signs access tokens and reads them back.

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
        self._clock = clock
        self.lifetime_s = lifetime_s

    def mint(
        self, login: Login, client: Client, standing: Standing, *, scopes: Iterable[str], audience: Iterable[str]
    ) -> str:
        """Return a signed token.

        ``org`` is the identifier that services of Arkitekt from authentikate 4 on read, ``active_org`` the slug that
        older ones do.
        """
        now = int(self._clock())
        manifest = client.manifest
        kid, key = self._keys.current
        claims = {
            "iss": self._address.issuer,
            "sub": standing.user_id,
            "aud": [HUB_AUDIENCE, *audience],
            "exp": now + self.lifetime_s,
            "iat": now,
            "jti": new_id(),
            "client_id": client.client_id,
            "scope": " ".join(scopes),
            "preferred_username": standing.user_name,
            "roles": [standing.role],
            "org": standing.organization_id,
            "active_org": standing.organization_slug,
            "client_app": manifest.identifier,
            "client_release": manifest.version,
            "client_device": manifest.device_id,
            "client_role": client.role,
            "login": login.id,
        }
        return jwt.encode({"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": kid}, claims, key, algorithms=[ALGORITHM])

    def read(self, token: str, *, audience: str) -> Claims | None:
        """Return what *token* says, or None where it is forged, expired, for another audience, or no token."""
        claims = self.read_expired(token)
        if claims is None or claims.exp <= self._clock() or audience not in claims.aud:
            return None
        return claims

    def read_expired(self, token: str) -> Claims | None:
        """Return what a token of ours says although it may have expired: enough to revoke what it belongs to."""
        kid = _signing_key(token)
        key = None if kid is None else self._keys.find(kid)
        if key is None:
            return None
        try:
            claims = Claims.model_validate(jwt.decode(token, key, algorithms=[ALGORITHM]).claims)
        except (JoseError, ValidationError, ValueError):
            return None
        return claims if claims.iss == self._address.issuer else None


def _signing_key(token: str) -> str | None:
    """Return the key that the header names, where the header is exactly one that we write.

    One with anything more (``jwk``, ``jku``, ``x5u``, ``crit``) or another algorithm never reaches the JWT library.
    """
    if len(token) > MAX_TOKEN or not token.isascii() or token.count(".") != 2:
        return None
    header = _decode(token.partition(".")[0])
    if not isinstance(header, dict) or set(header) != {"alg", "typ", "kid"}:
        return None
    if (header["alg"], header["typ"]) != (ALGORITHM, TOKEN_TYPE) or not isinstance(header["kid"], str):
        return None
    return header["kid"]


def _decode(part: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
