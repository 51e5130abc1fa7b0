"""Runs a hub until it is told to stop."""

import asyncio
import json
import os
import secrets
import signal
from typing import Protocol

import typer
from pydantic import SecretStr

from arkitekt_di.containers.lifecycle import Lifecycle
from arkitekt_di.containers.server import ServerContainer
from arkitekt_di.settings.models import ServerSettings

LOCAL_IDLE_S = 1800.0
"""A local hub ends after this many seconds in which no app was open, unless the settings say otherwise."""


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


async def run_hub(settings: ServerSettings, voice: Voice, *, is_local: bool = False) -> None:
    """Start a hub, wait for a signal or for idleness, and stop it.

    Parameters
    ----------
    settings : ServerSettings
    voice : Voice
    is_local : bool
        Whether the hub is the local one of its user: announced in its folder, and ended when idle.

    Raises
    ------
    ServeError
        The port is taken, or another hub has the data folder.
    """
    if is_local and settings.idle_s is None:
        settings = settings.model_copy(update={"idle_s": LOCAL_IDLE_S})
    stopping = asyncio.Event()
    for kind in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(kind, stopping.set)
    key = SecretStr(secrets.token_urlsafe(32)) if is_local else None
    container = ServerContainer(settings=settings, mandate_key=key)
    lifecycle = Lifecycle(container)
    await lifecycle.start()
    try:
        announcement = container.announcement() if is_local else None
        if announcement is not None:
            await announcement.start()
        try:
            voice.say_ready(container.address().url, settings, await container.identity.service().setup_url())
            reason = await _first(signal=stopping.wait(), idle=container.idleness().wait())
        finally:
            if announcement is not None:
                await announcement.stop()
    finally:
        await lifecycle.stop()
    voice.say_stopped("asked to" if reason == "signal" else "nobody needed it for a while")


async def _first(**waits: object) -> str:
    tasks = {asyncio.ensure_future(wait): name for name, wait in waits.items()}  # type: ignore[call-overload]  # any awaitable
    try:
        done, _pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[next(iter(done))]
    finally:
        for task in tasks:
            task.cancel()
