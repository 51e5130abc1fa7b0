"""Verifies ID tokens, by which an issuer tells who has logged in (OpenID Connect Core 1.0, section 3.1.3.7)."""

import hmac
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from arkitekt_di.errors import LoginError
from arkitekt_di.herre.provider import Provider
from arkitekt_di.messages.oauth import EndUser
from arkitekt_di.transport.http import HttpClient

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Signatures that only the issuer can make: none with a shared secret, and never ``none``."""

LEEWAY_S = 60.0
"""By how much clocks may differ, in seconds."""

MAX_SUB = 255  # OpenID Connect Core 1.0, section 2
MAX_KEYS = 64


class IdTokens:
    """Reads the ID tokens of one issuer for one client.

    Parameters
    ----------
    http : HttpClient
    provider : Provider
    client_id : str
    clock : callable
        Unix time in seconds.
    """

    def __init__(self, http: HttpClient, provider: Provider, client_id: str, clock: Callable[[], float]) -> None:
        self._http = http
        self._provider = provider
        self._client_id = client_id
        self._clock = clock
        self._keys: list[Mapping[str, Any]] | None = None

    async def read(self, token: str, *, nonce: str | None = None, before: EndUser | None = None) -> EndUser:
        """Return whom *token* names.

        Parameters
        ----------
        token : str
        nonce : str, optional
            What was sent to tell this answer from a replayed one; without it, none is looked for.
        before : EndUser, optional
            Who was logged in before this renewal, and must still be.

        Raises
        ------
        LoginError
            The token is not one that this issuer gave to this client just now.
        ConnectionLostError
            The issuer does not tell its keys.
        """
        claims = await self._verified(token)
        self._check_parties(claims)
        self._check_times(claims)
        sub = claims.get("sub")
        if not isinstance(sub, str) or not 0 < len(sub) <= MAX_SUB:
            raise self._refused("names nobody")
        if nonce is not None and not hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
            raise self._refused("belongs to another login")
        if before is not None and before.sub != sub:
            raise self._refused("names somebody else than before")
        return EndUser(sub=sub, name=_text(claims, "name", "preferred_username"), email=_text(claims, "email"))

    async def _verified(self, token: str) -> Mapping[str, Any]:
        # Imported late: only logins at other issuers need it.
        from joserfc import jws, jwt
        from joserfc.errors import JoseError

        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError) as error:
            raise self._refused("is none") from error
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise self._refused("is signed in a way that proves nothing")
        if str(header.get("typ", "JWT")).lower() != "jwt":  # such as at+jwt: RFC 8725, section 3.11
            raise self._refused("is a token of another kind")
        key = await self._key(header.get("kid"), algorithm)
        try:
            return jwt.decode(token, key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError) as error:
            raise self._refused("has no good signature") from error

    async def _key(self, kid: object, algorithm: str) -> Any:
        """Return the one key that may have signed; asks the issuer again where it has a new one."""
        if self._keys is not None and (found := _matching(self._keys, kid, algorithm)) is not None:
            return found
        self._keys = await self._read_keys()
        found = _matching(self._keys, kid, algorithm)
        if found is None:
            raise self._refused("is signed with a key that the issuer does not have")
        return found

    async def _read_keys(self) -> list[Mapping[str, Any]]:
        if self._provider.jwks_uri is None:
            raise self._refused("cannot be verified: the issuer names no keys")
        answer = await self._http.get(self._provider.jwks_uri)
        listed = (answer.members() or {}).get("keys") if answer.status == 200 else None
        if not isinstance(listed, list):
            raise answer.unusable()
        return [key for key in listed[:MAX_KEYS] if isinstance(key, dict)]

    def _check_parties(self, claims: Mapping[str, Any]) -> None:
        if claims.get("iss") != self._provider.issuer:
            raise self._refused("was given by another issuer")
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        party = claims.get("azp", self._client_id if len(audiences) == 1 else None)
        if self._client_id not in audiences or party != self._client_id:
            raise self._refused("was given to another client")

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = self._clock()
        if _seconds(claims.get("exp"), -math.inf) <= now - LEEWAY_S:
            raise self._refused("has expired")
        if _seconds(claims.get("iat"), math.inf) > now + LEEWAY_S:
            raise self._refused("is from the future: check the clock of this machine")

    def _refused(self, fault: str) -> LoginError:
        return LoginError(self._provider.issuer, f"its ID token {fault}")


def _matching(keys: Sequence[Mapping[str, Any]], kid: object, algorithm: str) -> Any:
    """Return the key of that identifier; without one, the only one that could be meant (RFC 7517, section 4)."""
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key

    family = {"R": "RSA", "P": "RSA", "E": "OKP" if algorithm == "EdDSA" else "EC"}[algorithm[0]]
    fitting = [
        key
        for key in keys
        if key.get("kty") == family
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    ]
    if len(fitting) != 1:
        return None
    try:
        return import_key(dict(fitting[0]))
    except (JoseError, ValueError, TypeError):
        return None


def _seconds(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def _text(claims: Mapping[str, Any], *names: str) -> str | None:
    return next((value for name in names if isinstance(value := claims.get(name), str) and value), None)
