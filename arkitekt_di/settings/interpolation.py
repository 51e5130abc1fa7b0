"""Environment variables inside values of a file: ``${NAME}`` and ``${NAME:default}``."""

import re
from collections.abc import Mapping

REFERENCE = re.compile(r"\$(?P<escaped>\$\{)|\$\{(?:(?P<name>[A-Za-z_]\w*)(?::(?P<default>[^{}]*))?\})?", re.ASCII)
"""An escaped ``$${``, a whole reference, or a ``${`` that begins none."""


def interpolated(text: str, environ: Mapping[str, str]) -> tuple[str, list[str]]:
    """Replace the references in *text*; the list says what is wrong, and names variables, never values."""
    problems: list[str] = []

    def value(match: re.Match[str]) -> str:
        if match["escaped"]:
            return match["escaped"]
        if match["name"] is None:
            problems.append("'${' begins no reference: write ${NAME} or ${NAME:default}, or $${ for the characters")
        elif match["name"] in environ:
            return environ[match["name"]]
        elif match["default"] is None:
            name = match["name"]
            problems.append(f"the environment variable {name} is not set: set it, or write ${{{name}:default}}")
        return match["default"] or ""

    return REFERENCE.sub(value, text), problems
