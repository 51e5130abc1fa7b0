"""Reads types: from an annotation to the codec that carries its values."""

import collections.abc
import dataclasses
import types
import typing
from collections.abc import Callable, Iterable
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

import pydantic
from pydantic_core import PydanticUndefined

from arkitekt_di.rekuest.ports.choices import enum_codec, literal_codec
from arkitekt_di.rekuest.ports.codec import ITEM, MISSING, Codec, Slot
from arkitekt_di.rekuest.ports.docstrings import read_docstring
from arkitekt_di.rekuest.ports.exchange import STRAIGHT
from arkitekt_di.rekuest.ports.many import DictCodec, ListCodec, TupleCodec
from arkitekt_di.rekuest.ports.models import ModelCodec
from arkitekt_di.rekuest.ports.notes import notes_of
from arkitekt_di.rekuest.ports.plain import BoolCodec, DateCodec, DateTimeCodec, FloatCodec, IntCodec, StringCodec
from arkitekt_di.rekuest.ports.structures import StructureCodec, structure_of
from arkitekt_di.rekuest.ports.unions import NullableCodec, UnionCodec


class UnmappedTypeError(TypeError):
    """A type has no port; caught where the function and the parameter are known.

    Attributes
    ----------
    reason, remedy : str
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy


_PLAIN: Final[dict[Any, Callable[[], Codec]]] = {
    bool: BoolCodec,
    int: IntCodec,
    float: FloatCodec,
    str: StringCodec,
    datetime: DateTimeCodec,
    date: DateCodec,
}

_LISTS: Final[dict[Any, Callable[[Iterable[Any]], Any]]] = {
    list: list,
    set: set,
    frozenset: frozenset,
    collections.abc.Sequence: list,
    collections.abc.Iterable: list,
    collections.abc.Collection: list,
    collections.abc.Set: frozenset,
}

_DICTS: Final = {dict, collections.abc.Mapping, collections.abc.MutableMapping}

_REGISTER: Final = "Register the class with register_structure() or memory_structure(), or use a type that has a port"
_ITEMS: Final = "Say what is inside, such as list[int] or dict[str, float]"

_HINTS: Final[dict[str, str]] = {
    "ndarray": "Take and return arkitekt_di.mikro.Image: arrays travel by reference",
    "DataArray": "Take and return arkitekt_di.mikro.Image: arrays travel by reference",
    "bytes": "Store the bytes as a file and give that",
    "Path": "A path means nothing on another machine: take a str, or store the file",
    "Any": "Say which type it is",
    "object": "Say which type it is",
}


def read_type(hint: Any) -> Codec:
    """Return the codec of a type.

    Raises
    ------
    UnmappedTypeError
        Values of the type cannot travel.
    """
    return _TypeReader().read(hint)


def read_slot(key: str, hint: Any, default: Any = MISSING) -> Slot:
    """Return the slot of an annotated name, with its limits and its default; raises as `read_type` does."""
    return _TypeReader().slot(key, hint, default)


class _TypeReader:
    """Reads one type with everything inside it; models may hold themselves."""

    def __init__(self) -> None:
        self._models: dict[type[Any], ModelCodec] = {}

    def slot(self, key: str, hint: Any, default: Any = MISSING) -> Slot:
        bare, metadata = _split(hint)
        codec = self.read(bare)
        if default is None and not codec.is_nullable:
            codec = NullableCodec(codec)
        slot = Slot(key, codec, notes_of(metadata))
        if default is MISSING or default is None:
            return slot
        return dataclasses.replace(slot, default=_shrunk_default(slot, default))

    def read(self, hint: Any) -> Codec:
        hint = _split(hint)[0]
        if (plain := _PLAIN.get(hint)) is not None:
            return plain()
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in {typing.Union, types.UnionType}:
            return self._union(arguments)
        if origin is typing.Literal:
            return self._literal(arguments)
        if origin is not None:
            return self._generic(hint, origin, arguments)
        if isinstance(hint, type):
            return self._class(hint)
        raise _unmapped(hint)

    def _union(self, arguments: tuple[Any, ...]) -> Codec:
        members = [argument for argument in arguments if argument is not type(None)]
        slots = tuple(self.slot(str(index), member) for index, member in enumerate(members))
        codec = slots[0].codec if len(slots) == 1 else UnionCodec(slots)
        return codec if len(members) == len(arguments) else NullableCodec(codec)

    def _literal(self, values: tuple[Any, ...]) -> Codec:
        named = [value for value in values if value is not None]
        return literal_codec(named) if len(named) == len(values) else NullableCodec(literal_codec(named))

    def _generic(self, hint: Any, origin: Any, arguments: tuple[Any, ...]) -> Codec:
        if origin is tuple:
            return self._tuple(arguments)
        if origin in _LISTS:
            return ListCodec(self.slot(ITEM, arguments[0]), _LISTS[origin])
        if origin in _DICTS:
            if _split(arguments[0])[0] is not str:
                raise UnmappedTypeError(f"the keys of {_named(hint)} are no text", "Use dict[str, ...]")
            return DictCodec(self.slot(ITEM, arguments[1]))
        raise _unmapped(hint)

    def _tuple(self, arguments: tuple[Any, ...]) -> Codec:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return ListCodec(self.slot(ITEM, arguments[0]), tuple)
        return TupleCodec([self.slot(str(index), argument) for index, argument in enumerate(arguments)])

    def _class(self, cls: type[Any]) -> Codec:
        if (structure := structure_of(cls)) is not None:
            return StructureCodec(structure)
        if issubclass(cls, Enum):
            return enum_codec(cls)
        if dataclasses.is_dataclass(cls) or issubclass(cls, pydantic.BaseModel):
            return self._model(cls)
        if cls in _LISTS or cls in _DICTS or cls is tuple:
            raise UnmappedTypeError(f"{cls.__name__} does not say what it holds", _ITEMS)
        raise _unmapped(cls)

    def _model(self, cls: type[Any]) -> ModelCodec:
        if cls in self._models:
            raise UnmappedTypeError(f"{cls.__name__} holds itself", "Use a model of a fixed depth")
        codec = ModelCodec(f"@{cls.__module__.replace('.', '-')}/{cls.__name__}".lower(), cls, _maker(cls))
        self._models[cls] = codec
        described = read_docstring(cls.__doc__).arguments if not _is_generated(cls) else {}
        codec.take_members(
            [
                dataclasses.replace(slot, notes=slot.notes.or_description(described.get(slot.key)))
                for slot in (self.slot(key, hint, default) for key, hint, default in _members(cls))
            ]
        )
        del self._models[cls]
        return codec


def _split(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return a type without ``Annotated`` and new names, and what was annotated."""
    metadata: tuple[Any, ...] = ()
    while True:
        if typing.get_origin(hint) is typing.Annotated:
            hint, metadata = hint.__origin__, (*hint.__metadata__, *metadata)
        elif isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        elif type(hint).__name__ == "TypeAliasType":  # Python 3.12: type Sizes = list[int]
            hint = hint.__value__
        else:
            return hint, metadata


def _shrunk_default(slot: Slot, default: Any) -> Any:
    if slot.codec.carries_structures and default not in ([], {}, ()):
        raise UnmappedTypeError("a default that travels by reference would be looked up for ever", "Use None")
    return slot.shrink(default, slot.key, STRAIGHT)


def _members(cls: type[Any]) -> list[tuple[str, Any, Any]]:
    hints = typing.get_type_hints(cls, include_extras=True)
    if issubclass(cls, pydantic.BaseModel):
        return [(key, _with_metadata(hints[key], info), _default(info)) for key, info in cls.model_fields.items()]
    return [(field.name, hints[field.name], _default(field)) for field in dataclasses.fields(cls) if field.init]


def _with_metadata(hint: Any, info: pydantic.fields.FieldInfo) -> Any:
    return typing.Annotated[hint, info]


def _default(field: Any) -> Any:
    for value in (field.default, field.default_factory):
        if value in (dataclasses.MISSING, PydanticUndefined, None) or value is Ellipsis:
            continue
        return value() if value is field.default_factory else value
    return None if field.default is None else MISSING


def _maker(cls: type[Any]) -> Callable[..., Any]:
    if issubclass(cls, pydantic.BaseModel):
        return lambda **members: cls.model_validate(members, by_name=True)
    return cls


def _is_generated(cls: type[Any]) -> bool:
    # A dataclass without a docstring gets its signature as one, and a pydantic model that of its base.
    text = cls.__doc__ or ""
    return text.startswith(f"{cls.__name__}(") or text == pydantic.BaseModel.__doc__


def _named(hint: Any) -> str:
    return getattr(hint, "__name__", None) or str(hint)


def _unmapped(hint: Any) -> UnmappedTypeError:
    name = _named(hint)
    return UnmappedTypeError(f"{name} has no port", _HINTS.get(name, _REGISTER))
