"""Checks signatures with the keys of hubs and services (Ed25519, RFC 8032)."""

import base64
import binascii

from arkitekt_di.messages.fakts import ChallengeKey


def is_signed(message: bytes, signature: object, key: ChallengeKey) -> bool:
    """Tell whether *signature*, in base64, is that of *message* by *key*; whatever is no signature is none."""
    # Imported late: few hubs sign, and the library is large.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not isinstance(signature, str):
        return False
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.key, validate=True))
        public.verify(base64.b64decode(signature, validate=True), message)
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True
