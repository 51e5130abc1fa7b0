"""The user's local hub: a process of its own that all apps of the user share."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from filelock import AsyncFileLock, Timeout
from pydantic import BaseModel, ValidationError

import arkitekt_di
from arkitekt_di.errors import ConnectionLostError, HubStartError
from arkitekt_di.fakts.well_known import WELL_KNOWN_PATH
from arkitekt_di.messages.hub import HubRecord
from arkitekt_di.private_file import FILE_MODE, make_private_folder, read_private
from arkitekt_di.process import end, is_alive
from arkitekt_di.settings.models import HubSettings, TransportSettings
from arkitekt_di.transport.http import HttpClient

RECORD_NAME = "hub.json"
LOG_NAME = "hub.log"
START_LOCK_NAME = "start.lock"

SERVE = (sys.executable, "-m", "arkitekt_di", "serve", "--local", "--json")
"""Runs a local hub; ``--data FOLDER`` follows."""

ANSWER_TIMEOUT_S = 3.0
"""Longest wait for a hub on this machine to answer, in seconds."""

MAX_LINE = 64 * 1024
LOG_TAIL_BYTES = 2000

# The hub outlives the program that started it, so it is not its child: a launcher starts it and is gone.  The
# launcher leads a session, so neither Ctrl-C nor a closed terminal reaches the hub, and its number names the group.
_LAUNCHER = "import os, sys; os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)"


class _Outcome(BaseModel):
    """The one line that a starting hub prints."""

    class Failure(BaseModel):
        type: str
        message: str

    url: str | None = None
    error: Failure | None = None


class LocalHub:
    """Finds, starts and ends the user's local hub.

    Parameters
    ----------
    settings : HubSettings
    command : sequence of str, optional
        Program that serves a hub; ``--data FOLDER`` is added.
    """

    def __init__(self, settings: HubSettings, command: Sequence[str] = SERVE) -> None:
        self._settings = settings
        self._command = tuple(command)

    @property
    def folder(self) -> Path:
        """Data folder of the hub."""
        if self._settings.folder is not None:
            return self._settings.folder
        from platformdirs import user_data_path

        return user_data_path("arkitekt") / "hub"

    @property
    def log_file(self) -> Path:
        """What the hub has to say, readable by its user only."""
        return self.folder / LOG_NAME

    async def running(self) -> HubRecord | None:
        """Return the record of the hub if it runs and answers; what a killed hub left behind counts as none."""
        record = self._record()
        if record is None:
            return None
        http = HttpClient(TransportSettings(connect_timeout_s=ANSWER_TIMEOUT_S, request_timeout_s=ANSWER_TIMEOUT_S))
        async with http:
            try:
                answer = await http.get(record.url + WELL_KNOWN_PATH)
            except ConnectionLostError:
                return None
        return record if answer.status == 200 else None

    async def ensure(self) -> HubRecord:
        """Return the record of the hub, which is started if it does not run.

        Programs that call this at once meet in one hub.

        Raises
        ------
        HubStartError
            It does not come up within ``start_timeout_s``, or says why it cannot.
        """
        try:
            return await self.running() or await self._start_in_turn()
        except HubStartError:
            raise
        except Timeout as error:
            raise self._failure("another program has been starting it for too long") from error
        except OSError as error:
            raise self._failure(error.strerror or str(error)) from error

    async def stop(self, *, timeout_s: float = 10.0) -> bool:
        """Ask the hub to end, and wait for it.

        Parameters
        ----------
        timeout_s : float, default 10.0
            Longest wait, in seconds.

        Returns
        -------
        bool
            Whether no hub runs any more; False where it did not end in time.
        """
        record = self._record()
        if record is None or (record.birth is None and await self.running() is None):
            return True  # without a birth, only an answer tells that the number is still the hub's
        return await end(record.pid, record.birth, timeout_s=timeout_s)

    def _record(self) -> HubRecord | None:
        """Return the record if its process lives."""
        content = read_private(self.folder / RECORD_NAME)
        if content is None:
            return None
        try:
            record = HubRecord.model_validate_json(content)
        except ValidationError:
            return None  # of another version, or cut short: the hub that starts will replace it
        return record if is_alive(record.pid, record.birth) else None

    async def _start_in_turn(self) -> HubRecord:
        make_private_folder(self.folder)
        lock = AsyncFileLock(
            self.folder / START_LOCK_NAME,
            timeout=2 * self._settings.start_timeout_s,  # the program before may use all of its time, and fail
            mode=FILE_MODE,
            run_in_executor=False,
        )
        async with lock:
            return await self.running() or await self._start()

    async def _start(self) -> HubRecord:
        launcher = self._launch()
        if launcher.stdout is None:
            raise self._failure("it has no output")
        # A thread of the pool may read: killing the group ends the read, so it never outlives this call.
        reading = asyncio.ensure_future(asyncio.to_thread(launcher.stdout.readline, MAX_LINE))
        try:
            async with asyncio.timeout(self._settings.start_timeout_s):
                line = await asyncio.shield(reading)
        except BaseException as error:
            _kill_group(launcher.pid)
            await reading
            if isinstance(error, TimeoutError):
                raise self._failure(f"no sign of it within {self._settings.start_timeout_s:g} s") from error
            raise
        finally:
            launcher.stdout.close()
            launcher.wait()
        self._check(line)
        record = await self.running()
        if record is None:
            raise self._failure("it came up, but does not answer")
        return record

    def _launch(self) -> "subprocess.Popen[bytes]":
        command = (*self._command, "--data", str(self.folder), "--set", f"idle_s={self._settings.idle_s}")
        descriptor = os.open(self.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
        with os.fdopen(descriptor, "ab") as log_file:
            return subprocess.Popen(  # noqa: S603  # our own interpreter
                (sys.executable, "-I", "-S", "-c", _LAUNCHER, *command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log_file,
                start_new_session=True,
                # Where `-m` finds this very package; and the user's own folder stays free to be moved.
                cwd=Path(arkitekt_di.__file__).parents[1],
            )

    def _check(self, line: bytes) -> None:
        if not line.strip():
            raise self._failure("it ended without a word")
        try:
            outcome = _Outcome.model_validate(json.loads(line))
        except ValueError as error:
            raise self._failure("it said something that makes no sense") from error
        if outcome.error is not None:
            raise self._failure(outcome.error.message)

    def _failure(self, reason: str) -> HubStartError:
        try:
            tail = (read_private(self.log_file) or b"")[-LOG_TAIL_BYTES:].decode(errors="replace").strip()
        except OSError:
            tail = ""
        return HubStartError(str(self.folder), f"{reason}\n{tail}\n" if tail else reason)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return  # launcher and hub are gone already
