"""Words of a command line as values for the ports of a function, and ports as words."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from arkitekt_di.errors import ValueRefusedError
from arkitekt_di.messages.definitions import ActionKind
from arkitekt_di.messages.ports import ArgPort, PortKind, ReturnPort

NOTHING: Final = "null"
"""Stands for no value where a port may go without one."""

_TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def parse_arguments(ports: Iterable[ArgPort], words: Iterable[str]) -> dict[str, Any]:
    """Return the values of words such as ``threshold=0.4``.

    Numbers, truths (true, yes, 1; false, no, 0), dates (ISO 8601), names of choices and texts are written as they are;
    images and other structures by their identifier; lists, dicts, models and unions as JSON; ``null`` is no value where
    the port may go without one, unless it takes texts.

    Raises
    ------
    ValueRefusedError
        A word names no port, or its value does not fit.
    """
    known = {port.key: port for port in ports}
    values: dict[str, Any] = {}
    for word in words:
        key, mark, text = word.partition("=")
        if not mark:
            raise ValueRefusedError(word, "is not such as name=value")
        if key not in known:
            raise ValueRefusedError(key, f"there is no such argument; there are {', '.join(known) or 'none'}")
        if key in values:
            raise ValueRefusedError(key, "was given twice")
        values[key] = parse_value(known[key], text)
    return values


def parse_value(port: ArgPort, text: str) -> Any:
    """Return the value that *text* stands for; raises `ValueRefusedError`."""
    if port.nullable and text == NOTHING and port.kind is not PortKind.STRING:
        return None
    try:
        return _PARSERS.get(port.kind, str)(text)
    except ValueError as error:
        raise ValueRefusedError(port.key, f"{type_of(port)} wanted, got {text!r}") from error


def _truth(text: str) -> bool:
    try:
        return _TRUTHS[text.casefold()]
    except KeyError:
        raise ValueError(text) from None


def _union(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


_PARSERS: Final[Mapping[PortKind, Callable[[str], Any]]] = {
    PortKind.INT: int,
    PortKind.FLOAT: float,
    PortKind.QUANTITY: float,
    PortKind.BOOL: _truth,
    PortKind.DATE: datetime.fromisoformat,
    PortKind.LIST: json.loads,
    PortKind.DICT: json.loads,
    PortKind.MODEL: json.loads,
    PortKind.UNION: _union,
}


def type_of(port: ArgPort | ReturnPort) -> str:
    """Return the type of a port as a person reads it."""
    inside = [type_of(child) for child in port.children or ()]
    match port.kind:
        case PortKind.LIST | PortKind.DICT:
            shown = f"{port.kind.lower()}[{', '.join(inside)}]"
        case PortKind.UNION:
            shown = " | ".join(inside)
        case PortKind.ENUM:
            shown = " | ".join(str(choice.value) for choice in port.choices or ())
        case PortKind.STRUCTURE | PortKind.MEMORY_STRUCTURE | PortKind.MODEL:
            shown = port.identifier or port.kind.lower()
        case _:
            shown = port.kind.lower()
    return f"{shown} | null" if port.nullable and port.kind is not PortKind.UNION else shown


def _argument(port: ArgPort) -> str:
    if port.default is None:
        return f"{port.key}: {type_of(port)}"
    required = port.model_copy(update={"nullable": False})  # what has a default may be left out: no need to say so
    return f"{port.key}: {type_of(required)} = {json.dumps(port.default)}"


def signature(name: str, args: Iterable[ArgPort], returns: Iterable[ReturnPort], kind: ActionKind) -> str:
    """Return a function in one line, such as ``segment(image: @mikro/arraydataset, threshold: float = 0.5)``."""
    shown = ", ".join(map(_argument, args))
    results = ", ".join(type_of(port) for port in returns) or "null"
    return f"{name}({shown}) -> {f'stream of {results}' if kind is ActionKind.GENERATOR else results}"
