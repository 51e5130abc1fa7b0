"""Loads settings from layers: arguments over the environment over files over defaults."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Generic, TypeVar

from pydantic import BaseModel

from arkitekt_di.errors import ConfigurationError, Problem
from arkitekt_di.settings.assignments import argument_layers, assignment_layers, environment_layers, named_layers
from arkitekt_di.settings.checking import check
from arkitekt_di.settings.fields import settings_of
from arkitekt_di.settings.files import file_layer, is_same_file, optional_file_layers
from arkitekt_di.settings.fitting import Fitting
from arkitekt_di.settings.layer import Layer
from arkitekt_di.settings.models import AppSettings, ServerSettings
from arkitekt_di.settings.origins import DEFAULT, Kind, Origin, dotted
from arkitekt_di.settings.places import project_file, system_files, user_file, variable_files
from arkitekt_di.settings.tree import Branch, leaves, merged
from arkitekt_di.settings.trust import project_layer, without_lasting_insecurity

APP_PREFIX = "ARKITEKT_"
SERVER_PREFIX = "ARKITEKT_SERVER_"

NAMED_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "ARKITEKT_TOKEN": "herre.token",
        "FAKTS": "fakts.facts",
        "FAKTS_ALLOW_INSECURE_TRANSPORT": "transport.insecure",
        "FAKTS_FILE": "fakts.facts_file",
        "FAKTS_MANDATE_KEY": "fakts.mandate_key",
        "FAKTS_TOKEN": "fakts.token",
        "FAKTS_URL": "fakts.url",
    }
)
"""Variables with names of their own: those that other clients of a hub honour too, and the token."""

NOTHING: Mapping[str, object] = MappingProxyType({})

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Loaded(Generic[M]):
    """Settings, and where each of them came from.

    Attributes
    ----------
    settings : pydantic.BaseModel
        The settings, frozen.
    origins : Mapping of str to Origin
        Dotted key to origin, for every key that some layer set; the others have their default.
    """

    settings: M
    origins: Mapping[str, Origin]

    def origin(self, key: str) -> Origin:
        """Return where the value of the dotted *key* came from; the default's origin where nobody set it.

        A mapping comes from where its first value does.
        """
        below = (origin for name, origin in self.origins.items() if name.startswith(f"{key}."))
        return self.origins.get(key) or next(below, DEFAULT)


def load_settings(model: type[M], layers: Iterable[Layer]) -> Loaded[M]:
    """Lay *layers* over the defaults of *model*.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        The settings; nested models are its sections.
    layers : Iterable of Layer
        The strongest first.  Sections are joined; values and lists replace weaker ones.

    Returns
    -------
    Loaded
        The settings with their origins.

    Raises
    ------
    ConfigurationError
        Something is wrong; every problem of every layer is listed, the strongest layer first.
    """
    fitting = Fitting(model)
    tree = Branch(DEFAULT)
    places: dict[str, int] = {}
    for layer in layers:
        places.setdefault(layer.tree.origin.place, len(places))
        fitting.problems.extend(layer.problems)
        tree = merged(tree, fitting.fit(layer.tree))
    settings, problems = check(model, tree)
    problems = [*fitting.problems, *problems]
    if settings is None or problems:
        raise ConfigurationError(_in_order(problems, places))
    return Loaded(settings, MappingProxyType({dotted(key): leaf.origin for key, leaf in leaves(tree)}))


def _in_order(problems: Iterable[Problem], places: Mapping[str, int]) -> list[Problem]:
    def position(problem: Problem) -> tuple[int, int, int]:
        return places.get(problem.origin, len(places)), problem.line or 0, problem.column or 0

    return sorted(dict.fromkeys(problems), key=position)


def load_app_settings(
    *presets: Path,
    arguments: Mapping[str, object] = NOTHING,
    sets: Sequence[str] = (),
    files: Sequence[Path] = (),
    environ: Mapping[str, str] | None = None,
    start: Path | None = None,
) -> Loaded[AppSettings]:
    """Load the settings of an app.

    From the strongest to the weakest: *arguments*, *sets*, variables ``ARKITEKT_<SECTION>__<KEY>``, those with names of
    their own (`NAMED_VARIABLES`), *files*, the files in ``ARKITEKT_CONFIG``, the project's ``arkitekt.yaml``, the
    user's ``config.yaml``, the system's, the presets, the defaults of the models.  A project's file that somebody
    names is a named file, and may set what projects may not.

    Parameters
    ----------
    *presets : Path
        YAML files of the preset and of those that it was derived from, the strongest first.
    arguments : Mapping of str to object
        What the caller named; keys may be dotted, values nested or sections; a later one wins.
    sets : Sequence of str
        ``section.key=value``; a later one wins.
    files : Sequence of Path
        Files that the caller named; they must be there, and a later one wins.
    environ : Mapping of str to str, optional
        Environment variables; those of the process by default.
    start : Path, optional
        Folder where the search for ``arkitekt.yaml`` begins; the current one by default.

    Returns
    -------
    Loaded of AppSettings
        The settings with their origins.

    Raises
    ------
    ConfigurationError
        Something is wrong; every problem is listed.
    """
    environ = os.environ if environ is None else environ

    def layers() -> Iterator[Layer]:
        yield from argument_layers(arguments)
        yield from assignment_layers(sets)
        yield from environment_layers(environ, prefix=APP_PREFIX, foreign=[SERVER_PREFIX])
        yield from named_layers(environ, NAMED_VARIABLES)
        named = (*reversed(files), *reversed(variable_files(environ)))
        for path in named:
            yield file_layer(path, Kind.NAMED_FILE, environ)
        project = project_file(Path.cwd() if start is None else start)
        if project is not None and not any(is_same_file(project, path) for path in named):
            yield project_layer(project, environ)
        yield from optional_file_layers(user_file(), Kind.USER_FILE, environ)
        for path in system_files():
            yield from optional_file_layers(path, Kind.SYSTEM_FILE, environ)
        for path in presets:
            yield file_layer(path, Kind.PRESET, environ)

    return load_settings(AppSettings, map(without_lasting_insecurity, layers()))


def load_server_settings(
    files: Sequence[Path] = (),
    *,
    arguments: Mapping[str, object] = NOTHING,
    sets: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Loaded[ServerSettings]:
    """Load the settings of a hub.

    From the strongest to the weakest: *arguments*, *sets*, variables ``ARKITEKT_SERVER_<SECTION>__<KEY>`` and
    ``ARKITEKT_SERVER_<KEY>``, *files*, the defaults of the models.  A hub reads no file that is not named.

    Parameters
    ----------
    files, arguments, sets, environ
        As for `load_app_settings`.

    Returns
    -------
    Loaded of ServerSettings
        The settings with their origins.

    Raises
    ------
    ConfigurationError
        Something is wrong; every problem is listed.
    """
    environ = os.environ if environ is None else environ
    plain = [setting.key[0] for setting in settings_of(ServerSettings) if len(setting.key) == 1]

    def layers() -> Iterator[Layer]:
        yield from argument_layers(arguments)
        yield from assignment_layers(sets)
        yield from environment_layers(environ, prefix=SERVER_PREFIX, plain=plain)
        for path in reversed(files):
            yield file_layer(path, Kind.NAMED_FILE, environ)

    return load_settings(ServerSettings, layers())
