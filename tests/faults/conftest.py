"""A stage for faults: an empty database, and processes that end with the test."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from alembic import command

from arkitekt_di.server.database import migration_config
from tests.faults.stage import Stage, a_stage
from tests.server.tasks.stored import sqlite_url


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an empty database whose migrations have run."""
    folder = tmp_path_factory.mktemp("migrated")
    command.upgrade(migration_config(sqlite_url(folder)), "head")
    return folder


@pytest.fixture
def set_stage(tmp_path: Path, migrated: Path) -> Iterator[Callable[..., Stage]]:
    """Return what sets the stage, with settings of the hub."""
    with ExitStack() as stack:

        def set_it(**settings: Any) -> Stage:
            return stack.enter_context(a_stage(tmp_path, migrated, **settings))

        yield set_it


@pytest.fixture
def stage(set_stage: Callable[..., Stage]) -> Stage:
    """Return the stage as it usually is."""
    return set_stage()


@pytest.fixture
def folder(tmp_path: Path, migrated: Path) -> Path:
    """Return a folder with an empty database."""
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
    return tmp_path
