import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import create_async_engine

from arkitekt_di.server.database import migration_config
from arkitekt_di.server.tasks.ledger import Ledger
from arkitekt_di.server.tasks.memory import InMemoryTasks
from arkitekt_di.server.tasks.promise import TaskStore
from arkitekt_di.server.tasks.tables import AGENTS
from arkitekt_di.testing.tasks import TaskStoreContract
from tests.postgres import find_program, running_postgres
from tests.server.tasks.stored import add_agent, agent_row, sqlite_url


class TestInMemory(TaskStoreContract):
    def make_store(self, folder: Path) -> TaskStore:
        return InMemoryTasks()

    async def add_agent(self, store: TaskStore, agent_id: str) -> None:
        """Every agent is known."""


class TestSqlite(TaskStoreContract):
    @pytest.fixture(autouse=True)
    def hub_database(self, tmp_path: Path, migrated: Path) -> None:
        shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)

    def make_store(self, folder: Path) -> TaskStore:
        self.url = sqlite_url(folder)
        return Ledger(self.url, "process")

    async def add_agent(self, store: TaskStore, agent_id: str) -> None:
        await asyncio.to_thread(add_agent, self.url, agent_id)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Return the address of a database whose migrations have run."""
    with running_postgres() as server:
        url = server.fresh_database()
        command.upgrade(migration_config(url), "head")
        yield url


@pytest.mark.skipif(find_program("initdb") is None, reason="the server of PostgreSQL is not installed")
class TestPostgres(TaskStoreContract):
    @pytest.fixture(autouse=True)
    async def hub_database(self, postgres_url: str) -> None:
        self.url = postgres_url
        engine = create_async_engine(self.url)
        async with engine.begin() as connection:
            await connection.execute(text("TRUNCATE agents, tasks CASCADE"))
        await engine.dispose()

    def make_store(self, folder: Path) -> TaskStore:
        return Ledger(self.url, "process")

    async def add_agent(self, store: TaskStore, agent_id: str) -> None:
        engine = create_async_engine(self.url)
        async with engine.begin() as connection:
            await connection.execute(insert(AGENTS), agent_row(agent_id))
        await engine.dispose()
