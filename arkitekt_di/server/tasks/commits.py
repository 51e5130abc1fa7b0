"""Group commit: whatever waits to be written goes into one transaction, and is answered when that is on disk."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from arkitekt_di.errors import ArkitektError

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Connection], Any]

MAX_GROUP = 256
"""Most pieces of work in one transaction."""

CHECKPOINT_EVERY = 500
"""Commits after which pages go from the write-ahead log to the database."""

MAX_WAITING = 4096
"""Most pieces of work that wait; who comes later waits for room."""

Durability = Literal["process", "power"]
"""What a commit survives: the death of the hub, or that of the machine."""


class Connector(Protocol):
    """Runs work on a connection, in a transaction."""

    async def write(self, work: Callable[[Connection], T]) -> T:
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
    """

    def __init__(self, path: str, durability: Durability) -> None:
        self._durability = durability
        self._engine = create_engine(f"sqlite:///{path}", hide_parameters=True, pool_size=3)
        event.listen(self._engine, "connect", self._prepare)
        event.listen(self._engine, "begin", _begin)
        self._direct: Connection | None = None
        self._commits = 0
        self._writer = ThreadPoolExecutor(1, "ledger-write")
        self._reader = ThreadPoolExecutor(1, "ledger-read")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run *work* and commit."""
        if self._durability == "process":
            try:
                return self._write_here(work)
            except OperationalError as error:
                if not _is_busy(error):
                    raise
        return await asyncio.get_running_loop().run_in_executor(self._writer, _write, self._engine, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run *work* that changes nothing."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, _read, self._engine, work)

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.to_thread(self._shut)

    def _write_here(self, work: Callable[[Connection], T]) -> T:
        if self._direct is None:
            self._direct = self._engine.connect()
            self._direct.exec_driver_sql("PRAGMA busy_timeout=0")
            self._direct.exec_driver_sql("PRAGMA wal_autocheckpoint=0")
            self._direct.rollback()
        with self._direct.begin():
            result = work(self._direct)
        self._commits += 1
        if self._commits % CHECKPOINT_EVERY == 0:
            self._writer.submit(_checkpoint, self._engine)
        return result

    def _shut(self) -> None:
        self._writer.shutdown()
        self._reader.shutdown()
        if self._direct is not None:
            self._direct.close()
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

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run *work* and commit."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

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
    """Writes in groups.

    Parameters
    ----------
    connector : Connector
    committed : callable
        Told of the result of each piece of work, in the order in which they were committed.
    """

    def __init__(self, connector: Connector, committed: Callable[[object], None]) -> None:
        self._connector = connector
        self._committed = committed
        self._waiting: asyncio.Queue[tuple[Work, asyncio.Future[Any]]] = asyncio.Queue(MAX_WAITING)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run(), name="ledger")

    async def stop(self) -> None:
        """Write what waits, and no more."""
        if self._task is not None:
            await self._waiting.join()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run *work* in the next transaction; returns, or raises, when that is over."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        await self._waiting.put((work, answer))
        return await answer

    async def _run(self) -> None:
        while True:
            group = [await self._waiting.get()]
            while len(group) < MAX_GROUP and not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            await self._write(group)
            for _ in group:
                self._waiting.task_done()

    async def _write(self, group: list[tuple[Work, asyncio.Future[Any]]]) -> None:
        try:
            results = await self._connector.write(lambda connection: [_attempt(work, connection) for work, _ in group])
        except Exception as error:  # noqa: BLE001  # whoever asked is told, each for themselves
            if len(group) == 1:
                _answer(group[0][1], error)
                return
            for piece in group:  # one that cannot be written must not take the others with it
                await self._write([piece])
            return
        for (_, answer), result in zip(group, results, strict=True):
            try:
                self._committed(result)
            except Exception:
                log.exception("what was recorded could not be told")  # those who read the ledger find it
            _answer(answer, result)


def _attempt(work: Work, connection: Connection) -> Any:
    try:
        return work(connection)
    except ArkitektError as refusal:  # raised before anything was written
        return refusal


def _answer(answer: asyncio.Future[Any], result: Any) -> None:
    if answer.done():  # whoever asked has left; what was written stays
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)


def _write(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.begin() as connection:
        return work(connection)


def _read(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.connect().execution_options(reads=True) as connection:
        return work(connection)


def _is_busy(error: OperationalError) -> bool:
    cause = error.orig
    return isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _checkpoint(engine: Engine) -> None:
    """Move what can be moved without anybody waiting; what is left goes the next time."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")


def _begin(connection: Connection) -> None:
    # The lock is taken at once: a transaction that reads first and then writes could fail in between.
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reads") else "BEGIN IMMEDIATE")
