"""``arkitekt-di init``: a project to begin with."""

import json
import re
from pathlib import Path
from typing import Annotated

import typer

FILES = ("app.py", "test_app.py", "arkitekt.yaml", "README.md")
"""What a project consists of; the templates stand in ``project/``, beside this module."""


def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the project; the current one without it.")] = Path(),
    *,
    name: Annotated[str | None, typer.Option(help="Name of the app; that of the folder without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make a project: an app with one function, its settings, a test, and a README with the commands.

    Nothing that is there is overwritten.
    """
    from string import Template

    folder = folder.absolute()
    if name is not None and _as_name(name) != name:
        raise typer.BadParameter(f"{name!r} is not such as my-app: small letters, digits, hyphens", param_hint="--name")
    if there := [file for file in FILES if (folder / file).exists()]:
        typer.echo(
            f"arkitekt-di: {', '.join(there)} in {folder} would be overwritten. Name another folder: init NAME",
            err=True,
        )
        raise typer.Exit(1)
    values = {"name": name or _as_name(folder.name)}
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        template = Template((Path(__file__).with_name("project") / f"{file}.template").read_text(encoding="utf-8"))
        (folder / file).write_text(template.substitute(values), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), "name": values["name"], "files": list(FILES)}))
        return
    typer.echo(f"Made {', '.join(FILES)} in {folder}")
    typer.echo("Next: `pytest` there, and `arkitekt-di run app.py --reload`; README.md has it all.")


def _as_name(text: str) -> str:
    """Return a name as apps have it: small letters, digits and hyphens, a letter first."""
    name = re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")
    return name if name[:1].isalpha() else f"app-{name}".rstrip("-")
