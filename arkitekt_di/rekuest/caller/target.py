"""What is called: its address at the hub, and the slots of its arguments and results."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from arkitekt_di.errors import ValueRefusedError
from arkitekt_di.messages.calls import ActionRecord, ImplementationRecord
from arkitekt_di.rekuest.ports.codec import Slot
from arkitekt_di.rekuest.ports.told import Told


@dataclass(frozen=True)
class Target:
    """Something that can be called.

    Attributes
    ----------
    name : str
    address : mapping of str to str
        Members of the order that say what is called.
    args, returns : tuple of Slot
    """

    name: str
    address: Mapping[str, Any]
    args: tuple[Slot, ...]
    returns: tuple[Slot, ...]

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by the keys of the ports; raises `ValueRefusedError` where they do not fit."""
        keys = [slot.key for slot in self.args]
        if len(args) > len(keys):
            raise ValueRefusedError(self.name, f"takes {len(keys)} values, got {len(args)}")
        values = dict(zip(keys, args, strict=False))
        for key, value in kwargs.items():
            if key in values or key not in keys:
                reason = "was given twice" if key in values else f"there is no such port; there are {', '.join(keys)}"
                raise ValueRefusedError(key, reason)
            values[key] = value
        for slot in self.args:
            if slot.key not in values and not slot.is_nullable:
                raise ValueRefusedError(slot.key, "no value was given, and it has no default")
        return values

    def result(self, values: Mapping[str, Any]) -> Any:
        """Return one value, a tuple of several, or None."""
        if not self.returns:
            return None
        ordered = tuple(values[slot.key] for slot in self.returns)
        return ordered[0] if len(ordered) == 1 else ordered


def target_of(record: ActionRecord | ImplementationRecord, told: Told) -> Target:
    """Return the target of what the hub knows."""
    if isinstance(record, ImplementationRecord):
        action, address = record.action, {"implementation": record.id}
    else:
        action, address = record, {"action": record.id}
    return Target(action.key or action.name, address, told.slots(action.args), told.slots(action.returns))
