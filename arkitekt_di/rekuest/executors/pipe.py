"""Lines of JSON between the agent and the processes of its bodies, wherever these are."""

import asyncio
import json
from typing import Any, Final, Protocol

LIMIT: Final = 2**30
"""Longest line, in bytes: what is larger travels by reference."""

WORKER: Final = ("-m", "arkitekt_di.rekuest.executors.worker")
"""What Python runs in the process of a body."""


class Pipe(Protocol):
    """Both directions of one process, as its parent holds them."""

    def write(self, message: dict[str, Any]) -> None:
        """Send a message; one to a process that has ended is dropped, as its end tells all."""
        ...

    async def read(self) -> dict[str, Any] | None:
        """Return the next message; None where the process has ended."""
        ...

    async def exit_code(self) -> int:
        """Return the exit code of a process that has said its last; negative where a signal ended it."""
        ...

    async def end(self) -> None:
        """Kill the process where it runs, and wait until it has ended."""
        ...


class ProcessPipe:
    """The pipe of a process on this machine.

    Parameters
    ----------
    process : asyncio.subprocess.Process
        With pipes for stdin and stdout.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def is_open(self) -> bool:
        """Whether the process runs."""
        return self._process.returncode is None

    def write(self, message: dict[str, Any]) -> None:
        """Send a message."""
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(json.dumps(message).encode() + b"\n")

    async def read(self) -> dict[str, Any] | None:
        """Return the next message; None where the process has ended."""
        stdout = self._process.stdout
        line = await stdout.readline() if stdout is not None else b""
        if not line.endswith(b"\n"):  # half a line is what was left of a process that was killed
            return None
        message: dict[str, Any] = json.loads(line)
        return message

    async def exit_code(self) -> int:
        """Return the exit code."""
        return await self._process.wait()

    async def end(self) -> None:
        """Kill the process, and wait for its end."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
