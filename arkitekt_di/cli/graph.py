"""``arkitekt-di graph``: draws the services of a preset."""

from typing import Annotated

import typer


def graph(
    preset: Annotated[
        str,
        typer.Option(
            "--preset", "-p", help="Which preset: easy, jupy, port, scheduler, embedded, or one that a package offers."
        ),
    ] = "easy",
) -> None:
    """Draw the services of a preset and what they need, in the Mermaid language.

    What the preset replaced has a dashed frame.  Paste the output into https://mermaid.live, or into a Markdown file
    inside a ``mermaid`` code block.
    """
    from arkitekt_di.builders import find_builder
    from arkitekt_di.containers.graph import mermaid

    typer.echo(mermaid(find_builder(preset).preset.make()))
