"""Settings as they are shown: every key with its value and origin, secrets hidden."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from arkitekt_di.settings.load import Loaded
from arkitekt_di.settings.origins import Origin, dotted

HIDDEN = "**********"
"""What stands for a secret: the same as pydantic writes."""

SECRET_NAME = re.compile(
    r"(^|_)(secret|password|passwd|passphrase|token|credentials?|(api|access|private|secret)_key)($|_)"
)
"""Names of keys whose text is hidden whatever its type; numbers, such as ``access_token_s``, are not."""

URL_PASSWORD = re.compile(r"(?<=://)(?P<user>[^:/?#@]*):.*@", re.DOTALL)
"""User and password in front of the host, up to the last ``@``: a password may hold any character unescaped."""

URL_PARAMETER = re.compile(r"(?P<name>[?&][^=&]*(?:secret|password|token|key)[^=&]*=)[^&#]*", re.IGNORECASE)
"""A parameter of a URL that holds a secret."""

SAFE_TEXT = re.compile(r"[A-Za-z/][\w./@+-]*(:[\w./@+-]+)*")
"""Text that needs no quotes in YAML."""

NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""Words that some readers of YAML take for something else."""


@dataclass(frozen=True, slots=True)
class Line:
    """One key of the settings.

    Attributes
    ----------
    key : tuple of str
        Its names, from the outermost section inwards.
    value : object
        Value made of what JSON has; a secret is hidden.
    origin : Origin
        Where it was written.
    """

    key: tuple[str, ...]
    value: object
    origin: Origin


def lines_of(loaded: Loaded[Any]) -> list[Line]:
    """Return every key, those that nobody set too, in the order of the models."""
    return [Line(key, shown(key[-1], value), loaded.origin(dotted(key))) for key, value in _values(loaded.settings)]


def _values(section: BaseModel, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _values(value, (*above, name))
        else:
            yield (*above, name), value


def shown(name: str, value: object) -> object:
    """Return *value* in the terms of JSON, without what is secret about it."""
    if isinstance(value, SecretStr | SecretBytes):
        return HIDDEN
    if isinstance(value, BaseModel):
        return {key: shown(key, getattr(value, key)) for key in type(value).model_fields}
    if isinstance(value, dict):
        return {str(key): shown(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [shown(name, item) for item in value]
    if isinstance(value, bool | int | float | None):
        return value
    return str(value) if isinstance(value, PurePath) else _without_secrets(name, str(value))


def _without_secrets(name: str, text: str) -> str:
    if text and SECRET_NAME.search(name):
        return HIDDEN
    return URL_PARAMETER.sub(rf"\g<name>{HIDDEN}", URL_PASSWORD.sub(rf"\g<user>:{HIDDEN}@", text))


def as_yaml(lines: Sequence[Line], *, width: int | None = None) -> str:
    """Write the lines as a settings file; with *width*, each has its origin behind it, from that column on."""
    return "\n".join(_yaml_lines(lines, 0, width))


def _yaml_lines(lines: Iterable[Line], depth: int, width: int | None) -> Iterator[str]:
    indent = "  " * depth
    for name, group in groupby(lines, key=lambda line: line.key[depth]):
        members = list(group)
        if len(members[0].key) > depth + 1:
            yield f"{indent}{name}:"
            yield from _yaml_lines(members, depth + 1, width)
        else:
            text = f"{indent}{name}: {yaml_value(members[0].value)}"
            yield text if width is None else f"{text:<{width}}  # {members[0].origin}"


def yaml_value(value: object) -> str:
    """Write one value of JSON as YAML on one line."""
    if isinstance(value, str) and SAFE_TEXT.fullmatch(value) and value.lower() not in NOT_TEXT:
        return value
    written = json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else f"\\U{ord(character):08x}" for character in written)
