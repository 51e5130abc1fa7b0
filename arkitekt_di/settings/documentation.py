"""What the docstrings of the models say about each key: the one place where settings are described."""

import inspect
import re
from dataclasses import dataclass

from pydantic import BaseModel

ENTRY = re.compile(r"(?P<names>\w+(?:, \w+)*) : (?P<type>.+)")
"""First line of an entry in a NumPy docstring: https://numpydoc.readthedocs.io/en/latest/format.html#sections."""


@dataclass(frozen=True, slots=True)
class Description:
    """What the docstring says about one key."""

    type: str
    text: str


def summary(model: type[BaseModel]) -> str:
    """Return the first line of the docstring."""
    return inspect.cleandoc(model.__doc__ or "").partition("\n")[0]


def descriptions(model: type[BaseModel]) -> dict[str, Description]:
    """Return the entries of the "Attributes" section of the docstring, by the name of the key.

    Python that runs with ``-OO`` has no docstrings, and gives no entries.
    """
    _, _, section = inspect.cleandoc(model.__doc__ or "").partition("Attributes\n----------\n")
    found: dict[str, Description] = {}
    names: list[str] = []
    for line in section.splitlines():
        if entry := ENTRY.fullmatch(line):
            names = entry["names"].split(", ")
            found |= dict.fromkeys(names, Description(entry["type"], ""))
        else:
            for name in names:
                known = found[name]
                found[name] = Description(known.type, f"{known.text} {line.strip()}".strip())
    return found
