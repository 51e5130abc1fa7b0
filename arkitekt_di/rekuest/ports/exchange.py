"""Swaps structures for their references, and back: all those of one set of values at once."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from arkitekt_di.errors import ArkitektError, ValueRefusedError
from arkitekt_di.rekuest.ports.codec import Slot
from arkitekt_di.rekuest.ports.shelf import Shelf
from arkitekt_di.rekuest.ports.structures import Structure

Expand = Callable[[str], Awaitable[Any]]


class _Way:
    """A way through values; the first is a survey."""

    def __init__(self) -> None:
        self.is_survey = True
        self.asked: dict[tuple[str, Any], tuple[Structure, Any, str]] = {}
        self.found: dict[tuple[str, Any], Any] = {}

    def swap(self, structure: Structure, subject: Any, at: str) -> Any:
        """Note the subject in a survey, and return what stands for it afterwards."""
        key = (structure.identifier, subject if isinstance(subject, str) else id(subject))
        if not self.is_survey:
            return self.found[key]
        self.asked[key] = (structure, subject, at)
        return None


class StraightWay:
    """A way through values that hold no structures."""

    is_survey = False

    def swap(self, structure: Structure, subject: Any, at: str) -> Any:
        """Refuse."""
        raise ValueRefusedError(at, f"{structure.cls.__name__} travels by reference, which is not possible here")


STRAIGHT = StraightWay()


class Exchange:
    """Takes the arguments and results of functions across the wire.

    Parameters
    ----------
    expanders : mapping of str to callable, optional
        How structures that the app's services know are found: coroutine functions by identifier.
    shelf : Shelf, optional
        Where structures are that stay in memory.
    """

    def __init__(self, expanders: Mapping[str, Expand] | None = None, shelf: Shelf | None = None) -> None:
        self._expanders = expanders or {}
        self.shelf = shelf or Shelf()

    def knows(self, identifier: str) -> bool:
        """Tell whether a service finds structures of an identifier."""
        return identifier in self._expanders

    async def shrink(self, slots: Sequence[Slot], values: Mapping[str, Any]) -> dict[str, Any]:
        """Return *values*, which are there for every slot, as they travel.

        Raises
        ------
        ValueRefusedError
            A value does not fit, or a structure has no reference.
        """
        way = _Way()
        if any(slot.codec.carries_structures for slot in slots):
            for slot in slots:
                slot.shrink(values[slot.key], slot.key, way)
            way.found = dict(zip(way.asked, await _all(self._reference, way.asked.values()), strict=True))
        way.is_survey = False
        return {slot.key: slot.shrink(values[slot.key], slot.key, way) for slot in slots}

    async def expand(self, slots: Sequence[Slot], values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what has travelled as Python values; slots that nothing came for take their defaults.

        Raises
        ------
        ValueRefusedError
            A value does not fit or is missing, or a structure cannot be found.
        """
        _refuse_strangers(slots, values)
        way = _Way()
        if any(slot.codec.carries_structures for slot in slots):
            for slot in slots:
                slot.expand(values.get(slot.key), slot.key, way)
            way.found = dict(zip(way.asked, await _all(self._instance, way.asked.values()), strict=True))
        way.is_survey = False
        return {slot.key: slot.expand(values.get(slot.key), slot.key, way) for slot in slots}

    async def _reference(self, structure: Structure, subject: Any, at: str) -> str:
        if structure.stays_in_memory:
            return self.shelf.put(structure.identifier, subject)
        reference = await _awaited(structure.shrink(subject) if structure.shrink else getattr(subject, "id", None))
        if not isinstance(reference, str) or not reference:
            raise ValueRefusedError(at, f"{structure.cls.__name__} gave {reference!r} as its reference, not a str")
        return reference

    async def _instance(self, structure: Structure, reference: str, at: str) -> Any:
        if structure.stays_in_memory:
            return self.shelf.get(reference, at)
        expand = structure.expand or self._expanders.get(structure.identifier)
        if expand is None:
            raise ValueRefusedError(at, f"nothing here can find {structure.identifier} by reference")
        try:
            return await _awaited(expand(reference))
        except ArkitektError as error:
            raise ValueRefusedError(at, f"{structure.identifier} {reference!r} cannot be had: {error}") from error


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def _all(fn: Callable[..., Awaitable[Any]], asked: Any) -> list[Any]:
    return list(await asyncio.gather(*(fn(*one) for one in asked)))


def _refuse_strangers(slots: Sequence[Slot], values: Mapping[str, Any]) -> None:
    known = {slot.key for slot in slots}
    for key in values:
        if key not in known:
            raise ValueRefusedError(key, f"there is no such port; there are {', '.join(sorted(known)) or 'none'}")
    for slot in slots:
        if slot.key not in values and not slot.is_nullable:
            raise ValueRefusedError(slot.key, "no value was given, and it has no default")
