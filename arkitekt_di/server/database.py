"""The hub's records: one database, opened with migrations applied."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, Executable, MetaData, Row, Select, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session

from arkitekt_di.server.sqlite import open_reader, open_sqlite
from arkitekt_di.settings.models import DatabaseSettings

Record = TypeVar("Record")

MIGRATIONS = Path(__file__).with_name("migrations")


class Table(DeclarativeBase):
    """Base of every table of the hub; constraints have names, so that migrations can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Database:
    """The database of a hub.

    Parameters
    ----------
    settings : DatabaseSettings
    data : Path
        Data folder; holds ``hub.sqlite`` where *settings* name no database.
    """

    def __init__(self, settings: DatabaseSettings, data: Path) -> None:
        self._url = settings.url or f"sqlite+aiosqlite:///{data.absolute() / 'hub.sqlite'}"
        self._engine: AsyncEngine | None = None
        self._reader: Engine | None = None
        self._sessions: async_sessionmaker[AsyncSession] | None = None

    @property
    def url(self) -> str:
        """SQLAlchemy address, with an async driver; may hold a password."""
        return self._url

    async def start(self) -> None:
        """Bring the schema up to date and open the database."""
        await asyncio.to_thread(command.upgrade, migration_config(self._url), "head")
        url = make_url(self._url)
        if url.get_backend_name() == "sqlite":
            self._engine = open_sqlite(url)
            self._reader = await asyncio.to_thread(open_reader, url)
        else:
            self._engine = create_async_engine(url, hide_parameters=True)  # they may be hashes of secrets
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    async def stop(self) -> None:
        """Close every connection."""
        if self._engine is not None:
            await self._engine.dispose()
        if self._reader is not None:
            self._reader.dispose()
        self._engine = self._reader = self._sessions = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a session that commits when the block ends and rolls back when it raises."""
        if self._sessions is None:
            message = "the database is not open"
            raise RuntimeError(message)
        async with self._sessions() as session, session.begin():
            yield session

    async def look_up(self, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """Return the few rows that *statement* finds by a key, as they are committed, in no transaction of the caller.

        SQLite is asked on the loop's own thread: who reads a database with a write-ahead log waits for no writer, and
        the way to another thread and back, six times for one statement, takes longer than the answer.
        """
        if self._reader is not None:
            with suppress(OperationalError), self._reader.connect() as connection:  # locked: a thread may wait
                return connection.execute(statement, parameters).all()
        async with self.transaction() as session:
            return (await session.execute(statement, parameters)).all()

    async def find(self, statement: Select[Record], parameters: Mapping[str, Any] | None = None) -> Sequence[Record]:
        """As `look_up`, of one column or of records: those come with what is loaded with them, bound to no session."""
        if self._reader is not None:
            with suppress(OperationalError), Session(self._reader, expire_on_commit=False) as reading:
                return reading.scalars(statement, parameters).all()
        async with self.transaction() as session:
            return (await session.scalars(statement, parameters)).all()


def migration_config(url: str) -> Config:
    """Return Alembic's configuration for the hub's migrations on the database at *url*."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
