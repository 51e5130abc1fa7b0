"""Statements go to the thread of their connection once, and what a cancelled one began is rolled back."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from arkitekt_di.server.sqlite import OneWayConnection, open_sqlite

pytestmark = pytest.mark.anyio


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = open_sqlite(make_url(f"sqlite+aiosqlite:///{tmp_path}/some.sqlite"))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE things (name TEXT PRIMARY KEY, size INTEGER)"))
    yield engine
    await engine.dispose()


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what the threads of connections are asked for, as they are asked."""
    asked: list[str] = []
    ask = OneWayConnection._execute

    async def noting(self: OneWayConnection, fn: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(args[1] if len(args) > 1 else fn.__name__)
        return await ask(self, fn, *args, **kwargs)

    monkeypatch.setattr(OneWayConnection, "_execute", noting)
    return asked


async def rows(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text("SELECT name, size FROM things ORDER BY name"))]


async def test_a_statement_goes_to_the_thread_once_and_nothing_is_rolled_back_that_was_committed(
    engine: AsyncEngine, ways: list[str]
) -> None:
    async with engine.begin() as connection:
        made = await connection.execute(
            text("INSERT INTO things VALUES (:name, 1), ('other', 2) RETURNING name"), {"name": "one"}
        )
        assert made.scalars().all() == ["one", "other"]
        many = [{"size": size} for size in range(3)]
        await connection.execute(text("UPDATE things SET size = size + :size"), many)

    assert len(ways) == 3
    assert ways[-1] == "commit"
    del ways[:]
    assert await rows(engine) == [("one", 4), ("other", 5)]
    assert len(ways) == 1


async def test_results_say_what_those_of_other_databases_say(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO things VALUES ('a', 1), ('b', 2), ('c', 3)"))
        changed = await connection.execute(text("UPDATE things SET size = 0 WHERE size > 1"))
        found = await connection.execute(text("SELECT name, size FROM things ORDER BY name"))

        assert changed.rowcount == 2
        assert not changed.returns_rows
        assert list(found.keys()) == ["name", "size"]
        assert found.fetchone() == ("a", 1)
        assert found.fetchmany(1) == [("b", 0)]
        assert found.fetchall() == [("c", 0)]
        streamed = await connection.stream(text("SELECT name FROM things ORDER BY name"))
        assert [row async for row in streamed.scalars()] == ["a", "b", "c"]


async def test_a_failure_is_the_databases_own_and_undoes_the_transaction(engine: AsyncEngine) -> None:
    async def fail(statement: str) -> None:
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO things VALUES ('a', 1)"))
            await connection.execute(text(statement))

    with pytest.raises(IntegrityError):
        await fail("INSERT INTO things VALUES ('a', 2)")
    with pytest.raises(OperationalError, match="no such table"):
        await fail("SELECT 1 FROM missing")

    assert await rows(engine) == []


async def test_what_a_cancelled_statement_begins_later_is_rolled_back(engine: AsyncEngine) -> None:
    """The thread is held up, the task that waits for it is cancelled, and then the statement runs all the same."""
    go_on, is_held_up = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold_up() -> int:
        loop.call_soon_threadsafe(is_held_up.set)
        go_on.wait(30)
        return 1

    async def insert() -> None:
        async with engine.begin() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            driver._conn.create_function("hold_up", 0, hold_up)
            await connection.execute(text("INSERT INTO things VALUES ('late', hold_up())"))

    task = asyncio.create_task(insert())
    await is_held_up.wait()
    task.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await rows(engine) == []
    async with engine.begin() as connection:  # nobody holds the lock
        await connection.execute(text("INSERT INTO things VALUES ('next', 1)"))
    assert await rows(engine) == [("next", 1)]


async def test_a_hub_that_fails_ends_with_connections_open(tmp_path: Path) -> None:
    connection = await OneWayConnection(lambda: sqlite3.connect(tmp_path / "some.sqlite", check_same_thread=False))

    assert connection._thread.daemon
    await connection.close()
