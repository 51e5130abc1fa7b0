"""SQLite by one trip a statement: transactions are what they are with SQLAlchemy's own adapter."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from arkitekt_di.server.sqlite_driver import SqliteDriver

pytestmark = pytest.mark.anyio


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(
        f"sqlite+aiosqlite:///{tmp_path / 'hub.sqlite'}", module=SqliteDriver(), pool_size=1, max_overflow=0
    )
    async with made.begin() as connection:
        await connection.execute(text("CREATE TABLE cells (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
    yield made
    await made.dispose()


async def names(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        return list(await connection.scalars(text("SELECT name FROM cells ORDER BY id")))


async def add(connection: Any, name: str) -> Any:
    return await connection.execute(text("INSERT INTO cells (name) VALUES (:name)"), {"name": name})


async def test_what_is_committed_is_there_and_the_rest_is_not(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        added = await add(connection, "kept")
        assert (added.rowcount, added.lastrowid) == (1, 1)
    async with engine.connect() as connection:
        await add(connection, "left")

    assert await names(engine) == ["kept"]


async def test_many_rows_go_in_at_once_and_come_out_with_their_columns(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO cells (name) VALUES (:name)"), [{"name": "a"}, {"name": "b"}])
        found = await connection.execute(text("SELECT id, name FROM cells ORDER BY id"))
        assert list(found.keys()) == ["id", "name"]
        assert [tuple(row) for row in found] == [(1, "a"), (2, "b")]
        changed = await connection.execute(text("UPDATE cells SET name = name || '!'"))
        assert changed.rowcount == 2


async def test_rows_can_be_streamed(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await add(connection, "a")
        assert [row.name async for row in await connection.stream(text("SELECT name FROM cells"))] == ["a"]


async def test_a_statement_that_fails_leaves_the_transaction_to_be_rolled_back(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await add(connection, "twice")
        with pytest.raises(IntegrityError) as refused:
            await add(connection, "twice")

    assert isinstance(refused.value.orig, sqlite3.IntegrityError)
    assert await names(engine) == []


async def test_a_statement_whose_caller_gave_up_is_rolled_back_before_the_connection_is_used_again(
    engine: AsyncEngine,
) -> None:
    """The thread goes on with it, so that whether there is a transaction shows only when it has ended."""
    begun, allowed = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait() -> int:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(allowed.wait(), loop).result(30)
        return 1

    async def write() -> None:
        async with engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.create_function("wait", 0, wait)
            await connection.execute(text("INSERT INTO cells (id, name) VALUES (wait(), 'given up')"))

    writing = asyncio.create_task(write())
    await begun.wait()
    writing.cancel()
    allowed.set()
    with pytest.raises(asyncio.CancelledError):
        await writing

    assert await names(engine) == []
    async with engine.begin() as connection:
        await add(connection, "after")
    assert await names(engine) == ["after"]
