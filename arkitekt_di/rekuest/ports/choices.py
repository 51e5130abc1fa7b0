"""One of a few values: enumerations and literals."""

import hashlib
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from arkitekt_di.messages.ports import PortKind
from arkitekt_di.messages.widgets import Choice
from arkitekt_di.rekuest.ports.codec import Codec, Visit


class ChoiceCodec(Codec):
    """One of a few values, each with a name that travels.

    Parameters
    ----------
    identifier : str
        Names the set of values.
    values : mapping of str to object
        Values by the names under which they travel.
    title : str
        What a person reads.
    """

    kind = PortKind.ENUM

    def __init__(self, identifier: str, values: Mapping[str, Any], title: str) -> None:
        self.identifier = identifier
        self._values = dict(values)
        self._title = title

    @property
    def name(self) -> str:
        """The values."""
        return f"one of {self._title} ({', '.join(self._values)})"

    def accepts(self, value: object) -> bool:
        """Tell whether *value* is one of them."""
        return self._name_of(value) is not None

    def _name_of(self, value: object) -> str | None:
        # 1 == True and 1 == 1.0 in Python, but they are not one value.
        return next((key for key, one in self._values.items() if type(one) is type(value) and one == value), None)

    def shrink(self, value: Any, at: str, visit: Visit) -> str:
        """Return the name; the name itself is taken as well, for convenience."""
        name = self._name_of(value)
        if name is None and isinstance(value, str) and value in self._values:
            name = value
        return self.refuse(value, at) if name is None else name

    def expand(self, value: Any, at: str, visit: Visit) -> Any:
        """Return the value of a name."""
        if not isinstance(value, str) or value not in self._values:
            self.refuse(value, at)
        return self._values[value]

    def choices(self) -> Sequence[Choice]:
        """Return the names."""
        return [Choice(value=name, label=name) for name in self._values]


def enum_codec(kind: type[Enum]) -> ChoiceCodec:
    """Return the codec of an enumeration: members travel by name, so that their values stay private."""
    members = {name: member for name, member in kind.__members__.items() if member.name == name}
    return ChoiceCodec(f"@{_slug(kind.__module__)}/{kind.__name__.lower()}", members, kind.__name__)


def literal_codec(values: Sequence[Any]) -> ChoiceCodec:
    """Return the codec of a ``Literal``."""
    named = {_name_of(value): value for value in values}
    digest = hashlib.sha256(repr(sorted(named)).encode()).hexdigest()[:12]
    return ChoiceCodec(f"@literal/{digest}", named, "the literals")


def _name_of(value: object) -> str:
    return value.name if isinstance(value, Enum) else str(value)


def _slug(module: str) -> str:
    return module.replace(".", "-").lower()
