"""``arkitekt-di graph``: draws the services of a preset."""

import json
from pathlib import Path
from typing import Annotated

import typer

from arkitekt_di.cli.completing import known_presets


def graph(
    *,
    preset: Annotated[
        str,
        typer.Option(
            "--preset",
            "-p",
            autocompletion=known_presets,
            help="Which preset: easy, jupy, port, scheduler, qt, embedded, or one that a package offers.",
        ),
    ] = "easy",
    config: Annotated[Path | None, typer.Option(help="YAML file with settings, above those found here.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write JSON: a list of providers with what they need and who put them there.")
    ] = False,
) -> None:
    """Draw the services of a preset and what they need, in the Mermaid language.

    What was replaced has a dashed frame and says by whom: a preset, a builder, or a line of a settings file that counts
    here.  Paste the output into https://mermaid.live, or into a Markdown file inside a ``mermaid`` code block.
    """
    from dataclasses import asdict, replace

    from arkitekt_di.app import App
    from arkitekt_di.builders import find_builder
    from arkitekt_di.builders.manifests import manifest_of
    from arkitekt_di.containers.presets import demand_nothing

    drawn = replace(find_builder(preset).preset, demand=demand_nothing)  # it is looked at, not entered
    app = App.from_preset(drawn, manifest_of("graph", "0.0.1"), config=config)
    typer.echo(json.dumps([asdict(node) for node in app.nodes()], indent=2) if as_json else app.graph())
