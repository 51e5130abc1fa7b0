"""``arkitekt-di doctor``: says what is wrong here, and how to mend it."""

import asyncio
import dataclasses
import json
from typing import Annotated

import typer

MARKS = {"good": ("✓", "green"), "note": ("·", "yellow"), "fault": ("✗", "red")}


def doctor(
    url: Annotated[str | None, typer.Argument(help="Address of the hub; by default the one that an app uses.")] = None,
    *,
    app: Annotated[str, typer.Option("--app", help="App whose login is looked at: its identifier.")] = "arkitekt-di",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each finding.")] = False,
) -> None:
    """Look at the installation, the settings, the folders and the hub; exit code 1 where something has to be mended.

    Nothing is changed, no hub is started and nobody is asked to log in.
    """
    faults = asyncio.run(_examine(url, app, as_json=as_json))
    if not as_json:
        typer.echo("Nothing has to be mended." if not faults else f"To be mended: {faults}")
    if faults:
        raise typer.Exit(1)


async def _examine(url: str | None, app: str, *, as_json: bool) -> int:
    from arkitekt_di.doctor import Grade, examine

    faults = 0
    async for finding in examine(url, identifier=app):
        faults += finding.grade is Grade.FAULT
        if as_json:
            typer.echo(json.dumps(dataclasses.asdict(finding)))
            continue
        mark, colour = MARKS[finding.grade]
        typer.echo(f"{typer.style(mark, fg=colour)} {finding.subject}: {finding.what}")
        if finding.fix:
            typer.echo(f"    {finding.fix}")
    return faults
