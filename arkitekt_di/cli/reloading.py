"""Serves the newest version of a module that works: a new process for each, the old one until it is good."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import typer

from arkitekt_di.cli.agent_running import Orders
from arkitekt_di.cli.loading import folder_of
from arkitekt_di.cli.task_news import News, Voice
from arkitekt_di.errors import MissingExtraError

LINE_LIMIT = 1024 * 1024
"""Bytes of the longest line that a version may print."""

STOP_WITHIN_S = 30.0
"""Longest wait, in seconds, for a version to end; it is killed then."""

WATCHED = (".py", ".pyi", ".yaml", ".yml", ".toml")
"""Files whose change begins a new version."""


class Version:
    """One version of the functions, in a process of its own; it holds back until it is told to serve.

    Parameters
    ----------
    target : str
        As for ``arkitekt-di run``.
    voice : Voice
    """

    def __init__(self, target: str, voice: Voice) -> None:
        self._command = ("-m", "arkitekt_di", "run", target, "--json", "--standby")
        self._voice = voice
        self._loaded = asyncio.Event()
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._is_leaving = False

    async def load(self) -> bool:
        """Start the process; tell whether the module could be loaded, once that is known."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            limit=LINE_LIMIT,
            start_new_session=True,  # Ctrl-C is for the one who watches
        )
        self._reading = asyncio.create_task(self._read(self._process), name="version")
        loaded = asyncio.create_task(self._loaded.wait())
        await asyncio.wait({loaded, self._reading}, return_when=asyncio.FIRST_COMPLETED)
        loaded.cancel()
        return self._loaded.is_set()

    def serve(self) -> None:
        """Let it open its app and serve."""
        self._write(b"\n")

    async def retire(self) -> None:
        """Let its open tasks end, and wait until it has."""
        self._is_leaving = True
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        await self._end()

    async def stop(self) -> None:
        """End it now; the callers of its open tasks are told."""
        self._is_leaving = True
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
        await self._end()

    async def _end(self) -> None:
        if self._process is None or self._reading is None:
            return
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await asyncio.shield(self._reading)
        except TimeoutError:
            self._process.kill()
            await self._reading

    def _write(self, text: bytes) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(text)

    async def _read(self, process: Process) -> None:
        """Pass on what the process says, until it has ended."""
        if process.stdout is not None:
            async for line in process.stdout:
                self._hear(line.decode(errors="replace").rstrip("\n"))
        code = await process.wait()
        if self._loaded.is_set() and not self._is_leaving:
            self._voice.say(News("gone", message=f"it ended with exit code {code}; save a file to begin again"))

    def _hear(self, line: str) -> None:
        news = News.from_json(line)
        if news is None:
            typer.echo(line)  # what the functions print
        elif news.event == "loaded":
            self._loaded.set()
        elif news.event != "stopped":
            self._voice.say(news)


async def run_reloading(target: str, voice: Voice) -> None:
    """Serve the newest version that works, until Ctrl-C.

    Raises
    ------
    MissingExtraError
        The package that watches files is not installed.
    """
    try:
        from watchfiles import PythonFilter, awatch
    except ImportError as error:
        raise MissingExtraError("dev", "run --reload") from error
    orders, current = Orders(), None
    folder = folder_of(target)
    with orders.from_signals():
        try:
            current = await _renewed(None, target, voice)
            only = PythonFilter(extra_extensions=WATCHED)
            async for changes in awatch(folder, watch_filter=only, stop_event=orders.stop):
                names = ", ".join(sorted({Path(path).name for _, path in changes}))
                voice.say(News("changed", message=names))
                current = await _renewed(current, target, voice)
        finally:
            if current is not None:
                await current.stop()
    voice.say(News("stopped", message="asked to"))


async def _renewed(current: Version | None, target: str, voice: Voice) -> Version | None:
    """Return a new version, which serves in the place of *current*; or *current* where the new one cannot be loaded."""
    version = Version(target, voice)
    if not await version.load():
        what = "the version before goes on" if current else "nothing is served"
        voice.say(News("kept", message=f"{what}; save a file to try again"))
        return current
    if current is not None:
        await current.retire()
    version.serve()
    return version
