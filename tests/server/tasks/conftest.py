"""A hub's task service with everything around it in memory, and people of two organizations."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command

from arkitekt_di.server.database import migration_config
from tests.server.tasks.stored import sqlite_url
from tests.server.tasks.task_hub import TaskHub, serve


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an empty database whose migrations have run."""
    folder = tmp_path_factory.mktemp("migrated")
    command.upgrade(migration_config(sqlite_url(folder)), "head")
    return folder


@pytest.fixture
def folder(tmp_path: Path, migrated: Path) -> Path:
    """Return a folder with an empty database."""
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
async def hub(folder: Path) -> AsyncIterator[TaskHub]:
    """Return a hub that serves tasks."""
    async with serve(folder) as served:
        yield served
