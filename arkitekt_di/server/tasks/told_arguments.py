"""Which arguments of a task are told to whom: numbers and references to all, the rest to those who are part of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_REFERENCE: Final = frozenset({"__identifier", "object"})
"""Members of a structure, such as an image, as it travels: its kind, and its identifier."""


@dataclass(frozen=True)
class ToldArguments:
    """What somebody is told.

    Attributes
    ----------
    values : dict of str to object or None
        None where they were too large to be kept.
    hidden : tuple of str
        Names of those that this person is not told, in order.
    """

    values: Mapping[str, Any] | None
    hidden: tuple[str, ...] = ()


def told_arguments(kept: str | None, *, to_participant: bool) -> ToldArguments:
    """Return what is told of arguments that were kept as JSON.

    Parameters
    ----------
    kept : str or None
    to_participant : bool
        Whether it is somebody who called the task, ran the app that did it, or administers the organization.
    """
    given = None if kept is None else json.loads(kept)
    if given is None or to_participant:
        return ToldArguments(given)
    hidden = tuple(sorted(name for name, value in given.items() if not is_open(value)))
    return ToldArguments({name: value for name, value in given.items() if name not in hidden}, hidden)


def is_open(value: Any) -> bool:
    """Tell whether a value is told to everybody: a number, a truth value, nothing, a reference, or a list of these."""
    if isinstance(value, list):
        return all(map(is_open, value))
    return value is None or isinstance(value, bool | int | float) or _is_reference(value)


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == _REFERENCE and all(isinstance(v, str) for v in value.values())
