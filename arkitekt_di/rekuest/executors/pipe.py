"""Lines of JSON between the agent and the processes that it starts."""

import asyncio
import json
from typing import Any, Final

LIMIT: Final = 2**30
"""Longest line, in bytes: what is larger travels by reference."""


class Pipe:
    """Both directions of one process, as its parent holds them.

    Parameters
    ----------
    process : asyncio.subprocess.Process
        With pipes for stdin and stdout.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    def write(self, message: dict[str, Any]) -> None:
        """Send a message; one to a process that has ended is dropped, as its end tells all."""
        stdin = self.process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(json.dumps(message).encode() + b"\n")

    async def read(self) -> dict[str, Any] | None:
        """Return the next message; None where the process has ended."""
        stdout = self.process.stdout
        line = await stdout.readline() if stdout is not None else b""
        if not line.endswith(b"\n"):  # half a line is what was left of a process that was killed
            return None
        message: dict[str, Any] = json.loads(line)
        return message

    async def end(self) -> int:
        """Kill the process, and return its exit code."""
        if self.process.returncode is None:
            self.process.kill()
        return await self.process.wait()
