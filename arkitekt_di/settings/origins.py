"""Where a value of the settings was written."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from arkitekt_di.errors import Problem

Key = tuple[str | int, ...]
"""Way to a value through sections and lists, such as ``("mikro", "chunk_px")``."""


class Kind(StrEnum):
    """Kinds of places, from the strongest to the weakest."""

    ARGUMENT = "argument"
    ASSIGNMENT = "--set"
    ENVIRONMENT = "environment"
    NAMED_FILE = "named file"
    PROJECT_FILE = "project file"
    USER_FILE = "user file"
    SYSTEM_FILE = "system file"
    PRESET = "preset"
    DEFAULT = "default"

    @property
    def is_file(self) -> bool:
        """Whether values of this kind stand in a file, at a line and a column."""
        return self in {Kind.NAMED_FILE, Kind.PROJECT_FILE, Kind.USER_FILE, Kind.SYSTEM_FILE, Kind.PRESET}


@dataclass(frozen=True, slots=True)
class Origin:
    """Place that a value came from.

    Attributes
    ----------
    kind : Kind
        What sort of place.
    name : str
        The file or the environment variable; empty for the other kinds.
    line, column : int or None
        Position of the value in the file, counted from 1; None where there are no lines.
    """

    kind: Kind
    name: str = ""
    line: int | None = None
    column: int | None = None

    @property
    def place(self) -> str:
        """The origin without its position, as errors name it."""
        if self.kind.is_file:
            return self.name
        return f"{self.kind} {self.name}" if self.name else str(self.kind)

    def at(self, line: int, column: int) -> "Origin":
        """Return the position in this file; text that is no file has no positions."""
        return replace(self, line=line, column=column) if self.kind.is_file else self

    def problem(self, key: Iterable[str | int], message: str) -> Problem:
        """Return what is wrong with *key* here."""
        return Problem(self.place, self.line, self.column, dotted(key), message)

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.place, self.line, self.column) if part is not None)


DEFAULT = Origin(Kind.DEFAULT)
"""Origin of what nobody set."""


def dotted(key: Iterable[str | int]) -> str:
    """Write a key as it stands in errors and after ``--set``."""
    return ".".join(str(part) for part in key)
