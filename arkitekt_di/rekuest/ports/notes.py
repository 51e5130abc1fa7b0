"""What ``Annotated`` and docstrings say about a value beyond its type: limits, units, words and widgets."""

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import annotated_types as at_types

from arkitekt_di.errors import ValueRefusedError
from arkitekt_di.messages.ports import Call, Operand, Validator
from arkitekt_di.messages.widgets import SliderWidget, Widget


@dataclass(frozen=True)
class Description:
    """Text about a value, for ``Annotated``: wins over the docstring."""

    text: str


@dataclass(frozen=True)
class Label:
    """Short name of a value, for ``Annotated``."""

    text: str


@dataclass(frozen=True)
class Unit:
    """Unit of a number, for ``Annotated``, such as ``Unit("micrometer")``."""

    name: str


@dataclass(frozen=True)
class Limit:
    """One condition on a value.

    Attributes
    ----------
    holds : callable
        Tells whether a value meets it.
    text : str
        Such as ``at least 0``.
    validator : Validator or None
        The same for others, where it can be said to them.
    """

    holds: Callable[[Any], bool]
    text: str
    validator: Validator | None


@dataclass(frozen=True)
class Notes:
    """Everything that is said about one value.

    Attributes
    ----------
    label, description, unit : str or None
    limits : tuple of Limit
    widget : Widget or None
    """

    label: str | None = None
    description: str | None = None
    unit: str | None = None
    limits: tuple[Limit, ...] = ()
    widget: Widget | None = None

    def check(self, value: object, at: str) -> None:
        """Raise `ValueRefusedError` where *value* is outside the limits."""
        if value is None:
            return
        for limit in self.limits:
            if not _holds(limit, value):
                raise ValueRefusedError(at, f"{value!r} is not {limit.text}")

    def or_description(self, text: str | None) -> "Notes":
        """Take *text* as description where there is none."""
        return self if self.description or not text else replace(self, description=text)

    def or_widget(self) -> "Notes":
        """Take a slider where there are limits on both sides and nothing else was asked for."""
        bounds = {limit.validator.call.operation: limit for limit in self.limits if limit.validator is not None}
        low = _literal(bounds.get("gte") or bounds.get("gt"))
        high = _literal(bounds.get("lte") or bounds.get("lt"))
        if self.widget is not None or low is None or high is None:
            return self
        return replace(self, widget=SliderWidget(min=low, max=high))


def _literal(limit: Limit | None) -> float | None:
    arguments = () if limit is None or limit.validator is None else limit.validator.call.arguments or ()
    return next((argument.value_literal for argument in arguments if argument.key == "b"), None)


NO_NOTES = Notes()


def _holds(limit: Limit, value: object) -> bool:
    try:
        return limit.holds(value)
    except TypeError:  # text has no minimum
        return False


def notes_of(metadata: Iterable[object]) -> Notes:
    """Return what the metadata of an ``Annotated`` says; what it does not know it leaves to others."""
    notes = NO_NOTES
    for item in _flat(metadata):
        notes = _with(notes, item)
    return notes.or_widget()


def _with(notes: Notes, item: object) -> Notes:
    match item:
        case Description(text=text):
            return replace(notes, description=text)
        case Label(text=text):
            return replace(notes, label=text)
        case Unit(name=name):
            return replace(notes, unit=name)
        case Widget():
            return replace(notes, widget=item)
    if isinstance(documentation := getattr(item, "documentation", None), str):  # typing_extensions.Doc, PEP 727
        return replace(notes, description=documentation)
    limit = _limit(item)
    return notes if limit is None else replace(notes, limits=(*notes.limits, limit))


def _flat(metadata: Iterable[object]) -> Iterator[object]:
    for item in metadata:
        if isinstance(item, at_types.GroupedMetadata):
            yield from item
        elif isinstance(parts := getattr(item, "metadata", None), list):  # pydantic.Field(...)
            if description := getattr(item, "description", None):
                yield Description(description)
            yield from parts
        else:
            yield item


_BOUNDS: tuple[tuple[type, str, str, str, Callable[[Any, Any], bool]], ...] = (
    (at_types.Ge, "ge", "gte", "at least", operator.ge),
    (at_types.Gt, "gt", "gt", "more than", operator.gt),
    (at_types.Le, "le", "lte", "at most", operator.le),
    (at_types.Lt, "lt", "lt", "less than", operator.lt),
)


def _limit(item: object) -> Limit | None:
    for kind, attribute, operation, words, compare in _BOUNDS:
        if isinstance(item, kind):
            return _bound(operation, words, compare, getattr(item, attribute))
    match item:
        case at_types.MultipleOf(multiple_of=step):
            return Limit(lambda value: value % step == 0, f"a multiple of {step}", None)
        case at_types.MinLen(min_length=least):
            return _length(f"at least {least} long", least, None)
        case at_types.MaxLen(max_length=most):
            return _length(f"at most {most} long", 0, most)
        case at_types.Predicate(func=func):
            return Limit(func, f"accepted by {getattr(func, '__name__', func)!s}", None)
    return None


def _bound(operation: str, words: str, compare: Callable[[Any, Any], bool], bound: Any) -> Limit:
    text = f"{words} {bound}"
    # User interfaces and JSON Schema know numbers only; limits of dates are kept by the agent alone.
    validator = (
        _validator(text, operation, Operand(key="a", value_path="value"), Operand(key="b", value_literal=bound))
        if isinstance(bound, int | float)
        else None
    )
    return Limit(lambda value: compare(value, bound), text, validator)


def _length(text: str, least: int, most: int | None) -> Limit:
    operands = [Operand(key="value", value_path="value"), Operand(key="min", value_literal=least)]
    if most is not None:
        operands.append(Operand(key="max", value_literal=most))
    validator = _validator(text, "len_between", *operands)
    return Limit(lambda value: least <= len(value) and (most is None or len(value) <= most), text, validator)


def _validator(text: str, operation: str, *operands: Operand) -> Validator:
    return Validator(
        call=Call(operation=operation, arguments=operands), label=f"Must be {text}", error_message=f"Must be {text}"
    )
