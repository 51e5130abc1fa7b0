"""Codecs of ports as the hub tells them, for callers that have no types."""

import dataclasses
import enum
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import pydantic

from arkitekt_di.errors import ValueRefusedError
from arkitekt_di.messages.ports import ArgPort, PortKind, ReturnPort
from arkitekt_di.rekuest.ports.choices import ChoiceCodec
from arkitekt_di.rekuest.ports.codec import IDENTIFIER, MISSING, OBJECT, Codec, Slot, Visit
from arkitekt_di.rekuest.ports.many import DictCodec, ListCodec, TupleCodec
from arkitekt_di.rekuest.ports.plain import BoolCodec, DateTimeCodec, FloatCodec, IntCodec, StringCodec
from arkitekt_di.rekuest.ports.structures import Structure, reference_in, structure_of
from arkitekt_di.rekuest.ports.unions import NullableCodec, UnionCodec


@dataclasses.dataclass(frozen=True)
class Reference:
    """A structure that nothing here can find: where it is, and under which identifier.

    Attributes
    ----------
    identifier : str
        Such as ``@lab/mesh``.
    id : str
    """

    identifier: str
    id: str


class ToldModelCodec(Codec):
    """A model whose class is elsewhere: a dict here."""

    kind = PortKind.MODEL

    def __init__(self, identifier: str | None, members: Sequence[Slot]) -> None:
        self.identifier = identifier
        self._members = tuple(members)
        self.carries_structures = any(member.codec.carries_structures for member in members)

    @property
    def name(self) -> str:
        """Name of the model."""
        return f"{self.identifier or 'model'} ({', '.join(member.key for member in self._members)})"

    def accepts(self, value: object) -> bool:
        """Tell whether *value* has named members."""
        return isinstance(value, Mapping | pydantic.BaseModel) or dataclasses.is_dataclass(value)

    def shrink(self, value: Any, at: str, visit: Visit) -> dict[str, Any]:
        """Return a JSON object."""
        if not self.accepts(value):
            self.refuse(value, at)
        values = value if isinstance(value, Mapping) else _members_of(value)
        missing = [member.key for member in self._members if member.key not in values and not member.is_nullable]
        if missing:
            raise ValueRefusedError(at, f"{self.name} lacks {', '.join(missing)}")
        shrunk = {
            member.key: member.shrink(values[member.key], f"{at}.{member.key}", visit)
            for member in self._members
            if member.key in values
        }
        return {IDENTIFIER: self.identifier, **shrunk}

    def expand(self, value: Any, at: str, visit: Visit) -> dict[str, Any]:
        """Return a dict."""
        if not isinstance(value, dict):
            self.refuse(value, at)
        return {
            member.key: member.expand(value.get(member.key), f"{at}.{member.key}", visit) for member in self._members
        }

    def children(self) -> Sequence[Slot]:
        """Return the members."""
        return self._members


class ToldStructureCodec(Codec):
    """A structure whose class is elsewhere, or known to the services of the app."""

    kind = PortKind.STRUCTURE
    carries_structures = True

    def __init__(self, identifier: str, knows: Callable[[str], bool]) -> None:
        self.identifier = identifier
        self._knows = knows
        self._structure = Structure(identifier, object)

    @property
    def name(self) -> str:
        """The identifier."""
        return f"a structure {self.identifier}"

    def accepts(self, value: object) -> bool:
        """Tell whether *value* is such a structure, or refers to one."""
        structure = structure_of(type(value))
        is_it = structure is not None and structure.identifier == self.identifier
        return is_it or isinstance(value, str | Reference)

    def shrink(self, value: Any, at: str, visit: Visit) -> dict[str, Any]:
        """Return a reference."""
        structure = structure_of(type(value))
        if structure is not None and structure.identifier == self.identifier:
            return {IDENTIFIER: self.identifier, OBJECT: visit.swap(structure, value, at)}
        if isinstance(value, Reference):
            value = {IDENTIFIER: value.identifier, OBJECT: value.id}
        if not isinstance(value, str | dict):
            self.refuse(value, at)
        return {IDENTIFIER: self.identifier, OBJECT: reference_in(value, str(self.identifier), at)}

    def expand(self, value: Any, at: str, visit: Visit) -> Any:
        """Return the instance where a service knows it, or else a `Reference`."""
        reference = reference_in(value, str(self.identifier), at)
        if not self._knows(str(self.identifier)):
            return Reference(str(self.identifier), reference)
        return visit.swap(self._structure, reference, at)


class ToldChoiceCodec(ChoiceCodec):
    """Choices by name; a member of an enumeration is taken by its name as well."""

    def shrink(self, value: Any, at: str, visit: Visit) -> str:
        """Return the name."""
        plain = value.name if isinstance(value, enum.Enum) and not isinstance(value, str) else value
        return super().shrink(str(plain) if isinstance(plain, bool | int | float) else plain, at, visit)


class ToldDateCodec(DateTimeCodec):
    """Points in time, and days."""

    def accepts(self, value: object) -> bool:
        """Tell whether *value* is either."""
        return isinstance(value, date)

    def shrink(self, value: Any, at: str, visit: Visit) -> str:
        """Return ISO 8601."""
        return value.isoformat() if isinstance(value, date) else self.refuse(value, at)


_PLAIN: Final[dict[PortKind, Callable[[], Codec]]] = {
    PortKind.INT: IntCodec,
    PortKind.FLOAT: FloatCodec,
    PortKind.QUANTITY: FloatCodec,
    PortKind.STRING: StringCodec,
    PortKind.BOOL: BoolCodec,
    PortKind.DATE: ToldDateCodec,
}


class Told:
    """Makes slots of ports.

    Parameters
    ----------
    knows : callable
        Tells whether the app's services find structures of an identifier.
    """

    def __init__(self, knows: Callable[[str], bool]) -> None:
        self._knows = knows

    def slots(self, ports: Sequence[ArgPort | ReturnPort]) -> tuple[Slot, ...]:
        """Return the slots of ports, in order."""
        return tuple(self._slot(port) for port in ports)

    def _slot(self, port: ArgPort | ReturnPort) -> Slot:
        codec = self._codec(port)
        default = port.default if isinstance(port, ArgPort) and port.default is not None else MISSING
        return Slot(port.key, NullableCodec(codec) if port.nullable else codec, default=default)

    def _codec(self, port: ArgPort | ReturnPort) -> Codec:
        if (plain := _PLAIN.get(port.kind)) is not None:
            return plain()
        children = self.slots(port.children or ())
        if port.kind in _INSIDE:
            return _INSIDE[port.kind](port, children)
        return ToldStructureCodec(port.identifier or "", self._knows)


def _choices(port: ArgPort | ReturnPort, _: Sequence[Slot]) -> Codec:
    names = {str(choice.value): choice.value for choice in port.choices or ()}
    return ToldChoiceCodec(port.identifier or "", names, port.identifier or "the choices")


def _model(port: ArgPort | ReturnPort, children: Sequence[Slot]) -> Codec:
    if port.identifier == TupleCodec.identifier:
        return TupleCodec(children)
    return ToldModelCodec(port.identifier, children)


_INSIDE: Final[dict[PortKind, Callable[[ArgPort | ReturnPort, Sequence[Slot]], Codec]]] = {
    PortKind.LIST: lambda _, children: ListCodec(children[0]),
    PortKind.DICT: lambda _, children: DictCodec(children[0]),
    PortKind.UNION: lambda _, children: UnionCodec(children),
    PortKind.ENUM: _choices,
    PortKind.MODEL: _model,
}


def _members_of(value: Any) -> dict[str, Any]:
    if isinstance(value, pydantic.BaseModel):
        return {key: getattr(value, key) for key in type(value).model_fields}
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
