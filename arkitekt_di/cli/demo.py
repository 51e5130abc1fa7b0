"""``arkitekt-di demo``: stores a real picture, reads it back, lets another process segment it, and shows all that."""

import json
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
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Store a microscope picture in a hub, find it, read it back lazily, and compare; let another process segment it.

    The local hub goes on running for your other apps and ends when nobody needs it; ``arkitekt-di hub stop`` ends it
    at once.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from arkitekt_di.builders import easy
    from arkitekt_di.cli.picture import shown_picture
    from arkitekt_di.cli.round_trip import round_trip
    from arkitekt_di.cli.segmentation import APP, Segmenter, call_segmenter

    console = Console(stderr=as_json)  # talk; with --json the standard output is for the data
    with (
        shown_picture(picture) as found,
        console.status("finding a hub") as status,
        easy(*APP, url=url) as app,
        Segmenter(url) as segmenter,  # comes up while the picture travels
    ):
        hub = app.fakts.url
        console.print(f"Hub: {app.fakts.hub.name} at {hub}")
        status.update("storing and reading")
        result = round_trip(found)
        status.update("segmenting in another process")
        is_flat = {"y", "x"} <= set(result.image.sizes)
        segmented = call_segmenter(result.image, segmenter) if is_flat else None
    rows = [*result.rows(), *([segmented.row()] if segmented else [])]
    if as_json:
        typer.echo(
            json.dumps({"hub": hub, "image": result.image.id} | {name: said for name, said in rows if name != "id"})
        )
        return
    table = Table(show_header=False, box=None)
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
    console.print("Every pixel and every coordinate came back equal.", style="green")
    if segmented is not None:
        console.print("Another process, found by its function, has stored the labels.", style="green")
    console.print("Next: the README shows the same in five lines of Python. `arkitekt-di hub stop` ends the local hub.")
