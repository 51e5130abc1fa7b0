"""Folders, files, tables and metrics of the clients that everybody else uses, against our hub and our client."""

import json
import subprocess
from pathlib import Path

import pytest

from arkitekt_di import easy
from arkitekt_di.mikro import find_folder, from_dataframe, get_file, get_metrics, get_table, upload_file
from tests.conformance.test_real_clients import HERE, hub, real_python
from tests.serving import ServedHub

__all__ = ["hub", "real_python"]

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]


@pytest.fixture
def python_with_tables(real_python: Path) -> Path:
    """Return the Python of the real clients, with what its tables need beside them."""
    if subprocess.run([real_python, "-c", "import pyarrow"], capture_output=True, check=False).returncode:
        subprocess.run([real_python, "-m", "pip", "install", "--quiet", "pyarrow"], check=True, timeout=600)
    return real_python


def test_what_one_client_files_the_other_finds(python_with_tables: Path, hub: ServedHub, tmp_path: Path):
    (tmp_path / "theirs.bin").write_bytes(b"from them")
    with easy("conformance", version="0.1.0", url=hub.url, headless=True, no_cache=True):
        (tmp_path / "ours.bin").write_bytes(b"from us")
        file = upload_file(tmp_path / "ours.bin", folder="ours/files")
        table = from_dataframe({"x": [1.0, 2.0], "name": ["a", "b"]}, name="our cells", coordinates={"x": "space"})

        ran = subprocess.run(
            [python_with_tables, HERE / "real_containers.py", hub.url, tmp_path / "theirs.bin", file.id, table.id],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

        assert ran.returncode == 0, ran.stderr
        report = json.loads(ran.stdout.splitlines()[-1])
        assert report["same"] is True
        assert report["found"] == [report["folder"]] == [find_folder("theirs/renamed").id]
        assert report["parent"] == "theirs"
        assert report["files"] == [report["file"]]
        assert bytes.fromhex(report["copy"]) == b"from us"
        assert report["columns"] == [["x", "DOUBLE"], ["name", "VARCHAR"]]
        assert report["metric"] == ["focus", 7.5, "micrometer"]
        theirs = get_file(report["file"])
        assert (theirs.read(), theirs.folder_id) == (b"from them", report["folder"])
        assert get_table(report["table"]).to_arrow().to_pydict() == {"n": [1, 2, 3], "area": [0.5, 1.5, 2.5]}
        assert get_table(report["table"]).units == {"area": "micrometer"}
        assert [metric.value for metric in get_metrics(theirs)] == [7.5]
