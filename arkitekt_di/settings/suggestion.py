"""What somebody who misspelt a name probably meant."""

import difflib
from collections.abc import Iterable


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like *name*, or None where none is like it."""
    matches = difflib.get_close_matches(name.lower(), list(known), n=1)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``, did you mean 'x'?``, or nothing."""
    match = nearest_name(name, known)
    return f", did you mean {match!r}?" if match else ""
