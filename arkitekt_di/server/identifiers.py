"""Identifiers of records."""

import re
import uuid

_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_identifier() -> str:
    """Return an identifier that cannot be guessed."""
    return str(uuid.uuid4())


def is_identifier(text: str) -> bool:
    """Tell whether *text* can be an identifier at all; anything else never reaches the database."""
    return _IDENTIFIER.fullmatch(text) is not None
