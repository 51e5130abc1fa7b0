"""The same hub on PostgreSQL, by YAML alone."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command

from arkitekt_di.server.database import migration_config
from tests.postgres import Postgres, find_program, running_postgres
from tests.serving import serving

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_program("initdb") is None, reason="the server of PostgreSQL is not installed"),
]

HERE = Path(__file__).parent
BOUND_S = 120.0


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


def work(url: str, day: str, environment: dict[str, str]) -> str:
    ran = subprocess.run(
        [sys.executable, str(HERE / "use_lab_hub.py"), url, day],
        env=environment,
        capture_output=True,
        text=True,
        timeout=BOUND_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_hub_on_postgresql_keeps_what_scientists_do(postgres: Postgres, user_folders: dict[str, str], tmp_path: Path):
    config = tmp_path / "hub.yaml"
    config.write_text(f"database:\n  url: {postgres.fresh_database()}\n")

    with serving(tmp_path / "hub", "--config", str(config), "--auto-approve") as hub:
        first = work(hub.url, "first", user_folders)
    with serving(tmp_path / "hub", "--config", str(config), "--auto-approve") as hub:
        second = work(hub.url, "second", user_folders)

    assert first == second
    assert not list((tmp_path / "hub").rglob("*.sqlite*"))


def test_the_tables_can_be_made_unmade_and_made_again(postgres: Postgres):
    config = migration_config(postgres.fresh_database())

    command.upgrade(config, "head")
    command.downgrade(config, "base")
    command.upgrade(config, "head")
