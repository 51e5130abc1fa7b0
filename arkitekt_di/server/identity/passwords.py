"""Passwords: argon2id, off the event loop."""

import asyncio
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import SecretStr

from arkitekt_di.errors import AccountRefusedError

MIN_LENGTH = 12  # OWASP ASVS 4.0.3, 2.1.1; no rules about kinds of characters (2.1.9)
MAX_LENGTH = 128  # OWASP ASVS 4.0.3, 2.1.2
AT_ONCE = 2
"""Hashes that are computed at the same time; each takes 64 MiB (argon2-cffi's defaults, RFC 9106, section 4)."""


class Passwords:
    """Hashes and checks passwords, as many at a time as memory allows.

    Parameters
    ----------
    hasher : argon2.PasswordHasher, optional
        argon2-cffi's defaults, which follow RFC 9106, where None.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: SecretStr) -> str:
        """Return what is stored; raises `AccountRefusedError` where the password is too short or too long."""
        if not MIN_LENGTH <= len(password.get_secret_value()) <= MAX_LENGTH:
            reason = f"the password must have {MIN_LENGTH} to {MAX_LENGTH} characters"
            raise AccountRefusedError(reason, "Choose another, such as four words that do not belong together")
        return await self._compute(password)

    async def matches(self, stored: str | None, password: SecretStr) -> bool:
        """Tell whether *password* is the one behind *stored*; takes the same time where nothing is stored."""
        if len(password.get_secret_value()) > MAX_LENGTH:
            return False
        if stored is None:
            await self._compute(password)
            return False
        async with self._slots:
            return await asyncio.to_thread(self._verify, stored, _normalized(password))

    def is_outdated(self, stored: str) -> bool:
        """Tell whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    async def _compute(self, password: SecretStr) -> str:
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, _normalized(password))

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def _normalized(password: SecretStr) -> str:
    # NIST SP 800-63B, section 5.1.1.2: the same password from another keyboard must match.
    return unicodedata.normalize("NFKC", password.get_secret_value())
