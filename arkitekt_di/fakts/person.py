"""Asks the person at the terminal."""

import asyncio
import os
import sys
import threading
from typing import TextIO

MAX_LINE_BYTES = 16 * 1024
"""More than a terminal lets anybody type or paste on one line."""


class TerminalPerson:
    """Asks on the error stream and reads one line of the input, where both are a terminal."""

    async def ask(self, question: str, *, timeout_s: float) -> str | None:
        """Return what is typed; None where there is no terminal, or no answer in time."""
        if not (_is_terminal(sys.stdin) and _is_terminal(sys.stderr)):
            return None
        sys.stderr.write(question)
        sys.stderr.flush()
        try:
            async with asyncio.timeout(timeout_s):
                line = await _read_line(sys.stdin.fileno())
        except TimeoutError:
            return None
        return None if not line else line.decode(errors="replace").strip()


class FixedAnswer:
    """Answers every question alike: for what was said on the command line.

    Parameters
    ----------
    answer : str
    """

    def __init__(self, answer: str) -> None:
        self._answer = answer

    async def ask(self, question: str, *, timeout_s: float) -> str | None:
        """Return the answer."""
        return self._answer


class Nobody:
    """Answers nothing: for programs that run by themselves."""

    async def ask(self, question: str, *, timeout_s: float) -> str | None:
        """Return None."""
        return None


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


async def _read_line(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()

    def settle() -> None:
        if not answer.done():
            answer.set_result(os.read(descriptor, MAX_LINE_BYTES))

    try:
        loop.add_reader(descriptor, settle)  # a terminal gives whole lines, so one read is one line
    except NotImplementedError:
        return await _read_line_in_thread(descriptor)
    try:
        return await answer
    finally:
        loop.remove_reader(descriptor)


async def _read_line_in_thread(descriptor: int) -> bytes:
    # Loops of Windows cannot watch a console.  A thread that nobody waits for any more keeps no program from ending.
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()

    def settle(line: bytes) -> None:
        if not answer.done():
            answer.set_result(line)

    def read() -> None:
        line = os.read(descriptor, MAX_LINE_BYTES)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, line)

    threading.Thread(target=read, name="terminal", daemon=True).start()
    return await answer
