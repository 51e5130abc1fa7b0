from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, create_engine, insert, inspect, select

from arkitekt_di.server.database import Table as HubTable
from arkitekt_di.server.database import migration_config
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
        HubTable.metadata.tables[name].to_metadata(expected)
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


def test_of_uploads_that_two_hubs_opened_under_one_key_the_older_one_keeps_it(tmp_path: Path) -> None:
    config = migration_config(f"sqlite+aiosqlite:///{tmp_path / 'hub.sqlite'}")
    command.upgrade(config, "0010_comments_and_provenance")
    engine = create_engine(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    row: dict[str, object] = {
        "organization_id": "lab",
        "user_id": "ada",
        "client_id": "app",
        "bucket": "zarr",
        "state": "OPEN",
        "expires_at": 9.0,
        "max_bytes": 1,
        "upload_key": "image:k",
        "upload_part": 0,
    }
    others = [{"id": "later", "created_at": 2.0}, {"id": "older", "created_at": 1.0}, {"id": "gone", "created_at": 0.0}]
    with engine.begin() as connection:
        stores = Table(Store.__tablename__, MetaData(), autoload_with=connection)
        connection.execute(insert(stores), [row | other | {"key": other["id"]} for other in others[:2]])
        connection.execute(insert(stores), row | others[2] | {"key": "gone", "state": "DISCARDED"})

    command.upgrade(config, "head")

    with engine.connect() as connection:
        kept = {row.id: row.upload_key for row in connection.execute(select(stores.c.id, stores.c.upload_key))}
    engine.dispose()
    assert kept == {"later": None, "older": "image:k", "gone": "image:k"}


IDENTIFIER = "0567d130-4646-47c4-8b31-6041a4d434b0"


@pytest.mark.parametrize("text", ["", "1", IDENTIFIER.upper(), IDENTIFIER + "\n", " " + IDENTIFIER])
def test_only_what_the_hub_makes_is_an_identifier(text: str) -> None:
    assert is_identifier(new_identifier())
    assert not is_identifier(text)
