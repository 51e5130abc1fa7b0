"""Disks that are full: that of the hub, and that of an agent's journal."""

import asyncio
import errno
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from arkitekt_di import App
from arkitekt_di.errors import RemoteError, StorageFullError
from arkitekt_di.rekuest import RemoteTask
from tests.faults.gate import Gate
from tests.faults.people import app_of
from tests.faults.stage import TASKS, Stage, call_all, check_invariant, outcomes

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600), pytest.mark.long]

MIB = 2**20


@contextmanager
def small_disk(at: Path, size_mib: int) -> Iterator[Path]:
    """Mount a small file system at a folder, with what was in the folder; skips where nobody may."""
    kept = {path.relative_to(at): path.read_bytes() for path in at.rglob("*") if path.is_file()}
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "none", str(at)]
    mounting = subprocess.run(mount, check=False, capture_output=True)
    if mounting.returncode != 0:
        pytest.skip("only root may mount a small disk")
    try:
        for name, content in kept.items():
            (at / name).parent.mkdir(parents=True, exist_ok=True)
            (at / name).write_bytes(content)
        yield at
    finally:
        subprocess.run(["umount", "--lazy", at], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Leave no space on the disk of a folder while the block runs."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (MIB, 4096, 1):
            try:
                while True:
                    file.write(os.urandom(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017  # the end of the loop, not what is tested
    try:
        yield
    finally:
        ballast.unlink()


async def test_a_hub_whose_disk_is_full_refuses_calls_and_keeps_what_it_has(stage: Stage):
    """What runs ends, and is told when there is space again; nothing is written by halves."""
    with small_disk(stage.folder / "data", 6) as disk:
        stage.hub()
        stage.agent()
        refused = 0
        async with Gate().listening() as gate, app_of("caller", stage.port) as app:
            tasks = await call_all(app, "wait_once", stage, gate.port, count=TASKS // 2)
            await gate.waited(TASKS // 2)
            with filled(disk):
                for n in range(TASKS // 2, TASKS):  # a few fit into what is allocated already
                    try:
                        await app.rekuest.asubmit("wait_once", n, stage.log, gate.port, reference=f"call {n}")
                    except StorageFullError:
                        refused += 1
                gate.open()
                await stage.noted("ended", TASKS // 2)
            tasks = await call_all(app, "wait_once", stage, gate.port)
            counted = await outcomes(tasks)

        check_invariant(stage, tasks)
        assert refused
        assert counted == {"completed": TASKS}
        assert len(stage.events()) == TASKS
        with closing(sqlite3.connect(f"file:{stage.database}?mode=ro", uri=True)) as ledger:
            assert ledger.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def call_until_refused(app: App, stage: Stage) -> list[RemoteTask]:
    """Call again and again, as what is allocated on the disk already is used up first; return the tasks."""
    called: list[RemoteTask] = []
    while True:
        called.append(await app.rekuest.asubmit("once", TASKS, stage.log, 0.0))
        try:
            await called[-1].aresult()
        except RemoteError as error:
            assert "the disk of this agent is full" in str(error)  # noqa: PT017  # the end of the loop
            return called


async def test_an_agent_whose_disk_is_full_ends_what_it_has_and_takes_no_more(stage: Stage):
    stage.hub()
    (stage.folder / "state").mkdir()
    with small_disk(stage.folder / "state", 4) as disk:
        agent = stage.agent()
        async with Gate().listening() as gate, app_of("caller", stage.port) as app:
            tasks = await call_all(app, "wait_once", stage, gate.port, count=TASKS // 2)
            await gate.waited(TASKS // 2)
            with filled(disk):
                gate.open()
                counted = await outcomes(tasks)
                called = await call_until_refused(app, stage)
            later = await app.rekuest.asubmit("once", 1, stage.log, 0.0)
            await asyncio.wait({asyncio.create_task(later._ended.wait())})

        check_invariant(stage, [*tasks, *called, later])
        assert counted == {"completed": TASKS // 2}
        assert agent.poll() is None
