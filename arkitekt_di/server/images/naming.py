"""Names of images and of their axes."""

from collections.abc import Sequence
from typing import Final

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.images import Axis
from arkitekt_di.server import naming

PAGES: Final = "/images"
"""Path below the hub's address of the pages where people look at images."""


def checked_name(name: str, *, subject: str = "the name of an image") -> str:
    """Return *name*; raises `ImageRefusedError` where no one could read or store it."""
    return naming.checked_name(name, subject=subject, refusal=ImageRefusedError)


def checked_description(description: str) -> str:
    """Return *description*; raises `ImageRefusedError` where it is too long."""
    return naming.checked_description(description, refusal=ImageRefusedError)


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


def _listed(names: Sequence[str | None]) -> str:
    return ", ".join(repr(name) for name in names)
