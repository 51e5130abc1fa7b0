"""Random credentials, and the digests under which the hub knows them: a stolen database opens nothing."""

import hashlib
import secrets

SECRET_BYTES = 32
"""Entropy of a credential; RFC 6749, section 10.10, wants at least 160 bits."""

USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""RFC 8628, section 6.1: no vowels, so that no words come out; nothing that looks like something else."""

USER_CODE_LENGTH = 8
"""20 letters to the power of 8 are 34 bits; safe with the limit on tries (RFC 8628, section 5.1)."""


def new_secret() -> str:
    """Return a random credential that is safe in URLs, headers and forms."""
    return secrets.token_urlsafe(SECRET_BYTES)


def new_id() -> str:
    """Return a random identifier, 32 hexadecimal digits."""
    return secrets.token_hex(16)


def digest(credential: str) -> str:
    """Return what is stored in place of *credential*: SHA-256, hexadecimal.

    A plain hash is enough for random credentials; passwords go to argon2id instead.
    """
    return hashlib.sha256(credential.encode("utf-8", "surrogatepass")).hexdigest()


def new_user_code() -> str:
    """Return a code for people to compare or type, such as ``WDJB-MJHT``."""
    letters = "".join(secrets.choice(USER_CODE_ALPHABET) for _ in range(USER_CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def read_user_code(typed: str) -> str | None:
    """Return the code that a person meant, or None where no code looks like that.

    Case, spaces and dashes do not matter (RFC 8628, section 6.1).
    """
    letters = "".join(typed[:32].upper().replace("-", " ").split())
    if len(letters) != USER_CODE_LENGTH or not set(letters) <= set(USER_CODE_ALPHABET):
        return None
    return f"{letters[:4]}-{letters[4:]}"
