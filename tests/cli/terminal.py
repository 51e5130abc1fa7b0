"""The command in processes of its own, as people use it; and one that serves, with what it has said so far."""

import io
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from arkitekt_di.cli import main

BOUND_S = 120.0
ARKITEKT = [sys.executable, "-m", "arkitekt_di"]


class Terminal:
    """A shell in a folder.

    Parameters
    ----------
    folder : Path
    environment : mapping of str to str
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment | {"NO_COLOR": "1", "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}

    def arkitekt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return self.run([*ARKITEKT, *arguments])

    def inside(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end in this process, as its program does: the same, but for a second of imports."""
        before = dict(os.environ)
        output, errors = io.StringIO(), io.StringIO()
        with (
            chdir(self.folder),
            redirect_stdout(output),
            redirect_stderr(errors),
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr(sys, "argv", ["arkitekt-di", *arguments])
            os.environ.clear()
            os.environ.update(self.environment)
            try:
                main()
            except SystemExit as ended:
                code = ended.code
            finally:
                os.environ.clear()
                os.environ.update(before)
        assert isinstance(code, int)
        return subprocess.CompletedProcess(list(arguments), code, output.getvalue(), errors.getvalue())

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run any program to its end."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=BOUND_S,
            check=False,
        )

    @contextmanager
    def running(self, *arguments: str) -> Iterator["Running"]:
        """Run a command while the block runs; Ctrl-C ends it."""
        process = subprocess.Popen(
            [*ARKITEKT, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running = Running(process)
        try:
            yield running
        finally:
            running.end()


class Running:
    """A command that has not ended.

    Attributes
    ----------
    said : list of str
        Its lines so far.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def until(self, pattern: str) -> str:
        """Wait for a line in which *pattern* is found, and return it."""
        while (line := self._lines.get(timeout=BOUND_S)) is not None:
            self.said.append(line)
            if re.search(pattern, line):
                return line
        raise AssertionError(f"it ended, and said {self.said}")

    def interrupt(self) -> int:
        """Press Ctrl-C, wait for the end, and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(BOUND_S)

    def end(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reading.join(BOUND_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
