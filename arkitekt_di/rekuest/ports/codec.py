"""What every codec promises: one type of values, on its way out and on its way in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Never, Protocol

from arkitekt_di.errors import ValueRefusedError
from arkitekt_di.messages.ports import PortKind
from arkitekt_di.messages.widgets import Choice
from arkitekt_di.rekuest.ports.notes import NO_NOTES, Notes

ITEM: Final = "..."
"""Key of the one port inside a LIST or DICT."""

IDENTIFIER: Final = "__identifier"
USE: Final = "__use"
VALUE: Final = "__value"
OBJECT: Final = "object"


class Missing:
    """There is no default."""

    def __repr__(self) -> str:
        return "<no default>"


MISSING: Final = Missing()


class Visit(Protocol):
    """One way through a value, in which structures are swapped for their references or the other way round."""

    @property
    def is_survey(self) -> bool:
        """Whether this way only finds out which structures there are; what it returns is thrown away."""
        ...

    def swap(self, structure: Any, subject: Any, at: str) -> Any:
        """Return what stands for *subject*; None in a survey."""
        ...


class Codec:
    """Carries values of one type.

    Both ways raise `ValueRefusedError` where the value is of another type; *at* is the path that the error names.

    Attributes
    ----------
    kind : PortKind
    identifier : str or None
    carries_structures : bool
        Whether a value may hold structures, which are looked up between a survey and the way itself.
    """

    kind: ClassVar[PortKind]
    identifier: str | None = None
    carries_structures: bool = False
    is_nullable: bool = False

    @property
    def name(self) -> str:
        """What a person reads where the value is of another type."""
        return self.kind.lower()

    def accepts(self, value: object) -> bool:
        """Tell whether *value* may be of this type, by its outermost look."""
        raise NotImplementedError

    def shrink(self, value: Any, at: str, visit: Visit) -> Any:
        """Return *value* as it travels."""
        raise NotImplementedError

    def expand(self, value: Any, at: str, visit: Visit) -> Any:
        """Return what has travelled as a Python value."""
        raise NotImplementedError

    def children(self) -> Sequence["Slot"]:
        """Return what is inside."""
        return ()

    def choices(self) -> Sequence[Choice]:
        """Return the values of an enumeration."""
        return ()

    def refuse(self, value: object, at: str) -> Never:
        """Raise because *value* is of another type."""
        shown = repr(value)
        raise ValueRefusedError(at, f"{self.name} wanted, got {type(value).__name__} {shown[:60]}")


@dataclass(frozen=True)
class Slot:
    """A named place for a value: a parameter, a result, or a member of either.

    Attributes
    ----------
    key : str
    codec : Codec
    notes : Notes
        What the annotation and the docstring say about it.
    default : object
        As it travels; `MISSING` where there is none.
    """

    key: str
    codec: Codec
    notes: Notes = field(default=NO_NOTES)
    default: Any = MISSING

    @property
    def has_default(self) -> bool:
        """Whether the value may be left out."""
        return not isinstance(self.default, Missing)

    @property
    def is_nullable(self) -> bool:
        """Whether the value may be absent."""
        return self.codec.is_nullable or self.has_default

    def shrink(self, value: Any, at: str, visit: Visit) -> Any:
        """Return *value* as it travels, checked against the limits."""
        self.notes.check(value, at)
        return self.codec.shrink(value, at, visit)

    def expand(self, value: Any, at: str, visit: Visit) -> Any:
        """Return what has travelled, checked against the limits; the default where nothing has."""
        if value is None and self.has_default and not self.codec.is_nullable:
            value = self.default
        expanded = self.codec.expand(value, at, visit)
        if not visit.is_survey:
            self.notes.check(expanded, at)
        return expanded
