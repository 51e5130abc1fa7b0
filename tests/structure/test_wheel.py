"""The wheel holds everything, and works outside the checkout."""

import site
import subprocess
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SCRIPT = """
import numpy as np
from arkitekt_di import embedded
from arkitekt_di.mikro import from_xarray, get_image

with embedded("wheel"):
    image = from_xarray(np.arange(12, dtype="uint8").reshape(3, 4), name="from the wheel")
    print(int(get_image(image.id).data.sum()))
"""


def tracked_files() -> list[str]:
    return subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # The build backend writes into the source folder, so it gets a copy of what git tracks.
    source = folder / "source"
    source.mkdir()
    tracked = tracked_files()
    links = {"arkitekt_di/containers", "arkitekt_di/config"}
    wanted = {path for path in tracked if path.startswith("arkitekt_di/")} - links
    wanted |= {f"arkitekt_di/{path}" for path in tracked if path.startswith(("containers/", "config/"))}

    assert sorted(held) == sorted(wanted)


def test_the_wheel_works_outside_the_checkout(wheel: Path, tmp_path: Path):
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    purelib = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(purelib)
    # What the package depends on comes from the environment of the tests; the package itself does not.
    dependencies = site.getsitepackages()[0]
    code = f"import sys; sys.path.append({dependencies!r})\n{SCRIPT}"
    ran = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    assert ran.stderr == ""
    assert ran.stdout == "66\n"
