from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, create_engine, inspect

from arkitekt_di.server.database import Table, migration_config
from arkitekt_di.server.identifiers import is_identifier, new_identifier
from arkitekt_di.server.images.tables import Frames, Image, ImageAxis, ImageLevel, ImageTag, Store
from arkitekt_di.server.journal import ChangeCounter, ChangeRow
from arkitekt_di.server.rois.tables import Roi, RoiCollection

TABLES = (ChangeCounter, ChangeRow, Frames, Image, ImageAxis, ImageLevel, ImageTag, Roi, RoiCollection, Store)
OURS = {table.__tablename__ for table in TABLES}


def only_ours(connection: Connection) -> list[object]:
    """Return the differences between the tables that the migrations made and those that the code expects."""
    expected = MetaData()
    for name in sorted(OURS):
        Table.metadata.tables[name].to_metadata(expected)
    context = MigrationContext.configure(
        connection, opts={"include_name": lambda name, kind, _parents: kind != "table" or name in OURS}
    )
    return list(compare_metadata(context, expected))


def test_the_migrations_make_the_tables_that_the_code_expects(migrated: Path) -> None:
    with create_engine(f"sqlite:///{migrated / 'hub.sqlite'}").connect() as connection:
        assert only_ours(connection) == []


def test_the_migration_can_be_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "hub.sqlite"
    config = migration_config(f"sqlite+aiosqlite:///{path}")
    for step in (command.upgrade, command.downgrade, command.upgrade):
        step(config, "0005_pixels" if step is command.upgrade else "0001_identity")

    engine = create_engine(f"sqlite:///{path}")
    assert set(inspect(engine).get_table_names()) >= OURS
    engine.dispose()


IDENTIFIER = "0567d130-4646-47c4-8b31-6041a4d434b0"


@pytest.mark.parametrize("text", ["", "1", IDENTIFIER.upper(), IDENTIFIER + "\n", " " + IDENTIFIER])
def test_only_what_the_hub_makes_is_an_identifier(text: str) -> None:
    assert is_identifier(new_identifier())
    assert not is_identifier(text)
