"""Databases that begin with every table: the migrations run once in a process, and take longer than most tests."""

import functools
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alembic import command

from arkitekt_di.server.database import migration_config

NAME = "hub.sqlite"


@functools.cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as pool:
        file = Path(folder) / NAME
        config = migration_config(f"sqlite+aiosqlite:///{file}")
        pool.submit(command.upgrade, config, "head").result()  # they run a loop of their own, which takes a thread
        return file.read_bytes()


def begin_migrated(folder: Path) -> None:
    """Put a database with empty tables into *folder*, where there is none yet."""
    file = folder / NAME
    if not file.exists():
        file.write_bytes(_migrated())
