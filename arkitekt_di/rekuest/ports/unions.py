"""Values that may be absent, and values of one of several types."""

from collections.abc import Sequence
from typing import Any

from arkitekt_di.errors import ValueRefusedError
from arkitekt_di.messages.ports import PortKind
from arkitekt_di.messages.widgets import Choice
from arkitekt_di.rekuest.ports.codec import USE, VALUE, Codec, Slot, Visit


class NullableCodec(Codec):
    """``X | None``.

    Parameters
    ----------
    inner : Codec
    """

    is_nullable = True

    def __init__(self, inner: Codec) -> None:
        self.inner = inner
        self.kind = inner.kind  # type: ignore[misc]  # that of what is inside
        self.identifier = inner.identifier
        self.carries_structures = inner.carries_structures

    @property
    def name(self) -> str:
        """What is inside, or nothing."""
        return f"{self.inner.name} or None"

    def accepts(self, value: object) -> bool:
        """Tell whether *value* is absent or of the type inside."""
        return value is None or self.inner.accepts(value)

    def shrink(self, value: Any, at: str, visit: Visit) -> Any:
        """Return null, or the value."""
        return None if value is None else self.inner.shrink(value, at, visit)

    def expand(self, value: Any, at: str, visit: Visit) -> Any:
        """Return None, or the value."""
        return None if value is None else self.inner.expand(value, at, visit)

    def children(self) -> Sequence[Slot]:
        """Return those of the type inside."""
        return self.inner.children()

    def choices(self) -> Sequence[Choice]:
        """Return those of the type inside."""
        return self.inner.choices()


class UnionCodec(Codec):
    """A value of the first type that takes it; travels with the number of that type.

    Parameters
    ----------
    members : sequence of Slot
    """

    kind = PortKind.UNION

    def __init__(self, members: Sequence[Slot]) -> None:
        self._members = tuple(members)
        self.carries_structures = any(member.codec.carries_structures for member in members)

    @property
    def name(self) -> str:
        """Each of the types."""
        return " or ".join(member.codec.name for member in self._members)

    def accepts(self, value: object) -> bool:
        """Tell whether one of the types takes *value*."""
        return any(member.codec.accepts(value) for member in self._members)

    def shrink(self, value: Any, at: str, visit: Visit) -> dict[str, Any]:
        """Return which type it is, and the value."""
        refusals: list[ValueRefusedError] = []
        for index, member in enumerate(self._members):
            if member.codec.accepts(value):
                try:
                    return {USE: index, VALUE: member.shrink(value, at, visit)}
                except ValueRefusedError as refusal:  # a list of text looks like a list of numbers
                    refusals.append(refusal)
        raise refusals[0] if len(refusals) == 1 else self._refusal(value, at)

    def expand(self, value: Any, at: str, visit: Visit) -> Any:
        """Return the value; where it does not say which type it is, the first type that fits is taken."""
        if isinstance(value, dict) and USE in value:
            index = value[USE]
            if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(self._members):
                raise ValueRefusedError(at, f"there is no type number {index!r} in {self.name}")
            return self._members[index].expand(value.get(VALUE), at, visit)
        for member in self._members:
            try:
                return member.expand(value, at, visit)
            except ValueRefusedError:
                continue
        raise self._refusal(value, at)

    def _refusal(self, value: object, at: str) -> ValueRefusedError:
        return ValueRefusedError(at, f"{self.name} wanted, got {type(value).__name__} {repr(value)[:60]}")

    def children(self) -> Sequence[Slot]:
        """Return the types."""
        return self._members
