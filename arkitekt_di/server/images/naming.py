"""Names that people give, and how they are found again."""

import unicodedata
from collections.abc import Sequence

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.images import Axis

MAX_NAME = 255
"""Longest name of an image or axis, in characters."""

MAX_DESCRIPTION = 4096
"""Longest description, in characters."""


def folded(text: str) -> str:
    """Return *text* as it is compared in a search: case, width and compatibility variants do not count.

    Unicode 16, section 3.13, D146 (compatibility caseless match), in one pass: "STRASSE" finds "Straße".
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def checked_name(name: str, *, subject: str = "the name of an image") -> str:
    """Return *name*; raises `ImageRefusedError` where no one could read or store it."""
    if not name.strip():
        raise ImageRefusedError(f"{subject} is empty", "Give it a name that can be read")
    if len(name) > MAX_NAME:
        raise ImageRefusedError(f"{subject} has {len(name)} characters", f"Shorten it to {MAX_NAME} or fewer")
    if not is_text(name):
        raise ImageRefusedError(f"{subject} holds control characters", "Leave them out")
    return name


def checked_description(description: str) -> str:
    """Return *description*; raises `ImageRefusedError` where it is too long."""
    if len(description) > MAX_DESCRIPTION:
        raise ImageRefusedError(
            f"the description has {len(description)} characters", f"Shorten it to {MAX_DESCRIPTION} or fewer"
        )
    if not is_text(description.replace("\n", "").replace("\t", "")):
        raise ImageRefusedError("the description holds control characters", "Leave them out")
    return description


def checked_axes(axes: Sequence[Axis], dimension_names: Sequence[str | None]) -> tuple[Axis, ...]:
    """Return *axes*; raises `ImageRefusedError` where they are not those of the stored array, in its order."""
    names = [checked_name(axis.name, subject="the name of an axis") for axis in axes]
    if len(set(names)) < len(names):
        raise ImageRefusedError(f"the axes {_listed(names)} are not distinct", "Give each axis a name of its own")
    if len(names) != len(dimension_names):
        raise ImageRefusedError(
            f"{len(names)} axes were named, but the stored array has {len(dimension_names)}",
            "Name every axis of the array, in its order",
        )
    if any(stored is not None and stored != name for name, stored in zip(names, dimension_names, strict=True)):
        raise ImageRefusedError(
            f"the axes {_listed(names)} are not those of the stored array ({_listed(dimension_names)})",
            "Name them as they were written, in the same order",
        )
    for axis in axes:
        checked_description(axis.description or "")
        checked_description(axis.long_name or "")
    return tuple(axes)


def is_text(text: str) -> bool:
    """Tell whether *text* is free of control characters and of halves of surrogate pairs."""
    return not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def _listed(names: Sequence[str | None]) -> str:
    return ", ".join(repr(name) for name in names)
