"""``arkitekt-di discover``: lists the hubs that announce themselves on the local network."""

import json
from typing import Annotated, Any

import typer

NOTHING_HEARD_EXIT = 5
"""Exit code where no hub was heard: that of every hub that cannot be reached."""

LONGEST_WAIT_S = 60.0


def discover(
    *,
    wait_s: Annotated[
        float, typer.Option("--wait", min=0.1, max=LONGEST_WAIT_S, help="How long to listen, in seconds.")
    ] = 3.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the hubs that announce themselves on the local network; nothing of what they say is proven.

    Exit code 5 means that none was heard.
    """
    import asyncio

    from arkitekt_di.fakts.lan import listen

    candidates = asyncio.run(listen(wait_s=wait_s))
    rows = [_row(candidate) for candidate in candidates]
    if as_json:
        typer.echo(json.dumps({"hubs": rows}))
    elif rows:
        _print_table(rows)
    else:
        typer.echo(
            f"No hub was heard within {wait_s:g} s. Hubs announce themselves with `arkitekt-di serve --lan`", err=True
        )
    if not rows:
        raise typer.Exit(NOTHING_HEARD_EXIT)


def _row(candidate: Any) -> dict[str, Any]:
    from arkitekt_di.containers.fakts import FaktsContainer

    pin = FaktsContainer().pins().load(candidate.url)
    return {
        "name": candidate.name,
        "url": candidate.url,
        "fingerprint": candidate.fingerprint,
        "sender": candidate.sender,
        "trusted": pin is not None and pin.fingerprint == candidate.fingerprint,
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("hub", "address", "key", "trusted before")
    for row in rows:
        cells = (row["name"], row["url"], row["fingerprint"] or "none", "yes" if row["trusted"] else "no")
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    Console().print(table)
    typer.echo("Anybody can announce anything: compare the key with what the hub shows.")
    typer.echo(f"Log in at one: arkitekt-di auth login {rows[0]['url']}")
