"""What is looked up is what is committed, and whoever looks never holds up the loop."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import bindparam, create_engine, delete, insert, select
from sqlalchemy.exc import OperationalError

from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.tables import Organization
from arkitekt_di.settings.models import DatabaseSettings
from tests.migrated import begin_migrated

pytestmark = pytest.mark.anyio
NAMED = select(Organization.name).where(Organization.id == bindparam("id"))
LAB = insert(Organization).values(id="lab", slug="lab", name="Lab", created_at=0)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    begin_migrated(tmp_path)
    database = Database(DatabaseSettings(), tmp_path)
    await database.start()
    yield database
    await database.stop()


async def names(database: Database) -> list[str]:
    return [row.name for row in await database.look_up(NAMED, {"id": "lab"})]


async def test_what_is_committed_is_found_at_once_and_nothing_else(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(LAB)
        assert await names(database) == []

    assert await names(database) == ["Lab"]
    (record,) = await database.find(select(Organization).where(Organization.id == "lab"))
    assert record.name == "Lab"
    async with database.transaction() as session:
        await session.execute(delete(Organization))
    assert await names(database) == []
    assert record.slug == "lab"  # belongs to nobody's session


async def test_where_the_loop_would_have_to_wait_a_thread_does(database: Database, tmp_path: Path) -> None:
    async with database.transaction() as session:
        await session.execute(LAB)
    with closing(sqlite3.connect(tmp_path / "locked.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        usual, database._reader = (
            database._reader,
            create_engine(f"sqlite:///{tmp_path}/locked.sqlite", connect_args={"timeout": 0}),
        )

        assert await names(database) == ["Lab"]
        assert len(await database.find(select(Organization))) == 1
        database._reader.dispose()
        database._reader = usual


async def test_the_loop_waits_for_no_lock(database: Database) -> None:
    assert database._reader is not None
    with database._reader.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 0
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"


async def test_nothing_is_changed_by_looking(database: Database) -> None:
    with pytest.raises(OperationalError, match="readonly"), database._reader.begin() as connection:  # type: ignore[union-attr]  # that of SQLite is there
        connection.execute(LAB)

    assert await names(database) == []


async def test_many_look_at_the_same_time(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(LAB)

    assert await asyncio.gather(*(names(database) for _ in range(100))) == [["Lab"]] * 100
