"""Actions as JSON Schema 2020-12, for forms, OpenAPI and tools of language models."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from arkitekt_di.messages.definitions import Definition
from arkitekt_di.messages.ports import ArgPort, Operand, PortKind, ReturnPort, Validator

DIALECT = "https://json-schema.org/draft/2020-12/schema"

EXTENSION = "x-arkitekt"
"""Member with what JSON Schema has no word for: structures, units, widgets."""

_NOT_FINITE = ["NaN", "Infinity", "-Infinity"]


def arguments_schema(definition: Definition) -> dict[str, Any]:
    """Return the schema of the arguments of an action, as they travel: one object."""
    return _whole(definition, definition.args, definition.name)


def results_schema(definition: Definition) -> dict[str, Any]:
    """Return the schema of one result of an action, as it travels: one object with ``return0``, ``return1``, ..."""
    return _whole(definition, definition.returns, f"Result of {definition.name}")


def _whole(definition: Definition, ports: Sequence[ArgPort | ReturnPort], title: str) -> dict[str, Any]:
    schema = {"$schema": DIALECT, "title": title, **_object(ports)}
    if definition.description:
        schema["description"] = definition.description
    return schema


def _object(ports: Sequence[ArgPort | ReturnPort]) -> dict[str, Any]:
    required = [port.key for port in ports if not port.nullable]
    return {
        "type": "object",
        "properties": {port.key: port_schema(port) for port in ports},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def port_schema(port: ArgPort | ReturnPort) -> dict[str, Any]:
    """Return the schema of one value."""
    schema: dict[str, Any] = _KINDS[port.kind](port)
    if isinstance(port, ArgPort):
        for validator in port.validators or ():
            schema |= _limits(validator, port.kind)
    if port.nullable:
        schema = {"anyOf": [schema, {"type": "null"}]}
    if port.label:
        schema["title"] = port.label
    if port.description:
        schema["description"] = port.description
    if isinstance(port, ArgPort) and port.default is not None:
        schema["default"] = port.default
    if port.reference_unit:
        schema[EXTENSION] = {"unit": port.reference_unit}
    return schema


def _plain(kind: str, **more: Any) -> Any:
    return lambda _: {"type": kind, **more}


def _float(_: ArgPort | ReturnPort) -> dict[str, Any]:
    return {"anyOf": [{"type": "number"}, {"enum": _NOT_FINITE}]}


def _children(port: ArgPort | ReturnPort) -> Sequence[ArgPort | ReturnPort]:
    return port.children or ()


def _items(port: ArgPort | ReturnPort, member: str, kind: str) -> dict[str, Any]:
    children = _children(port)
    return {"type": kind, **({member: port_schema(children[0])} if children else {})}


def _list(port: ArgPort | ReturnPort) -> dict[str, Any]:
    return _items(port, "items", "array")


def _dict(port: ArgPort | ReturnPort) -> dict[str, Any]:
    return _items(port, "additionalProperties", "object")


def _union(port: ArgPort | ReturnPort) -> dict[str, Any]:
    return {
        "oneOf": [
            {
                "type": "object",
                "properties": {"__use": {"const": index}, "__value": port_schema(child)},
                "required": ["__use", "__value"],
                "additionalProperties": False,
            }
            for index, child in enumerate(_children(port))
        ]
    }


def _enum(port: ArgPort | ReturnPort) -> dict[str, Any]:
    return {"enum": [choice.value for choice in port.choices or ()]}


def _model(port: ArgPort | ReturnPort) -> dict[str, Any]:
    schema = _object(_children(port))
    schema["properties"] = {"__identifier": {"const": port.identifier}, **schema["properties"]}
    return schema


def _structure(port: ArgPort | ReturnPort) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"__identifier": {"const": port.identifier}, "object": {"type": "string"}},
        "required": ["object"],
        "additionalProperties": False,
        EXTENSION: {"structure": port.identifier},
    }


_KINDS: Mapping[PortKind, Callable[[ArgPort | ReturnPort], dict[str, Any]]] = {
    PortKind.INT: _plain("integer"),
    PortKind.FLOAT: _float,
    PortKind.QUANTITY: _float,
    PortKind.STRING: _plain("string"),
    PortKind.BOOL: _plain("boolean"),
    PortKind.DATE: _plain("string", format="date-time"),
    PortKind.LIST: _list,
    PortKind.DICT: _dict,
    PortKind.UNION: _union,
    PortKind.ENUM: _enum,
    PortKind.MODEL: _model,
    PortKind.STRUCTURE: _structure,
    PortKind.MEMORY_STRUCTURE: _structure,
    PortKind.INTERFACE: _structure,
}

_BOUNDS = {"gte": "minimum", "gt": "exclusiveMinimum", "lte": "maximum", "lt": "exclusiveMaximum"}


def _limits(validator: Validator, kind: PortKind) -> dict[str, Any]:
    call = validator.call
    if validator.dependencies:
        return {}  # depends on other values, which JSON Schema cannot say
    operands = {operand.key: operand for operand in call.arguments or ()}
    if call.operation in _BOUNDS and (bound := _literal(operands.get("b"))) is not None:
        return {_BOUNDS[call.operation]: bound}
    if call.operation != "len_between":
        return {}
    suffix = {PortKind.LIST: "Items", PortKind.DICT: "Properties"}.get(kind, "Length")
    bounds = {"min": _literal(operands.get("min")), "max": _literal(operands.get("max"))}
    return {f"{side}{suffix}": bound for side, bound in bounds.items() if bound is not None}


def _literal(operand: Operand | None) -> Any:
    return None if operand is None else operand.value_literal
