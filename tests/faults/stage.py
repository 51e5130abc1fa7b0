"""A hub, agents and a caller, each in a process of its own; what they did, and what the ledger says of it."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arkitekt_di import App
from arkitekt_di.errors import TaskError
from arkitekt_di.messages.tasks import TERMINAL_KINDS, EventKind
from arkitekt_di.rekuest import RemoteTask

ROOT = Path(__file__).parents[2]
BOUND_S = 240.0
TASKS = 200
AS_EVERY_AGENT = {"ARKITEKT_REKUEST__HEARTBEAT": "process", "ARKITEKT_REKUEST__JOURNAL": "file"}
"""Variables of an agent: the apps of tests have other settings, as their hubs are in the same process."""

SETTINGS = {"lost_after_s": 1.0, "restart_grace_s": 30.0, "pickup_s": 20.0}


@dataclass
class Stage:
    """Where faults are made.

    Attributes
    ----------
    folder : Path
    port : int
        Of the hub, the same in each of its lives.
    log : str
        File in which bodies note what they do.
    """

    folder: Path
    port: int
    settings: dict[str, Any] = field(default_factory=dict)
    processes: list["subprocess.Popen[str]"] = field(default_factory=list)

    @property
    def log(self) -> str:
        return str(self.folder / "effects")

    @property
    def database(self) -> Path:
        return self.folder / "data" / "hub.sqlite"

    def hub(self, **faults: object) -> "subprocess.Popen[str]":
        """Start the hub, on the database that was left."""
        settings = json.dumps(SETTINGS | self.settings)
        arguments = (str(self.folder / "data"), str(self.port), settings, json.dumps(faults))
        return self.start(sys.executable, "-m", "tests.faults.hub", *arguments)

    def agent(
        self,
        name: str = "robot",
        port: int | None = None,
        module: str = "tests.faults.bodies",
        manner: str | None = None,
        python: str = sys.executable,
        **variables: str,
    ) -> "subprocess.Popen[str]":
        """Start an agent that offers the functions of a module, and speaks in a manner of its own."""
        words = (name, str(port or self.port), module, *([] if manner is None else [manner]))
        command = (python, "-m", "tests.faults.agent", *words)
        return self.start(*command, **(AS_EVERY_AGENT | variables))

    def start(self, *command: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a process and wait until it is ready."""
        environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(self.folder / "state")} | variables
        with (self.folder / f"{len(self.processes)}.log").open("w") as errors:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True, process_group=0
            )
        self.processes.append(process)
        assert process.stdout is not None
        with process.stdout as told:
            assert told.readline() == "ready\n", (self.folder / f"{len(self.processes) - 1}.log").read_text()
        return process

    def notes(self, word: str) -> list[list[str]]:
        """Return what bodies noted with this first word."""
        lines = Path(self.log).read_text().splitlines() if Path(self.log).exists() else []
        return [line.split()[1:] for line in lines if line.split()[0] == word]

    async def noted(self, word: str, count: int) -> None:
        """Wait until bodies have noted a word so often; other processes do not call back."""
        async with asyncio.timeout(BOUND_S):
            while len(self.notes(word)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def events(self) -> dict[str, list[sqlite3.Row]]:
        """Return the events of each task, as the ledger has them."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as ledger:
            ledger.row_factory = sqlite3.Row
            found: defaultdict[str, list[sqlite3.Row]] = defaultdict(list)
            for row in ledger.execute("SELECT * FROM task_events ORDER BY seq"):
                found[row["task_id"]].append(row)
            return found


def kill(process: "subprocess.Popen[str]") -> None:
    """End a process and those that it has started, at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def a_stage(folder: Path, migrated: Path, **settings: Any) -> Iterator[Stage]:
    """Set the stage, and clear it afterwards."""
    shutil.copytree(migrated, folder / "data")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stage = Stage(folder, port, settings)
    try:
        yield stage
    finally:
        for process in stage.processes:
            if process.poll() is None:
                kill(process)


async def call_all(app: App, function: str, stage: Stage, *args: object, count: int = TASKS) -> list[RemoteTask]:
    """Ask for tasks, all at once."""
    action = await app.rekuest.afind(function)
    asked = (app.rekuest.asubmit(action, n, stage.log, *args, reference=f"call {n}") for n in range(count))
    return list(await asyncio.gather(*asked))


async def outcomes(tasks: list[RemoteTask]) -> Counter[str]:
    """Wait for the end of every task, as its caller hears of it; return how often each outcome was."""

    async def end(n: int, task: RemoteTask) -> str:
        try:
            result = await task.aresult()
        except TaskError as error:
            return type(error).__name__
        assert result is None or result == n or isinstance(result, list)
        return "completed"

    async with asyncio.timeout(BOUND_S):
        return Counter(await asyncio.gather(*(end(n, task) for n, task in enumerate(tasks))))


async def until_lost(tasks: list[RemoteTask], count: int) -> None:
    """Wait until their caller has heard of so many tasks that they are lost."""
    pending = {asyncio.create_task(task._ended.wait()) for task in tasks}
    async with asyncio.timeout(BOUND_S):
        while sum(task.state == EventKind.LOST for task in tasks) < count:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    for waiting in pending:
        waiting.cancel()


def check_invariant(stage: Stage, tasks: Sequence[RemoteTask], word: str = "began") -> None:
    """Check **I**: one end that the caller knows, no silent second start, no result of an attempt that was given up.

    Bodies have noted this *word* when they began.
    """
    ends = check_ledger(stage, [task.id for task in tasks], word)
    assert {task.id: task.state for task in tasks} == ends


def check_ledger(stage: Stage, tasks: Sequence[str], word: str = "began") -> dict[str, EventKind]:
    """Check what **I** says of the ledger and of bodies, where the caller cannot be asked; return the ends."""
    events, begun, ends = stage.events(), defaultdict(list), {}
    for task_id, at, _ in stage.notes(word):
        begun[task_id].append(float(at))
    for task_id in tasks:
        own = events[task_id]
        kinds = [EventKind(event["kind"]) for event in own]
        (ends[task_id],) = (kind for kind in kinds if kind in TERMINAL_KINDS)
        again = [event["created_at"] for event in own if event["kind"] == "REDELIVERED"]
        starts = begun[task_id]
        assert len(starts) <= 1 + len(again), (starts, kinds)
        assert all(announced <= start for announced, start in zip(again, starts[1:], strict=False))
        _check_attempts(own)
    return ends


def _check_attempts(events: list[sqlite3.Row]) -> None:
    current = 0
    for event in events:
        if event["kind"] == "REDELIVERED":
            current = event["attempt"] + 1
        elif event["kind"] in {"YIELD", "COMPLETED", "FAILED"}:
            assert event["attempt"] >= current
