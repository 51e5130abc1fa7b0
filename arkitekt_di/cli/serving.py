"""Runs a hub until it is told to stop."""

import asyncio
import json
import os
import signal
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import typer

from arkitekt_di.containers.lifecycle import Lifecycle
from arkitekt_di.containers.server import ServerContainer
from arkitekt_di.loading import loading_for_good
from arkitekt_di.settings.models import ServerSettings


@dataclass(frozen=True)
class RunningHub:
    """What there is to say about a hub that listens.

    Attributes
    ----------
    url : str
    settings : ServerSettings
    url_from_elsewhere : str or None
        Address for other machines, where that is another one.
    is_loopback : bool
        Whether only this machine reaches it.
    key_fingerprint : str
        Of the hub's own key, for people to compare.
    certificate_fingerprint : str or None
        Of what it shows on https.
    setup_url : str or None
        One-time link that makes its holder the administrator; a secret.
    """

    url: str
    settings: ServerSettings
    url_from_elsewhere: str | None
    is_loopback: bool
    key_fingerprint: str
    certificate_fingerprint: str | None
    setup_url: str | None = field(repr=False)


class Voice(Protocol):
    """Says what the hub does."""

    def say_ready(self, hub: RunningHub) -> None:
        """Tell that the hub listens."""
        ...

    def say_stopped(self, reason: str) -> None:
        """Tell that the hub has stopped."""
        ...


class TextVoice:
    """Speaks to a person."""

    def say_ready(self, hub: RunningHub) -> None:
        """Print the address, where the data are, and what to compare on first contact."""
        typer.echo(f"{hub.settings.name} listens at {hub.url}")
        if hub.url_from_elsewhere is not None:
            typer.echo(
                f"Others reach it at {hub.url_from_elsewhere}. Its issuer is {hub.url}/o, which registered clients "
                f"elsewhere refuse: give it one address with --set listen.public_url={hub.url_from_elsewhere}"
            )
        typer.echo(f"Data are in {hub.settings.data.absolute()}")
        if not hub.is_loopback or hub.settings.listen.tls_self_signed:
            typer.echo(f"Its key is {hub.key_fingerprint}")
        if hub.settings.listen.tls_self_signed:
            typer.echo(f"Its certificate is its own, SHA-256 {hub.certificate_fingerprint}")
        if hub.settings.listen.lan:
            typer.echo("It announces itself on the local network: `arkitekt-di discover` lists it.")
        if hub.settings.listen.lan and hub.url.startswith("http://"):
            typer.echo("WARNING: apps send no login over plain http. Add --tls-self-signed, or a certificate", err=True)
        if hub.settings.identity.approval == "automatic":
            typer.echo("WARNING: every login is approved without asking anybody (--auto-approve)", err=True)
        if hub.setup_url is not None:
            typer.echo(f"Nobody has an account yet. Make the first one at {hub.setup_url}")
        typer.echo("Ctrl-C stops it.")

    def say_stopped(self, reason: str) -> None:
        """Print why."""
        typer.echo(f"Stopped: {reason}.")


class JsonVoice:
    """Speaks to a program."""

    def say_ready(self, hub: RunningHub) -> None:
        """Print one object with the address, the process, the data folder and the fingerprints."""
        known = {
            "url": hub.url,
            "pid": os.getpid(),
            "data": str(hub.settings.data.absolute()),
            "key_fingerprint": hub.key_fingerprint,
            "certificate_fingerprint": hub.certificate_fingerprint,
            "setup_url": hub.setup_url,
        }
        typer.echo(json.dumps({name: value for name, value in known.items() if value is not None}))

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
    with loading_for_good():
        await lifecycle.start()
    try:
        # A hub whose apps come with a key has no use for accounts, so nobody is told how to make one.
        setup_url = await container.identity().setup_url() if container.mandate_key() is None else None
        voice.say_ready(
            RunningHub(
                url=container.site().url,
                settings=container.settings(),
                url_from_elsewhere=container.address().url_from_elsewhere,
                is_loopback=container.address().is_loopback,
                key_fingerprint=container.hub_key().public.fingerprint,
                certificate_fingerprint=container.certificate().fingerprint,
                setup_url=setup_url,
            )
        )
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
