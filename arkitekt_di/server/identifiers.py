"""Identifiers of records."""

import os
import re
import time
import uuid

_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_identifier() -> str:
    """Return an identifier that cannot be guessed."""
    return str(uuid.uuid4())


def new_ordered_identifier() -> str:
    """Return an identifier that cannot be guessed, and sorts after those that were given before.

    A UUID of version 7 (RFC 9562, 5.7): rows that are written together stand together in every index.
    """
    time_ms, chance = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10))
    bits = (time_ms & (1 << 48) - 1) << 80 | 0x7 << 76 | (chance >> 68) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
    digits = f"{bits:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_identifier(text: str) -> bool:
    """Tell whether *text* can be an identifier at all; anything else never reaches the database."""
    return _IDENTIFIER.fullmatch(text) is not None
