import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_mock_engine, inspect
from sqlalchemy.dialects import postgresql

from arkitekt_di.server.database import Database, Table, migration_config
from arkitekt_di.server.identity import tables
from arkitekt_di.settings.models import DatabaseSettings

pytestmark = pytest.mark.anyio
OWN = {
    mapper.local_table.name  # type: ignore[attr-defined]
    for mapper in Table.registry.mappers
    if mapper.class_.__module__ == tables.__name__
}


async def test_the_migration_makes_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    database = Database(DatabaseSettings(), tmp_path)
    await database.start()

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={"include_object": lambda thing, name, kind, *_: kind != "table" or name in OWN, "compare_type": True},
        )
        return list(compare_metadata(context, Table.metadata))

    async with database._engine.connect() as connection:  # type: ignore[union-attr]
        assert await connection.run_sync(differences) == []
        found = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    await database.stop()
    assert found >= OWN
    assert len(OWN) == 13


def test_the_tables_can_be_made_in_postgresql() -> None:
    statements: list[str] = []
    dialect = postgresql.dialect()
    engine = create_mock_engine(
        "postgresql://", lambda statement, *_: statements.append(str(statement.compile(dialect=dialect)))
    )

    Table.metadata.create_all(engine, [Table.metadata.tables[name] for name in sorted(OWN)], checkfirst=False)

    assert sum("CREATE TABLE" in statement for statement in statements) == 13


async def test_the_migration_can_be_taken_back(tmp_path: Path) -> None:
    database = Database(DatabaseSettings(), tmp_path)
    await database.start()
    await database.stop()

    config = migration_config(f"sqlite+aiosqlite:///{tmp_path / 'hub.sqlite'}")
    await asyncio.to_thread(command.downgrade, config, "base")
    await asyncio.to_thread(command.upgrade, config, "head")


async def test_what_an_earlier_version_stored_is_still_there(tmp_path: Path) -> None:
    config = migration_config(f"sqlite+aiosqlite:///{tmp_path / 'hub.sqlite'}")
    await asyncio.to_thread(command.upgrade, config, "0002_images")
    with sqlite3.connect(tmp_path / "hub.sqlite") as connection:
        connection.execute("INSERT INTO clients VALUES ('a', '{}', 'desktop', 'interface', 1)")
    connection.close()

    database = Database(DatabaseSettings(), tmp_path)
    await database.start()
    async with database.transaction() as session:
        client = await session.get_one(tables.Client, "a")
    await database.stop()

    assert (client.kind, client.redirect_uris) == ("desktop", "")
