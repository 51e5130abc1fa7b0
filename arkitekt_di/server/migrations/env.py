"""Runs the hub's migrations; Alembic loads this file by its path."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from arkitekt_di.server.database import Table


def migrate(connection: Connection) -> None:
    """Apply the migrations on one connection, in one transaction."""
    # SQLite cannot alter a table in place: batch mode copies it.
    context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_migrate() -> None:
    """Open the database that the configuration names and bring it up to date."""
    engine = create_async_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()
    await engine.dispose()


asyncio.run(connect_and_migrate())
