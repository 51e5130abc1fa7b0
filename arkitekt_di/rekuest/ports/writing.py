"""Writes slots down as the ports that others read."""

from collections.abc import Sequence
from typing import Any

from arkitekt_di.messages.ports import ArgPort, ReturnPort
from arkitekt_di.rekuest.ports.codec import Slot


def arg_port(slot: Slot) -> ArgPort:
    """Return the port of a value that goes in."""
    validators = tuple(limit.validator for limit in slot.notes.limits if limit.validator is not None)
    return ArgPort(
        **_members(slot),
        children=tuple(map(arg_port, slot.codec.children())) or None,
        validators=validators or None,
        default=slot.default if slot.has_default else None,
        widget=slot.notes.widget,
    )


def return_port(slot: Slot) -> ReturnPort:
    """Return the port of a value that comes out."""
    return ReturnPort(**_members(slot), children=tuple(map(return_port, slot.codec.children())) or None)


def _members(slot: Slot) -> dict[str, Any]:
    return {
        "key": slot.key,
        "kind": slot.codec.kind,
        "label": slot.notes.label,
        "description": slot.notes.description,
        "identifier": slot.codec.identifier,
        "nullable": slot.is_nullable,
        "choices": tuple(slot.codec.choices()) or None,
        "reference_unit": slot.notes.unit,
    }


def arg_ports(slots: Sequence[Slot]) -> tuple[ArgPort, ...]:
    """Return the ports of all values that go in."""
    return tuple(map(arg_port, slots))


def return_ports(slots: Sequence[Slot]) -> tuple[ReturnPort, ...]:
    """Return the ports of all values that come out."""
    return tuple(map(return_port, slots))
