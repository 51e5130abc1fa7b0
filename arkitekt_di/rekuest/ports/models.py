"""Values with named members: dataclasses and pydantic models."""

from collections.abc import Callable, Sequence
from typing import Any

from arkitekt_di.errors import ValueRefusedError
from arkitekt_di.messages.ports import PortKind
from arkitekt_di.rekuest.ports.codec import IDENTIFIER, Codec, Slot, Visit


class ModelCodec(Codec):
    """A class with named members.

    Parameters
    ----------
    identifier : str
    cls : type
    make : callable
        Makes an instance of keyword arguments.
    """

    kind = PortKind.MODEL

    def __init__(self, identifier: str, cls: type[Any], make: Callable[..., Any]) -> None:
        self.identifier = identifier
        self._cls = cls
        self._make = make
        self._members: tuple[Slot, ...] = ()

    def take_members(self, members: Sequence[Slot]) -> None:
        """Learn the members, which are read after the class itself."""
        self._members = tuple(members)
        self.carries_structures = any(member.codec.carries_structures for member in members)

    @property
    def name(self) -> str:
        """Name of the class."""
        return self._cls.__name__

    def accepts(self, value: object) -> bool:
        """Tell whether *value* is an instance."""
        return isinstance(value, self._cls)

    def shrink(self, value: Any, at: str, visit: Visit) -> dict[str, Any]:
        """Return a JSON object."""
        if not isinstance(value, self._cls):
            self.refuse(value, at)
        shrunk = {
            member.key: member.shrink(getattr(value, member.key), f"{at}.{member.key}", visit)
            for member in self._members
        }
        return {IDENTIFIER: self.identifier, **shrunk}

    def expand(self, value: Any, at: str, visit: Visit) -> Any:
        """Return an instance; members that did not travel take their defaults."""
        if not isinstance(value, dict):
            self.refuse(value, at)
        missing = [slot.key for slot in self._members if slot.key not in value and not slot.is_nullable]
        if missing:
            raise ValueRefusedError(at, f"{self.name} lacks {', '.join(missing)}")
        expanded = {
            member.key: member.expand(value.get(member.key), f"{at}.{member.key}", visit) for member in self._members
        }
        if visit.is_survey:
            return None
        try:
            return self._make(**expanded)
        except (TypeError, ValueError) as error:  # its own checks; pydantic's error is a ValueError
            raise ValueRefusedError(at, f"{self.name} does not take the values: {error}") from error

    def children(self) -> Sequence[Slot]:
        """Return the members."""
        return self._members
