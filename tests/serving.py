"""A hub in a process of its own, for tests."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class ServedHub:
    """A running hub.

    Attributes
    ----------
    url : str
    data : Path
    process : subprocess.Popen
    ready : dict
        What the hub said when it was ready.
    """

    url: str
    data: Path
    process: subprocess.Popen[str]
    ready: dict[str, Any]

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


def start_hub(data: Path, *options: str, port: int = 0, prefix: Sequence[str] = ()) -> ServedHub:
    """Start a hub on *data* and wait until it says that it is ready; *prefix* is a command that runs it."""
    serve = [*prefix, sys.executable, "-m", "arkitekt_di", "serve"]
    command = [*serve, "--port", str(port), "--data", str(data), "--json", *options]
    with data.with_name(f"{data.name}.log").open("w") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
        )
    assert process.stdout is not None
    line = process.stdout.readline()  # ends when the hub does: the hub's own bounds hold
    ready: dict[str, Any] = json.loads(line) if line else {}
    if "url" not in ready:
        process.wait(STOP_TIMEOUT_S)
        message = f"the hub did not start: {ready}"
        raise AssertionError(message)
    return ServedHub(ready["url"], data, process, ready)


@contextmanager
def serving(data: Path, *options: str, port: int = 0) -> Iterator[ServedHub]:
    """Serve *data* while the block runs."""
    hub = start_hub(data, *options, port=port)
    try:
        yield hub
    finally:
        hub.stop()
