"""``arkitekt-di hub``: the local hub of this user."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Start, stop and look at your local hub.", no_args_is_help=True)

Folder = Annotated[Path | None, typer.Option("--data", help="Data folder, where it is not your usual one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
STOP_TIMEOUT_S = 15.0


@app.command()
def start(*, folder: Folder = None, as_json: AsJson = False) -> None:
    """Start the local hub, unless it is running."""
    import asyncio

    record = asyncio.run(_local_hub(folder).ensure())
    _tell(
        {"running": True, "url": record.url, "pid": record.pid},
        f"The local hub listens at {record.url}",
        as_json=as_json,
    )


@app.command()
def stop(*, folder: Folder = None, as_json: AsJson = False) -> None:
    """Stop the local hub; its data stay."""
    import asyncio

    hub = _local_hub(folder)
    if not asyncio.run(hub.stop(timeout_s=STOP_TIMEOUT_S)):
        typer.echo(f"The local hub has not ended after {STOP_TIMEOUT_S:g} s; see {hub.log_file}", err=True)
        raise typer.Exit(1)
    _tell({"running": False}, "No local hub is running any more.", as_json=as_json)


@app.command()
def status(*, folder: Folder = None, as_json: AsJson = False) -> None:
    """Tell whether the local hub is running, and where its data and its log are."""
    import asyncio

    hub = _local_hub(folder)
    record = asyncio.run(hub.running())
    answer: dict[str, object] = {"running": record is not None, "data": str(hub.folder), "log": str(hub.log_file)}
    text = "No local hub is running."
    if record is not None:
        answer |= {"url": record.url, "pid": record.pid, "version": record.version}
        text = f"The local hub listens at {record.url} (process {record.pid})."
    _tell(answer, f"{text}\nData: {hub.folder}\nLog:  {hub.log_file}", as_json=as_json)


def _local_hub(folder: Path | None) -> Any:  # a LocalHub, which is loaded late
    from arkitekt_di.fakts.local_hub import LocalHub
    from arkitekt_di.settings.load import load_app_settings

    arguments = {} if folder is None else {"hub": {"folder": str(folder)}}
    return LocalHub(load_app_settings(arguments=arguments).settings.hub)


def _tell(answer: dict[str, object], text: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(answer) if as_json else text)
