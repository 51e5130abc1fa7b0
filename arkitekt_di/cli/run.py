"""``arkitekt-di run``: serves the functions of an app until Ctrl-C."""

import os
from typing import Annotated

import typer


def run(
    target: Annotated[
        str,
        typer.Argument(metavar="MODULE[:APP]", help="Module with the app: a file such as app.py, or a dotted name."),
    ],
    *,
    reload: Annotated[
        bool, typer.Option("--reload", help="Serve the new version when a file is saved; a broken one is passed over.")
    ] = False,
    url: Annotated[
        str | None, typer.Option(help="Hub to use; without it the one that the app uses. The app's own url= wins.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say what happens in JSON, one object a line.")] = False,
    standby: Annotated[bool, typer.Option("--standby", hidden=True, help="Wait for a line before serving.")] = False,
) -> None:
    """Serve the functions of an app until Ctrl-C, and show each task as it comes.

    Served are the functions that are marked with @register in the module, and in the modules beside and below it that
    it imports.
    """
    import asyncio

    from arkitekt_di.cli.task_news import JsonVoice, TextVoice

    if url is not None:
        os.environ["FAKTS_URL"] = url  # before the module makes its app, and for the processes of its bodies
    voice = JsonVoice() if as_json else TextVoice()
    if reload:
        from arkitekt_di.cli.reloading import run_reloading

        asyncio.run(run_reloading(target, voice))
        return
    from arkitekt_di.cli.agent_running import run_agent
    from arkitekt_di.cli.loading import load_app

    loaded = load_app(target, is_telling=standby)
    asyncio.run(run_agent(loaded, voice, is_standby=standby))
