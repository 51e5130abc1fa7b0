"""Structures: values that stay where they are, and travel by reference."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from arkitekt_di.errors import ValueRefusedError
from arkitekt_di.messages.ports import PortKind
from arkitekt_di.rekuest.ports.codec import IDENTIFIER, OBJECT, Codec, Visit

T = TypeVar("T")

_MARK = "__arkitekt_structure__"
_IDENTIFIER_OF = "structure_identifier"


@dataclass(frozen=True)
class Structure:
    """A class whose instances travel by reference.

    Attributes
    ----------
    identifier : str
        Such as ``@lab/mesh``.
    cls : type
    shrink : callable or None
        Takes an instance and returns its reference, a str; may be a coroutine function.  None takes its ``id``.
    expand : callable or None
        Takes the reference and returns the instance; may be a coroutine function.  None asks the app's services.
    stays_in_memory : bool
        The instance is kept by the agent that made it, and its reference is of use there only.
    """

    identifier: str
    cls: type[Any]
    shrink: Callable[[Any], Any] | None = None
    expand: Callable[[str], Any] | None = None
    stays_in_memory: bool = False


class StructureCodec(Codec):
    """References to instances of one class.

    Parameters
    ----------
    structure : Structure
    """

    kind = PortKind.STRUCTURE
    carries_structures = True

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.identifier = structure.identifier
        if structure.stays_in_memory:
            self.kind = PortKind.MEMORY_STRUCTURE  # type: ignore[misc]  # of this one

    @property
    def name(self) -> str:
        """Name of the class."""
        return self.structure.cls.__name__

    def accepts(self, value: object) -> bool:
        """Tell whether *value* is an instance."""
        return isinstance(value, self.structure.cls)

    def shrink(self, value: Any, at: str, visit: Visit) -> dict[str, Any]:
        """Return the reference."""
        if not self.accepts(value):
            self.refuse(value, at)
        return {IDENTIFIER: self.identifier, OBJECT: visit.swap(self.structure, value, at)}

    def expand(self, value: Any, at: str, visit: Visit) -> Any:
        """Return the instance; a bare identifier is a reference as well."""
        return visit.swap(self.structure, reference_in(value, self.structure.identifier, at), at)


def reference_in(value: Any, identifier: str, at: str) -> str:
    """Return the identifier of the instance that *value* refers to."""
    if isinstance(value, dict):
        if value.get(IDENTIFIER, identifier) != identifier:
            raise ValueRefusedError(at, f"a reference to {identifier} wanted, got one to {value[IDENTIFIER]}")
        value = value.get(OBJECT)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise ValueRefusedError(at, f"a reference to {identifier} wanted, got {type(value).__name__}")
    return value


def structure_of(cls: type[Any]) -> Structure | None:
    """Return how instances of *cls* travel by reference; None where they do not.

    A class says so itself: by `register_structure`, or by an attribute ``structure_identifier``, as classes of the
    app's services have it.
    """
    marked: Structure | None = vars(cls).get(_MARK)
    if marked is not None:
        return marked
    identifier = getattr(cls, _IDENTIFIER_OF, None)
    return Structure(identifier, cls) if isinstance(identifier, str) else None


@overload
def register_structure(
    cls: type[T],
    /,
    *,
    identifier: str | None = ...,
    shrink: Callable[[T], Any] | None = ...,
    expand: Callable[[str], Any] | None = ...,
) -> type[T]: ...
@overload
def register_structure(
    *,
    identifier: str | None = ...,
    shrink: Callable[[Any], Any] | None = ...,
    expand: Callable[[str], Any] | None = ...,
) -> Callable[[type[T]], type[T]]: ...
def register_structure(
    cls: Any = None,
    /,
    *,
    identifier: str | None = None,
    shrink: Callable[[Any], Any] | None = None,
    expand: Callable[[str], Any] | None = None,
) -> Any:
    """Let instances of a class travel by reference.

    Parameters
    ----------
    cls : type
        The class; left out, this is a decorator.
    identifier : str, optional
        Name of the kind of thing for everybody, such as ``@lab/mesh``; by default of module and class.
    shrink : callable, optional
        Takes an instance and returns its reference, a str; sync or async.  By default the method ``ashrink`` of the
        class where it has one, or else the attribute ``id``.
    expand : callable, optional
        Takes the reference and returns the instance; sync or async.  By default the class method ``aexpand``.

    Returns
    -------
    type
        The same class.

    Raises
    ------
    TypeError
        The class takes no attributes, as those written in C: wrap it in one of your own.

    Examples
    --------
    >>> @register_structure(identifier="@lab/well", expand=lambda reference: Well(reference))
    ... class Well:
    ...     def __init__(self, id: str) -> None:
    ...         self.id = id
    """

    def decorate(cls: type[T]) -> type[T]:
        structure = Structure(
            identifier or f"@{cls.__module__.replace('.', '-')}/{cls.__name__}".lower(),
            cls,
            shrink or getattr(cls, "ashrink", None),
            expand or getattr(cls, "aexpand", None),
        )
        setattr(cls, _MARK, structure)
        return cls

    return decorate if cls is None else decorate(cls)


def memory_structure(cls: type[T]) -> type[T]:
    """Let instances of a class stay in the memory of the agent that made them, and travel by reference.

    Only functions of the same agent can take such a reference; what it refers to is gone with the agent.

    Parameters
    ----------
    cls : type

    Returns
    -------
    type
        The same class.
    """
    identifier = f"@{cls.__module__.replace('.', '-')}/{cls.__name__}".lower()
    setattr(cls, _MARK, Structure(identifier, cls, stays_in_memory=True))
    return cls
