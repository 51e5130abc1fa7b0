"""Group commit: whatever waits to be written goes into one transaction, and is answered when that is on disk."""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from arkitekt_di.errors import ArkitektError
from arkitekt_di.server.tasks.prepared import Transaction

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Transaction], Any]
Piece = tuple[Work, "asyncio.Future[Any]"]

MAX_GROUP = 256
"""Most pieces of work in one transaction."""

CHECKPOINT_EVERY = 500
"""Commits after which pages go from the write-ahead log to the database."""

MAX_WAITING = 4096
"""Most pieces of work that wait; who comes later waits for room."""

Durability = Literal["process", "power"]
"""What a commit survives: the death of the hub, or that of the machine."""


class WouldWaitError(Exception):
    """The work cannot be written without waiting; caught where it is written apart."""


class Connector(Protocol):
    """Runs work on a connection, in a transaction."""

    def write_now(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* and commit, without waiting; where that cannot be, or fails, nothing is written.

        Raises
        ------
        WouldWaitError
            This connector always waits.
        """
        ...

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* and commit, or roll back where it raises."""
        ...

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run *work* that changes nothing; sees what was committed before."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class SqliteConnector:
    """Writes on the loop's own thread where that waits for nothing, and in a thread where it does.

    A commit to the write-ahead log takes a tenth of a millisecond and waits for no disk, which is less than a change of
    threads.  Where another connection writes at that moment, or the disk has to confirm (``durability="power"``), a
    thread waits instead.  Pages go from the log to the database in that thread, too: that does wait for the disk.

    On the loop's own thread the driver begins and commits: SQLAlchemy's frame took longer than SQLite did.
    """

    def __init__(self, path: str, durability: Durability) -> None:
        self._durability = durability
        self._engine = create_engine(f"sqlite:///{path}", hide_parameters=True, pool_size=3)
        event.listen(self._engine, "connect", self._prepare)
        event.listen(self._engine, "begin", _begin)
        self._direct: Transaction | None = None
        self._commits = 0
        self._writer = ThreadPoolExecutor(1, "ledger-write")
        self._reader = ThreadPoolExecutor(1, "ledger-read")

    def write_now(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* and commit, on the connection that is kept for it."""
        if self._durability != "process":
            raise WouldWaitError
        direct = self._direct or self._open_direct()
        driver = direct.sqlite
        driver.execute("BEGIN IMMEDIATE")
        try:
            result = work(direct)
            driver.execute("COMMIT")
        except BaseException:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            raise
        finally:
            if direct.connection.in_transaction():  # SQLAlchemy ran statements in it, and takes it for its own
                direct.connection.rollback()
        self._commits += 1
        if self._commits % CHECKPOINT_EVERY == 0:
            self._writer.submit(_checkpoint, self._engine).add_done_callback(_tell_failure)
        return result

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* and commit, in the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, _write, self._engine, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run *work* that changes nothing."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, _read, self._engine, work)

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.to_thread(self._shut)

    def _open_direct(self) -> Transaction:
        self._direct = Transaction(self._engine.connect().execution_options(begins=False))
        self._direct.sqlite.execute("PRAGMA busy_timeout=0")
        self._direct.sqlite.execute("PRAGMA wal_autocheckpoint=0")
        return self._direct

    def _shut(self) -> None:
        self._writer.shutdown()
        self._reader.shutdown()
        if self._direct is not None:
            self._direct.connection.close()
        self._engine.dispose()

    def _prepare(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where SQLAlchemy says so
        cursor = connection.cursor()
        # https://sqlite.org/pragma.html#pragma_synchronous: NORMAL survives a killed process, FULL a power cut too.
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={'FULL' if self._durability == 'power' else 'NORMAL'}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=5000")
        cursor.close()


class AsyncConnector:
    """Any other database, through its async driver."""

    def __init__(self, url: str) -> None:
        self._engine: AsyncEngine = create_async_engine(url, hide_parameters=True)

    def write_now(self, work: Callable[[Transaction], T]) -> T:
        """Refuse: what crosses a network waits."""
        raise WouldWaitError

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* and commit."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(lambda connection: work(Transaction(connection)))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run *work* that changes nothing."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def connector_for(url: str, durability: Durability) -> Connector:
    """Return the connector for the database at *url*, which names an async driver."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteConnector(str(Path(parsed.database or "")), durability)
    return AsyncConnector(url)


class GroupCommit:
    """Writes in groups: all that the loop has handed over when it comes to it again.

    Parameters
    ----------
    connector : Connector
    committed : callable
        Told of the result of each piece of work, in the order in which they were committed.
    """

    def __init__(self, connector: Connector, committed: Callable[[object], None]) -> None:
        self._connector = connector
        self._committed = committed
        self._waiting: deque[Piece] = deque()
        self._apart: asyncio.Task[None] | None = None
        self._is_due = False
        self._room = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def stop(self) -> None:
        """Write what waits."""
        await self._idle.wait()

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* in the next transaction; returns, or raises, when that is over."""
        while len(self._waiting) >= MAX_WAITING:
            self._room.clear()
            await self._room.wait()
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, answer))
        self._idle.clear()
        self._come_back()
        return await answer

    def _come_back(self) -> None:
        if not self._is_due and self._apart is None:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._write_group)

    def _write_group(self) -> None:
        self._is_due = False
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_GROUP))]
        self._room.set()
        try:
            results = self._connector.write_now(_all_of(group))
        except Exception:  # noqa: BLE001  # nothing was written; whatever it was, it is met again apart, and told there
            self._apart = asyncio.create_task(self._write_apart(group), name="ledger")
            return
        self._settle(group, results)
        self._go_on()

    def _go_on(self) -> None:
        if self._waiting:
            self._come_back()
        else:
            self._idle.set()

    async def _write_apart(self, group: list[Piece]) -> None:
        try:
            await self._write(group)
        finally:
            self._apart = None
            self._go_on()

    async def _write(self, group: list[Piece]) -> None:
        try:
            results = await self._connector.write(_all_of(group))
        except Exception as error:  # noqa: BLE001  # whoever asked is told, each for themselves
            if len(group) == 1:
                _answer(group[0][1], error)
                return
            for piece in group:  # one that cannot be written must not take the others with it
                await self._write([piece])
            return
        self._settle(group, results)

    def _settle(self, group: list[Piece], results: list[Any]) -> None:
        for (_, answer), result in zip(group, results, strict=True):
            try:
                self._committed(result)
            except Exception:
                log.exception("what was recorded could not be told")  # those who read the ledger find it
            _answer(answer, result)


def _all_of(group: list[Piece]) -> Callable[[Transaction], list[Any]]:
    return lambda transaction: [_attempt(work, transaction) for work, _ in group]


def _attempt(work: Work, transaction: Transaction) -> Any:
    try:
        return work(transaction)
    except ArkitektError as refusal:  # raised before anything was written
        return refusal


def _answer(answer: asyncio.Future[Any], result: Any) -> None:
    if answer.done():  # whoever asked has left; what was written stays
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)


def _write(engine: Engine, work: Callable[[Transaction], T]) -> T:
    with engine.begin() as connection:
        return work(Transaction(connection))


def _read(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.connect().execution_options(reads=True) as connection:
        return work(connection)


def _checkpoint(engine: Engine) -> None:
    """Move what can be moved without anybody waiting; what is left goes the next time."""
    with engine.connect() as connection:  # outside of any transaction: within one SQLite refuses
        Transaction(connection).sqlite.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _tell_failure(checkpoint: Future[None]) -> None:
    if not checkpoint.cancelled() and (error := checkpoint.exception()) is not None:
        log.error("the log of the ledger was not moved to its database; it is tried again", exc_info=error)


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("begins", True):
        # The lock is taken at once: a transaction that reads first and then writes could fail in between.
        connection.exec_driver_sql("BEGIN" if options.get("reads") else "BEGIN IMMEDIATE")
