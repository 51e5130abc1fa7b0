"""Names that people give, and how they are found again."""

import unicodedata

from arkitekt_di.errors import RecordRefusedError

MAX_NAME = 255
"""Longest name of a record, in characters."""

MAX_DESCRIPTION = 4096
"""Longest description, in characters."""


def folded(text: str) -> str:
    """Return *text* as it is compared in a search: case, width and compatibility variants do not count.

    Unicode 16, section 3.13, D146 (compatibility caseless match), in one pass: "STRASSE" finds "Straße".
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def checked_name(name: str, *, subject: str, refusal: type[RecordRefusedError] = RecordRefusedError) -> str:
    """Return *name*; raises *refusal* where no one could read or store it."""
    if not name.strip():
        raise refusal(f"{subject} is empty", "Give it a name that can be read")
    if len(name) > MAX_NAME:
        raise refusal(f"{subject} has {len(name)} characters", f"Shorten it to {MAX_NAME} or fewer")
    if not is_text(name):
        raise refusal(f"{subject} holds control characters", "Leave them out")
    return name


def checked_description(description: str, *, refusal: type[RecordRefusedError] = RecordRefusedError) -> str:
    """Return *description*; raises *refusal* where it is too long."""
    if len(description) > MAX_DESCRIPTION:
        raise refusal(f"the description has {len(description)} characters", f"Shorten it to {MAX_DESCRIPTION} or fewer")
    if not is_text(description.replace("\n", "").replace("\t", "")):
        raise refusal("the description holds control characters", "Leave them out")
    return description


def is_text(text: str) -> bool:
    """Tell whether *text* is free of control characters and of halves of surrogate pairs."""
    return not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)
