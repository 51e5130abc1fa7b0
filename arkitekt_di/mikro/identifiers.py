"""Records that are named by themselves, or by their identifiers."""

from typing import Protocol, TypeVar

from arkitekt_di.errors import RecordRefusedError


class Identified(Protocol):
    """Anything that a hub gave an identifier to."""

    @property
    def id(self) -> str:
        """Its identifier."""
        ...


R = TypeVar("R", bound=Identified)


def identifier_of(record: R | str, kind: type[R]) -> str:
    """Return the identifier of a record of this *kind*, or the one that was given.

    Raises
    ------
    RecordRefusedError
        It is a record of another kind: a hub may give the same number to an image and to a table.
    """
    if isinstance(record, kind):
        return record.id
    if isinstance(record, str):
        return record
    given, wanted = type(record).__name__, kind.__name__
    raise RecordRefusedError(
        f"one {given} was given where one {wanted} is meant", f"Give the {wanted}, or its identifier"
    )
