"""``arkitekt-di config``: shows, checks and describes the settings."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from arkitekt_di.cli.completing import known_presets

CONFIGURATION_EXIT = 3
"""Exit code of wrong settings."""

app = typer.Typer(help="Show, check and describe the settings.", no_args_is_help=True)


class Kind(StrEnum):
    """Whose settings are meant."""

    APP = "app"
    HUB = "hub"


PresetOption = Annotated[
    str,
    typer.Option(
        help="The preset of the app: easy, jupy, port, scheduler, qt, embedded, or one that a package offers.",
        autocompletion=known_presets,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
KindOption = Annotated[Kind, typer.Option(help="Settings of an app, or of a hub.")]
ConfigOption = Annotated[list[Path] | None, typer.Option(help="YAML file with settings; may be given again.")]
ProjectOption = Annotated[bool, typer.Option("--project", help="Change the arkitekt.yaml of the project here instead.")]
FileOption = Annotated[Path | None, typer.Option("--file", help="Change this file instead.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="One setting, such as mikro.codec=zstd.")]


@app.command()
def show(  # one parameter for each option
    *,
    preset: PresetOption = "easy",
    kind: KindOption = Kind.APP,
    config: ConfigOption = None,
    sets: SetOption = None,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value came from.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON: a list of keys with value and origin.")] = False,
) -> None:
    """Show the settings that are in use here; secrets are hidden."""
    from arkitekt_di.settings.listing import as_yaml, lines_of

    with _exit_on_problems():
        lines = lines_of(_load(kind, preset, config, sets))
    if as_json:
        entries = [{"key": ".".join(line.key), "value": line.value, "origin": str(line.origin)} for line in lines]
        typer.echo(json.dumps(entries, indent=2))
    else:
        _print_yaml(as_yaml(lines, width=40 if origin else None))


@app.command()
def get(
    key: Annotated[str, typer.Argument(help="Dotted key, such as mikro.codec.")],
    *,
    preset: PresetOption = "easy",
    kind: KindOption = Kind.APP,
    config: ConfigOption = None,
    sets: SetOption = None,
    as_json: AsJson = False,
) -> None:
    """Print one setting."""
    from arkitekt_di.errors import ConfigurationError, Problem
    from arkitekt_di.settings.listing import lines_of
    from arkitekt_di.settings.suggestion import did_you_mean

    with _exit_on_problems():
        values = {".".join(line.key): line.value for line in lines_of(_load(kind, preset, config, sets))}
        if key not in values:
            message = f"unknown key{did_you_mean(key, values) or '; `arkitekt-di config show` lists them'}"
            raise ConfigurationError([Problem("argument", None, None, key, message)])
    value = values[key]
    typer.echo(value if isinstance(value, str) and not as_json else json.dumps(value))


@app.command("set")
def set_(
    key: Annotated[str, typer.Argument(help="Dotted key, such as mikro.codec.")],
    value: Annotated[str, typer.Argument(help="What to set it to; - reads one line from the standard input.")],
    *,
    project: ProjectOption = False,
    file: FileOption = None,
    kind: KindOption = Kind.APP,
    as_json: AsJson = False,
) -> None:
    """Set one key in your own config.yaml; what else stands there stays, with its comments.

    A secret is best given as -, so that it does not stay in the history of the shell.
    """
    value = typer.get_text_stream("stdin").readline().rstrip("\n") if value == "-" else value
    with _exit_on_problems():
        changed = _file(kind, file, is_project=project)
        changed.set(key, value)
        _tell_change(changed.path, key, kind, as_json=as_json)


@app.command()
def unset(
    key: Annotated[str, typer.Argument(help="Dotted key, such as mikro.codec.")],
    *,
    project: ProjectOption = False,
    file: FileOption = None,
    kind: KindOption = Kind.APP,
    as_json: AsJson = False,
) -> None:
    """Take one key out of your own config.yaml, so that weaker places decide again."""
    with _exit_on_problems():
        changed = _file(kind, file, is_project=project)
        changed.unset(key)
        _tell_change(changed.path, key, kind, as_json=as_json)


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(help="YAML files, each checked alone.", metavar="FILE...")],
    *,
    kind: KindOption = Kind.APP,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write JSON: a list of problems with file, line, column, key and message.")
    ] = False,
) -> None:
    """Check settings files: every problem on a line of its own, exit code 3 if there is one.

    A file named arkitekt.yaml is checked as the file of a project.
    """
    import os
    from dataclasses import asdict

    from arkitekt_di.errors import ConfigurationError, Problem
    from arkitekt_di.settings.files import file_layer
    from arkitekt_di.settings.load import load_settings
    from arkitekt_di.settings.origins import Kind as OriginKind
    from arkitekt_di.settings.places import PROJECT_FILE
    from arkitekt_di.settings.trust import project_layer, without_lasting_insecurity

    problems: list[Problem] = []
    for path in files:
        is_project = kind is Kind.APP and path.name == PROJECT_FILE
        layer = project_layer(path, os.environ) if is_project else file_layer(path, OriginKind.NAMED_FILE, os.environ)
        try:
            load_settings(_model(kind), [without_lasting_insecurity(layer)])
        except ConfigurationError as error:
            problems += error.problems
            typer.echo(str(error), err=True)
        else:
            typer.echo(f"{path}: OK", err=as_json)
    if as_json:
        typer.echo(json.dumps([asdict(problem) for problem in problems], indent=2))
    if problems:
        raise typer.Exit(CONFIGURATION_EXIT)


@app.command()
def schema(*, kind: KindOption = Kind.APP) -> None:
    """Print the JSON Schema of settings files, for editors."""
    from arkitekt_di.settings.schema import json_schema

    typer.echo(json.dumps(json_schema(_model(kind)), indent=2))


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="File to write; it must not be there.")] = Path("arkitekt.yaml"),
    *,
    kind: KindOption = Kind.APP,
) -> None:
    """Write a settings file with every key commented out, and the schema for editors beside it."""
    from arkitekt_di.settings.schema import json_schema
    from arkitekt_di.settings.template import template

    model = _model(kind)
    beside = file.with_suffix(".schema.json")
    try:
        with file.open("x", encoding="utf-8") as output:
            output.write(template(model, schema=f"./{beside.name}"))
        beside.write_text(json.dumps(json_schema(model), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"cannot write {error.filename}: {error.strerror}", param_hint="FILE") from None
    typer.echo(f"wrote {file} and {beside}", err=True)


@app.command()
def path(*, as_json: Annotated[bool, typer.Option("--json", help="Write JSON: a list of places.")] = False) -> None:
    """Print where the settings of an app are looked for, the strongest first, and what is there."""
    import os

    from arkitekt_di.settings.files import is_there
    from arkitekt_di.settings.origins import Kind as OriginKind
    from arkitekt_di.settings.places import PROJECT_FILE, project_file, system_files, user_file, variable_files

    places = [(OriginKind.NAMED_FILE, file) for file in reversed(variable_files(os.environ))]
    places.append((OriginKind.PROJECT_FILE, project_file(Path.cwd()) or Path.cwd() / PROJECT_FILE))
    places.append((OriginKind.USER_FILE, user_file()))
    places.extend((OriginKind.SYSTEM_FILE, file) for file in system_files())
    if as_json:
        found = [{"kind": str(kind), "file": str(file), "found": is_there(file)} for kind, file in places]
        typer.echo(json.dumps(found, indent=2))
        return
    for kind, file in places:
        typer.echo(f"{kind}\t{file}\t{'found' if is_there(file) else 'not there'}")


def _load(kind: Kind, preset: str, config: list[Path] | None, sets: list[str] | None) -> Any:
    from arkitekt_di.settings.load import load_app_settings, load_server_settings

    if kind is Kind.HUB:
        return load_server_settings(config or (), sets=sets or ())
    return load_app_settings(*_files_of(preset), files=config or (), sets=sets or ())


def _file(kind: Kind, file: Path | None, *, is_project: bool) -> Any:  # a SettingsFile, which is loaded late
    from arkitekt_di.cli.settings_file import SettingsFile
    from arkitekt_di.settings.origins import Kind as OriginKind
    from arkitekt_di.settings.places import PROJECT_FILE, project_file, user_file

    if file is not None:
        return SettingsFile(file, OriginKind.NAMED_FILE, _model(kind))
    if kind is Kind.HUB:
        raise typer.BadParameter("a hub reads files that are named only: add --file", param_hint="--kind")
    if is_project:
        return SettingsFile(project_file(Path.cwd()) or Path(PROJECT_FILE), OriginKind.PROJECT_FILE, _model(kind))
    return SettingsFile(user_file(), OriginKind.USER_FILE, _model(kind))


def _tell_change(path: Path, key: str, kind: Kind, *, as_json: bool) -> None:
    """Say which file was changed, and where the value that counts here comes from now."""
    origin = str(_load(kind, "easy", None, None).origin(key)) if kind is Kind.APP else None
    if as_json:
        typer.echo(json.dumps({"file": str(path), "key": key, "in_use_from": origin}))
        return
    typer.echo(f"changed {path}", err=True)
    if origin is not None:
        typer.echo(f"{key} is taken from {origin} here", err=True)


def _files_of(preset: str) -> tuple[Path, ...]:
    from arkitekt_di.config import PRESETS, preset_path

    if preset in PRESETS:
        return (preset_path(preset),)
    from arkitekt_di.builders import find_builder  # loads all that an app needs

    return find_builder(preset).preset.files


def _model(kind: Kind) -> Any:
    from arkitekt_di.settings.models import AppSettings, ServerSettings

    return ServerSettings if kind is Kind.HUB else AppSettings


def _print_yaml(text: str) -> None:
    """Print YAML, in colour where a person looks at it."""
    from rich.console import Console
    from rich.syntax import Syntax

    console = Console()
    if console.is_terminal:
        highlighted = Syntax("", "yaml", background_color="default").highlight(text)
        console.print(highlighted, end="", soft_wrap=True)  # long paths are neither cut nor folded
    else:
        typer.echo(text)


@contextmanager
def _exit_on_problems() -> Iterator[None]:
    from arkitekt_di.errors import CompositionError, ConfigurationError

    try:
        yield
    except (CompositionError, ConfigurationError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(CONFIGURATION_EXIT) from None
