"""``arkitekt-di demo``: stores a real picture, reads it back and shows what it did."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    picture: Annotated[
        Path | None,
        typer.Argument(exists=True, help="An image file of your own; a sample picture without it."),
    ] = None,
    *,
    url: Annotated[
        str | None, typer.Option(help="Hub to use; without it your own local one, started on demand.")
    ] = None,
) -> None:
    """Store a microscope picture in a hub, find it, read it back lazily, and compare.

    The local hub goes on running for your other apps and ends when nobody needs it; ``arkitekt-di hub stop`` ends it
    at once.
    """
    from rich.console import Console
    from rich.table import Table

    from arkitekt_di.builders import easy
    from arkitekt_di.cli.picture import shown_picture
    from arkitekt_di.cli.round_trip import round_trip

    console = Console()
    with (
        shown_picture(picture) as found,
        console.status("finding a hub"),
        easy("arkitekt-di-demo", version="1", url=url) as app,
    ):
        hub_url = app.fakts.url
        console.print(f"Hub: {app.fakts.hub.name} at {hub_url}")
        result = round_trip(found)
    table = Table(show_header=False, box=None)
    for label, value in result.rows():
        table.add_row(label, value)
    console.print(table)
    console.print("Every pixel and every coordinate came back equal.", style="green")
    console.print("Next: the README shows the same in five lines of Python. `arkitekt-di hub stop` ends the local hub.")
