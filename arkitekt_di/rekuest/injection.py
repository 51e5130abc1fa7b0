"""Parameters that the agent gives: by the type of their annotation."""

import typing
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from arkitekt_di.errors import OfferRefusedError
from arkitekt_di.protocols.service import Service
from arkitekt_di.rekuest.task import Task

T = TypeVar("T")

_SHARED: Final = "__arkitekt_shared__"


def context(cls: type[T]) -> type[T]:
    """Let functions take the one instance of *cls* that a `startup` hook made, by annotation.

    Parameters
    ----------
    cls : type
        Such as a class that holds a model which is loaded once.

    Returns
    -------
    type
        The same class.
    """
    setattr(cls, _SHARED, True)
    return cls


def is_injected(hint: Any) -> bool:
    """Tell whether the agent gives values of this type: `Task`, a service, the app, a context or a state."""
    if typing.get_origin(hint) is typing.Annotated:
        hint = hint.__origin__
    if not isinstance(hint, type):
        return False
    return issubclass(hint, Task) or _is_app(hint) or bool(getattr(hint, _SHARED, False)) or issubclass(hint, Service)


def _is_app(cls: type[Any]) -> bool:
    return all(hasattr(cls, name) for name in ("koil", "manifest", "container"))


class Injector:
    """Gives values to parameters by type.

    Parameters
    ----------
    find : callable
        Returns the service of the app of a type, or the app itself; None where there is none.
    """

    def __init__(self, find: Callable[[type[Any]], Any | None]) -> None:
        self._find = find
        self._shared: dict[type[Any], Any] = {}

    def share(self, value: object) -> None:
        """Give *value* to whoever asks for its type from now on."""
        self._shared[type(value)] = value

    def forget(self) -> None:
        """Give none of the shared values any more."""
        self._shared.clear()

    def values(self, function: str, wanted: Mapping[str, Any], task: Task) -> dict[str, Any]:
        """Return the values for the parameters *wanted*.

        Raises
        ------
        OfferRefusedError
            Nothing of the type is there, such as a context that no startup hook made.
        """
        return {name: self._value(function, name, hint, task) for name, hint in wanted.items()}

    def _value(self, function: str, name: str, hint: Any, task: Task) -> Any:
        cls = hint.__origin__ if typing.get_origin(hint) is typing.Annotated else hint
        if issubclass(cls, Task):
            return task
        for value in (self._shared.get(cls), self._find(cls)):
            if value is not None:
                return value
        reason = f"there is no {cls.__name__} to give"
        raise OfferRefusedError(function, name, reason, "Return one from a function that is marked @startup")
