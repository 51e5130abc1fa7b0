"""Koils on both kinds of loop, and scripts that run in a process of their own."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator

import pytest

from arkitekt_di.koil import Koil
from arkitekt_di.settings.models import KoilSettings

TIMEOUT_S = 30.0
"""Far above what anything here needs, on a loaded machine too."""


@pytest.fixture(params=["asyncio", "uvloop"])
def loop_name(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(request.param)
    return str(request.param)


@pytest.fixture
def settings(loop_name: str) -> KoilSettings:
    return KoilSettings.model_validate({"loop": loop_name, "grace_s": 5.0})


@pytest.fixture
def impatient(loop_name: str) -> KoilSettings:
    """Return settings for work that is meant to ignore its cancellation."""
    return KoilSettings.model_validate({"loop": loop_name, "grace_s": 0.05})


@pytest.fixture
def koil(settings: KoilSettings) -> Iterator[Koil]:
    with Koil(settings) as koil:
        yield koil


class Script:
    """A program that runs in another process and is talked to by lines."""

    def __init__(self, code: str, loop_name: str) -> None:
        prelude = f"LOOP = {loop_name!r}\n" + textwrap.dedent(_PRELUDE)
        self._process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-u", "-c", prelude + textwrap.dedent(code)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )
        self.lines: list[str] = []
        self._watchdog = threading.Timer(TIMEOUT_S, self._process.kill)
        self._watchdog.start()

    def wait_for(self, line: str) -> None:
        """Read until the program prints *line*."""
        assert self._process.stdout is not None
        for text in self._process.stdout:
            self.lines.append(text.rstrip())
            if self.lines[-1] == line:
                return
        raise AssertionError(f"no line {line!r} in:\n" + "\n".join(self.lines))

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def finish(self) -> list[str]:
        """Wait for the end; return what was printed."""
        output, _ = self._process.communicate(timeout=TIMEOUT_S)
        self.lines += output.splitlines()
        assert self._process.returncode == 0, "\n".join(self.lines)
        return self.lines

    def kill(self) -> None:
        """End the program, whatever it does."""
        self._watchdog.cancel()
        self._process.kill()
        self._process.communicate()


_PRELUDE = """
import asyncio, os, signal, sys, threading, time
from arkitekt_di.errors import *
from arkitekt_di.koil import *
from arkitekt_di.settings.models import KoilSettings

def print(*values):
    # One write a line: several processes write here.
    os.write(1, (" ".join(map(str, values)) + "\\n").encode())

SETTINGS = KoilSettings(loop=LOOP, grace_s=5)

async def forever(on_start="ready", on_end="cleaned up"):
    try:
        print(on_start)
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        print(on_end)

async def echo(value):
    await asyncio.sleep(0)
    return value
"""


@pytest.fixture
def start_script(loop_name: str) -> Iterator[Callable[[str], Script]]:
    with contextlib.ExitStack() as stack:

        def start(code: str) -> Script:
            script = Script(code, loop_name)
            stack.callback(script.kill)
            return script

        yield start
