"""The hub's records: one database, opened with migrations applied."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from arkitekt_di.settings.models import DatabaseSettings

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
        self._sessions: async_sessionmaker[AsyncSession] | None = None

    @property
    def url(self) -> str:
        """SQLAlchemy address, with an async driver; may hold a password."""
        return self._url

    async def start(self) -> None:
        """Bring the schema up to date and open the database."""
        await asyncio.to_thread(command.upgrade, migration_config(self._url), "head")
        self._engine = create_async_engine(self._url, hide_parameters=True)  # they may be hashes of secrets
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    async def stop(self) -> None:
        """Close every connection."""
        if self._engine is not None:
            await self._engine.dispose()
        self._engine = self._sessions = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a session that commits when the block ends and rolls back when it raises."""
        if self._sessions is None:
            message = "the database is not open"
            raise RuntimeError(message)
        async with self._sessions() as session, session.begin():
            yield session


def migration_config(url: str) -> Config:
    """Return Alembic's configuration for the hub's migrations on the database at *url*."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # Readers and the one writer do not block each other, and commits survive a killed process:
    # https://sqlite.org/wal.html and https://sqlite.org/pragma.html#pragma_synchronous
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()
