"""Runs a hub until it is told to stop."""

import asyncio
import json
import os
import signal
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

import typer

from arkitekt_di.containers.lifecycle import Lifecycle
from arkitekt_di.containers.server import ServerContainer
from arkitekt_di.settings.models import ServerSettings


class Voice(Protocol):
    """Says what the hub does."""

    def say_ready(self, url: str, settings: ServerSettings, setup_url: str | None) -> None:
        """Tell that the hub listens at *url*."""
        ...

    def say_stopped(self, reason: str) -> None:
        """Tell that the hub has stopped."""
        ...


class TextVoice:
    """Speaks to a person."""

    def say_ready(self, url: str, settings: ServerSettings, setup_url: str | None) -> None:
        """Print the address and where the data are."""
        typer.echo(f"{settings.name} listens at {url}")
        typer.echo(f"Data are in {settings.data.absolute()}")
        if settings.identity.approval == "automatic":
            typer.echo("WARNING: every login is approved without asking anybody (--auto-approve)", err=True)
        if setup_url is not None:
            typer.echo(f"Nobody has an account yet. Make the first one at {setup_url}")
        typer.echo("Ctrl-C stops it.")

    def say_stopped(self, reason: str) -> None:
        """Print why."""
        typer.echo(f"Stopped: {reason}.")


class JsonVoice:
    """Speaks to a program."""

    def say_ready(self, url: str, settings: ServerSettings, setup_url: str | None) -> None:
        """Print one object with the address, the process and the data folder."""
        ready = {"url": url, "pid": os.getpid(), "data": str(settings.data.absolute())}
        if setup_url is not None:
            ready["setup_url"] = setup_url
        typer.echo(json.dumps(ready))

    def say_stopped(self, reason: str) -> None:
        """Print one object with the reason."""
        typer.echo(json.dumps({"stopped": reason}))


async def run_hub(container: ServerContainer, voice: Voice) -> None:
    """Start a hub, wait for a signal or for idleness, and stop it.

    Raises
    ------
    ServeError
        The port is taken, or another hub has the data folder.
    """
    stopping = asyncio.Event()
    for kind in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(kind, stopping.set)
    lifecycle = Lifecycle(container)
    await lifecycle.start()
    try:
        # A hub whose apps come with a key has no use for accounts, so nobody is told how to make one.
        setup_url = await container.identity().setup_url() if container.mandate_key() is None else None
        voice.say_ready(container.site().url, container.settings(), setup_url)
        reason = await _first({"asked to": stopping.wait(), "nobody needed it": container.idleness().wait()})
    finally:
        await lifecycle.stop()
    voice.say_stopped(reason)


async def _first(waits: Mapping[str, Coroutine[Any, Any, object]]) -> str:
    tasks = {asyncio.ensure_future(wait): name for name, wait in waits.items()}
    try:
        done, _pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[next(iter(done))]
    finally:
        for task in tasks:
            task.cancel()
