"""A real hub in a process of its own, for tests; and apps that it lets in without a person."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arkitekt_di.errors import HubStartError
from arkitekt_di.testing.shielding import shielded_environment, shielding

STOP_TIMEOUT_S = 20.0
"""Longest wait for a hub to end, in seconds, before it is killed."""

LAST_WORDS = 2000
"""Characters of a hub's log that are told where it does not start."""

IDLE_S = 86400.0
"""A hub that lets its user's apps in ends after this many seconds without one: long after the tests have."""


@dataclass(frozen=True)
class ServedHub:
    """A running hub.

    Attributes
    ----------
    url : str
    data : Path
        Its data folder.
    process : subprocess.Popen
    ready : dict
        What the hub said when it was ready.
    """

    url: str
    data: Path
    process: subprocess.Popen[str] = field(repr=False)
    ready: dict[str, Any] = field(repr=False)  # may hold the link that makes its holder the administrator

    def app(self, identifier: str, version: str = "0.0.1", **options: Any) -> Any:
        """Make an app that this hub lets in without asking anybody.

        Parameters
        ----------
        identifier : str
            Name of the app.
        version : str, default "0.0.1"
            Version of the app.
        **options
            Other arguments of `arkitekt_di.easy`.

        Returns
        -------
        App
            Closed; enter it with ``with`` or ``async with``.  It uses nothing of the user's folders.
        """
        from arkitekt_di.builders import easy

        settings = {
            "fakts.mandate_key": self._key(),
            "rekuest.journal": "none",
            **(options.pop("settings", None) or {}),
        }
        with shielding(self.data.with_name(f"{self.data.name}-apps")):
            return easy(identifier, version, url=self.url, headless=True, no_cache=True, settings=settings, **options)

    def environment(self, folder: Path) -> dict[str, str]:
        """Return environment variables for another program: this hub lets its apps in, and *folder* has its files."""
        given = {"FAKTS_URL": self.url, "ARKITEKT_FAKTS__BROWSER": "print"}
        if (key := self._key()) is not None:
            given["FAKTS_MANDATE_KEY"] = key
        return shielded_environment(folder) | given

    def _key(self) -> str | None:
        """Return the key that lets apps in; None where the hub approves logins by itself."""
        record = self.data / "hub.json"
        return json.loads(record.read_text())["mandate_key"] if record.exists() else None

    def kill(self) -> None:
        """End the hub as a power cut would."""
        self.process.kill()
        self._wait()

    def stop(self) -> None:
        """End the hub as a person would, or else at once."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self._wait()
        except subprocess.TimeoutExpired:
            self.kill()

    def _wait(self) -> None:
        self.process.wait(STOP_TIMEOUT_S)
        if self.process.stdout is not None:
            self.process.stdout.close()


def start_hub(
    data: Path,
    *options: str,
    port: int = 0,
    prefix: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> ServedHub:
    """Start a hub, and wait until it says that it is ready.

    Parameters
    ----------
    data : Path
        Its data folder; the log stands beside it.
    *options : str
        Options of ``arkitekt-di serve``; ``--local`` lets the apps of `ServedHub.app` in with a key, and
        ``--auto-approve`` lets every app in.
    port : int, default 0
        Port to listen on; 0 takes any free one.
    prefix : sequence of str, optional
        A command that runs the hub.
    environment : mapping of str to str, optional
        Variables of the hub; those of this process by default.

    Raises
    ------
    HubStartError
        It ended, or said that it cannot start.
    """
    serve = [*prefix, sys.executable, "-m", "arkitekt_di", "serve"]
    command = [*serve, "--port", str(port), "--data", str(data), "--json", *options]
    log = data.with_name(f"{data.name}.log")
    variables = dict(os.environ if environment is None else environment) | {"PYTHONUNBUFFERED": "1"}
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=variables)  # noqa: S603  # our own interpreter
    line = "" if process.stdout is None else process.stdout.readline()  # ends when the hub does: its own bounds hold
    ready: dict[str, Any] = json.loads(line) if line.strip() else {}
    if "url" not in ready:
        hub = ServedHub("", data, process, ready)
        hub.stop()
        raise HubStartError(str(data), f"it said {ready or 'nothing'}; its log ends with: {_last_words(log)}")
    return ServedHub(ready["url"], data, process, ready)


def _last_words(log: Path) -> str:
    return log.read_text(errors="replace")[-LAST_WORDS:].strip() or "nothing"


@contextmanager
def serving(data: Path, *options: str, port: int = 0) -> Iterator[ServedHub]:
    """Serve *data* while the block runs; see `start_hub`."""
    hub = start_hub(data, *options, port=port)
    try:
        yield hub
    finally:
        hub.stop()


@contextmanager
def served_hub(folder: Path) -> Iterator[ServedHub]:
    """Run a hub in *folder* that lets the apps of `ServedHub.app` in, and nobody else; gone with the block."""
    options = ("--local", "--set", f"idle_s={IDLE_S}")
    hub = start_hub(folder / "hub", *options, environment=shielded_environment(folder / "environment"))
    try:
        yield hub
    finally:
        hub.stop()
