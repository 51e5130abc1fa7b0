"""A hub's task service with everything around it in memory, and people of two organizations."""

from pathlib import Path

import pytest
from alembic import command

from arkitekt_di.server.database import migration_config
from tests.server.tasks.stored import sqlite_url


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an empty database whose migrations have run."""
    folder = tmp_path_factory.mktemp("migrated")
    command.upgrade(migration_config(sqlite_url(folder)), "head")
    return folder
