"""The ledger's transactions: whole or not at all, whichever way they are written; and the log goes to the database."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from arkitekt_di.errors import TaskNotFoundError
from arkitekt_di.server.tasks import commits
from arkitekt_di.server.tasks.commits import Durability, GroupCommit, SqliteConnector, WouldWaitError
from arkitekt_di.server.tasks.prepared import Prepared, Transaction
from arkitekt_di.server.tasks.tables import AGENTS
from tests.server.tasks.stored import agent_row

pytestmark = pytest.mark.anyio

COUNT = Prepared(select(func.count().label("count")).select_from(AGENTS))


@pytest.fixture
async def connector(folder: Path, durability: Durability) -> AsyncIterator[SqliteConnector]:
    opened = SqliteConnector(str(folder / "hub.sqlite"), durability)
    yield opened
    await opened.close()


@pytest.fixture
def durability() -> Durability:
    return "process"


def adding(name: str) -> Callable[[Transaction], str]:
    """Return work that adds an agent by SQLAlchemy, and reads by the driver."""

    def work(transaction: Transaction) -> str:
        before = count(transaction)
        transaction.connection.execute(insert(AGENTS), agent_row(name))
        assert count(transaction) == before + 1
        return name

    return work


def count(transaction: Transaction) -> int:
    return int(COUNT.rows(transaction, {})[0]["count"])


def failing(transaction: Transaction) -> None:
    adding("never")(transaction)
    raise RuntimeError("after something was written")


def refusing(_transaction: Transaction) -> None:
    raise TaskNotFoundError("none")


@pytest.mark.parametrize("durability", ["process", "power"])
async def test_whoever_fails_is_told_and_takes_nobody_along(connector: SqliteConnector) -> None:
    told: list[object] = []
    group = GroupCommit(connector, told.append)

    works: list[Callable[[Transaction], Any]] = [adding("a"), failing, refusing, adding("b")]
    outcomes = await asyncio.gather(*(group.write(work) for work in works), return_exceptions=True)
    await group.stop()

    assert (outcomes[0], outcomes[3]) == ("a", "b")
    assert (type(outcomes[1]), type(outcomes[2])) == (RuntimeError, TaskNotFoundError)
    assert await group.write(count) == 2
    assert [one for one in told if isinstance(one, str)] == ["a", "b"]


async def test_what_is_handed_over_in_one_turn_is_one_transaction(connector: SqliteConnector) -> None:
    group = GroupCommit(connector, lambda _: None)
    await group.write(count)  # the connection is open
    statements: list[str] = []
    connector.write_now(lambda transaction: transaction.sqlite.set_trace_callback(statements.append))

    await asyncio.gather(*(group.write(adding(f"agent {number}")) for number in range(20)))

    assert [text for text in statements if text.startswith("COMMIT")] == ["COMMIT", "COMMIT"]  # the one that began it
    assert await group.write(count) == 20


async def test_a_lock_of_somebody_else_is_waited_for(connector: SqliteConnector, folder: Path) -> None:
    group = GroupCommit(connector, lambda _: None)
    await group.write(count)
    other = sqlite3.connect(folder / "hub.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Exception, match="locked"):
        connector.write_now(count)

    writing = asyncio.create_task(group.write(adding("a")))
    await asyncio.sleep(0)
    also = asyncio.create_task(group.write(adding("b")))
    await asyncio.sleep(0)
    assert (writing.done(), also.done()) == (False, False)
    other.execute("COMMIT")
    other.close()

    assert (await writing, await also) == ("a", "b")


async def test_a_commit_that_waits_for_the_disk_is_never_on_the_loop(folder: Path) -> None:
    connector = SqliteConnector(str(folder / "hub.sqlite"), "power")
    with pytest.raises(WouldWaitError):
        connector.write_now(count)
    await connector.close()


async def test_the_log_goes_to_the_database(
    connector: SqliteConnector, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "CHECKPOINT_EVERY", 2)
    connector.write_now(adding("a"))
    connector.write_now(adding("b"))
    await connector.write(count)  # in the thread of the checkpoint, after it

    alone = shutil.copyfile(folder / "hub.sqlite", folder / "without-log.sqlite")
    with sqlite3.connect(alone) as copy:
        assert copy.execute("SELECT count(*) FROM agents").fetchone() == (2,)
    copy.close()
