"""Changes one key of a settings file; all else in it, with its comments, stays as somebody wrote it."""

import os
import stat
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.util import load_yaml_guess_indent

from arkitekt_di.errors import ConfigurationError
from arkitekt_di.private_file import FILE_MODE, write_private
from arkitekt_di.settings.files import content_layer, is_there
from arkitekt_di.settings.load import load_settings
from arkitekt_di.settings.origins import Kind, Origin
from arkitekt_di.settings.trust import refused_in_projects, without_lasting_insecurity

SHARED_MODE: Final = 0o644
"""Rights of a new file of a project: it goes into the repository."""

WIDE: Final = 10_000
"""Longest line that is not folded: a long value stays on its line."""

Change = Callable[[CommentedMap], None]


class SettingsFile:
    """One file of settings that is to be changed.

    Parameters
    ----------
    path : Path
        Need not be there; a link is followed.
    kind : Kind
        What sort of file it is, which decides what may stand in it.
    model : type of pydantic.BaseModel
        The settings that it is for.
    """

    def __init__(self, path: Path, kind: Kind, model: type[BaseModel]) -> None:
        self.path = path.resolve()
        self._kind = kind
        self._model = model

    def set(self, key: str, value: str) -> None:
        """Set the dotted *key* to what *value* says as YAML.

        Raises
        ------
        ConfigurationError
            The file is wrong already, or would be; it is left as it was.
        """
        *sections, last = key.split(".")

        def put(settings: CommentedMap) -> None:
            for section in sections:
                if not isinstance(settings.get(section), CommentedMap):
                    settings[section] = CommentedMap()
                settings = settings[section]
            settings[last] = self._value(key, value)

        self._change(put)

    def unset(self, key: str) -> None:
        """Take the dotted *key* out, and sections that have nothing else in them.

        Raises
        ------
        ConfigurationError
            The file is wrong, or does not set it.
        """
        *sections, last = key.split(".")

        def take(settings: CommentedMap) -> None:
            way = [settings]
            for section in sections:
                below = way[-1].get(section)
                if not isinstance(below, CommentedMap):
                    raise self._wrong(key, "is not set in this file")
                way.append(below)
            if last not in way[-1]:
                raise self._wrong(key, "is not set in this file")
            for inner, name in zip(reversed(way), (last, *reversed(sections)), strict=True):
                if name == last or not inner[name]:
                    del inner[name]

        self._change(take)

    def _change(self, change: Change) -> None:
        there = is_there(self.path)
        if there:
            self._check(self.path.read_bytes())  # what cannot be read is not written anew
        text = self.path.read_text(encoding="utf-8-sig") if there else ""
        yaml = _as_written(text)
        settings = yaml.load(text)
        if not isinstance(settings, CommentedMap):
            settings = CommentedMap()
        change(settings)
        written = StringIO()
        if settings:
            yaml.dump(settings, written)
        content = written.getvalue().encode()
        self._check(content)
        self._write(content)

    def _check(self, content: bytes) -> None:
        """Raise `ConfigurationError` where a file with this content would not be loaded."""
        layer = content_layer(content, Origin(self._kind, str(self.path)), os.environ)
        if self._kind is Kind.PROJECT_FILE:
            layer = refused_in_projects(layer)
        load_settings(self._model, [without_lasting_insecurity(layer)])

    def _write(self, content: bytes) -> None:
        is_shared = self._kind is Kind.PROJECT_FILE
        new_mode = SHARED_MODE if is_shared else FILE_MODE
        mode = stat.S_IMODE(self.path.stat().st_mode) if is_there(self.path) else new_mode
        write_private(self.path, content)
        self.path.chmod(mode)

    def _value(self, key: str, text: str) -> Any:
        """Return what stands for *text* in YAML: as written where it is one value, else as a text in quotes."""
        try:
            value = YAML().load(text)
        except YAMLError as error:
            if text[:1] in {"[", "{", '"', "'"}:
                raise self._wrong(key, "not valid YAML") from error
            return text
        return text if isinstance(value, CommentedMap) and not text.startswith("{") else value

    def _wrong(self, key: str, message: str) -> ConfigurationError:
        return ConfigurationError([Origin(self._kind, str(self.path)).problem(key.split("."), message)])


def _as_written(text: str) -> YAML:
    """Return what reads and writes YAML with the quotes and the indentation of *text*."""
    _, indent, offset = load_yaml_guess_indent(text) if text.strip() else (None, None, None)
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = WIDE
    yaml.indent(mapping=indent or 2, sequence=indent or 2, offset=offset or 0)
    return yaml
