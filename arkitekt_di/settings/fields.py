"""What the type of a setting allows: sections, lists, paths."""

import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo


def alternatives(annotation: Any) -> Iterator[Any]:
    """Yield the members of a union, each without ``Annotated``; any other type is its only alternative."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from alternatives(get_args(annotation)[0])
    elif origin in {Union, types.UnionType}:
        for member in get_args(annotation):
            yield from alternatives(member)
    else:
        yield annotation


def section_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that a section of this type is checked by, or None where no section may stand."""
    for member in alternatives(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            return member
    return None


def is_optional(annotation: Any) -> bool:
    """Return whether null is a value of this type."""
    return any(member is None or member is types.NoneType for member in alternatives(annotation))


def holds(annotation: Any, kind: type) -> bool:
    """Return whether a value of this type may be a *kind*."""
    return any(isinstance(member, type) and issubclass(member, kind) for member in alternatives(annotation))


def element_in(annotation: Any) -> Any:
    """Return the type of the items of a list, or of the values of a mapping; Any where that is not known."""
    for member in alternatives(annotation):
        container, arguments = get_origin(member), get_args(member)
        if isinstance(container, type) and issubclass(container, Iterable) and arguments:
            return arguments[-1] if issubclass(container, Mapping) else arguments[0]
    return Any


@dataclass(frozen=True, slots=True)
class Setting:
    """One key that can be set.

    Attributes
    ----------
    key : tuple of str
        Its names, from the outermost section inwards.
    field : FieldInfo
        Type, default and limits.
    section : type of BaseModel
        The model that declares it.
    """

    key: tuple[str, ...]
    field: FieldInfo
    section: type[BaseModel]


def settings_of(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[Setting]:
    """Yield every key of *model* and its sections, in the order of declaration."""
    for name, field in model.model_fields.items():
        section = section_in(field.annotation)
        if section is None:
            yield Setting((*above, name), field, model)
        else:
            yield from settings_of(section, (*above, name))
