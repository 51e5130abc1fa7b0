"""Proof that an address leads to the service it is said to lead to."""

import base64
import binascii
import secrets
from urllib.parse import urlencode

from arkitekt_di.errors import ConnectionLostError
from arkitekt_di.messages.fakts import Alias, ChallengeKey
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.origin import Origin

SIGNED_PREFIX = "fakts-challenge-v1:"
"""Stands before the nonce in what the service signs, so that the signature is good for nothing else."""


async def failed_challenge(http: HttpClient, alias: Alias, key: ChallengeKey | None, *, timeout_s: float) -> str | None:
    """Return why *alias* cannot be used; None where it passed.

    Parameters
    ----------
    http : HttpClient
    alias : Alias
    key : ChallengeKey or None
        With a key, the service signs a nonce (Ed25519); without one, it answers with status 200.
    timeout_s : float
        Longest wait, in seconds.
    """
    if not Origin.of(alias.url()).is_private:
        return "plain http to another machine can be read on the way, so no login is sent there"
    nonce = secrets.token_urlsafe(24)
    query = "" if key is None else f"?{urlencode({'nonce': nonce})}"
    try:
        answer = await http.get(alias.url(alias.challenge) + query, timeout_s=timeout_s)
    except ConnectionLostError as error:
        return error.reason
    if answer.status != 200:
        return f"it answered with status {answer.status}"
    if key is not None and not _is_signed(answer.members(), nonce, key):
        return "it cannot prove to be the service"
    return None


def _is_signed(members: dict[str, object] | None, nonce: str, key: ChallengeKey) -> bool:
    # Imported late: few hubs sign, and the library is large.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        signature = base64.b64decode(str((members or {}).get("signature")), validate=True)
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.key, validate=True))
        public.verify(signature, (SIGNED_PREFIX + nonce).encode())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True
