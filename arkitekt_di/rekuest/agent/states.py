"""States of an agent that others can watch: dataclasses whose changes are told as patches."""

import dataclasses
import typing
from collections.abc import Callable
from typing import Any, Final, TypeVar

from arkitekt_di.errors import OfferRefusedError
from arkitekt_di.messages.definitions import StateDefinition, StateImplementation
from arkitekt_di.rekuest.injection import context
from arkitekt_di.rekuest.ports.codec import Slot
from arkitekt_di.rekuest.ports.exchange import STRAIGHT
from arkitekt_di.rekuest.ports.reading import UnmappedTypeError, read_slot
from arkitekt_di.rekuest.ports.writing import return_port

T = TypeVar("T")

Patch = Callable[[str, str, Any, Any], None]
"""Takes state, path, new value and old value of a change."""

_SLOTS: Final = "__arkitekt_state__"
_LISTENER: Final = "_arkitekt_listener"


def state(cls: type[T]) -> type[T]:
    """Let others watch the one instance of a dataclass that a `startup` hook made.

    Setting an attribute publishes the change, as an RFC 6902 patch.  A list or dict that is changed in place is not
    seen: set it anew.  Functions take the instance by annotation.

    Parameters
    ----------
    cls : type
        A dataclass whose members have ports and travel as values.

    Returns
    -------
    type
        The same class.

    Raises
    ------
    OfferRefusedError
        It is no dataclass, or a member has no port.

    Examples
    --------
    >>> @state
    ... @dataclass
    ... class Stage:
    ...     x: float = 0.0
    """
    if not dataclasses.is_dataclass(cls):
        raise OfferRefusedError(cls.__name__, "", "a state is a dataclass", "Write @state above @dataclass")
    hints = typing.get_type_hints(cls, include_extras=True)
    slots = {field.name: _slot(cls, field.name, hints[field.name]) for field in dataclasses.fields(cls)}
    plain_setattr = cls.__setattr__

    def observed_setattr(self: Any, name: str, value: Any) -> None:
        slot, listener = slots.get(name), vars(self).get(_LISTENER)
        if slot is None or listener is None:
            plain_setattr(self, name, value)
            return
        old = getattr(self, name)
        shrunk = slot.shrink(value, name, STRAIGHT)
        plain_setattr(self, name, value)
        if old != value:
            listener(_name(cls), f"/{name}", shrunk, slot.shrink(old, name, STRAIGHT))

    cls.__setattr__ = observed_setattr  # type: ignore[method-assign]  # what observing means
    setattr(cls, _SLOTS, slots)
    return context(cls)


def _slot(cls: type[Any], name: str, hint: Any) -> Slot:
    try:
        slot = read_slot(name, hint)
    except UnmappedTypeError as error:
        raise OfferRefusedError(cls.__name__, name, error.reason, error.remedy) from error
    if slot.codec.carries_structures:
        reason = "a state holds values, not references"
        raise OfferRefusedError(cls.__name__, name, reason, "Keep the identifier as a str")
    return slot


def _name(cls: type[Any]) -> str:
    return cls.__name__.lower()


def is_state(value: object) -> bool:
    """Tell whether *value* is a state."""
    return hasattr(type(value), _SLOTS)


class States:
    """The states of a running agent.

    Parameters
    ----------
    publish : callable
        Takes each change.
    """

    def __init__(self, publish: Patch) -> None:
        self._publish = publish
        self._states: list[Any] = []

    def watch(self, value: object) -> None:
        """Publish the changes of a state from now on."""
        self._states.append(value)
        object.__setattr__(value, _LISTENER, self._publish)

    def forget(self) -> None:
        """Publish no more changes."""
        for value in self._states:
            object.__setattr__(value, _LISTENER, None)
        self._states.clear()

    def snapshot(self) -> dict[str, Any]:
        """Return all states as they travel."""
        return {
            _name(type(value)): {
                key: slot.shrink(getattr(value, key), key, STRAIGHT)
                for key, slot in getattr(type(value), _SLOTS).items()
            }
            for value in self._states
        }

    def declared(self) -> tuple[StateImplementation, ...]:
        """Return what others are told of the states."""
        return tuple(
            StateImplementation(
                interface=_name(type(value)),
                definition=StateDefinition(
                    name=type(value).__name__,
                    ports=tuple(return_port(slot) for slot in getattr(type(value), _SLOTS).values()),
                ),
            )
            for value in self._states
        )
