"""The wheel holds everything, and works outside the checkout."""

import site
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINKS = {"arkitekt_di/containers", "arkitekt_di/config"}

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
    names = "\n".join(tracked_files())
    subprocess.run(["tar", "cf", folder / "source.tar", "-T", "-"], cwd=ROOT, input=names, text=True, check=True)
    subprocess.run(["tar", "xf", folder / "source.tar"], cwd=source, check=True)
    build = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder), str(source)]
    subprocess.run([sys.executable, "-m", *build], check=True, timeout=300)
    return next(folder.glob("*.whl"))


def test_every_folder_with_files_is_listed():
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    files = {Path(path) for path in tracked_files() if path.startswith("arkitekt_di/")} - {Path(link) for link in LINKS}
    found = {".".join(path.parent.parts) for path in files}

    assert listed == found | {"arkitekt_di.containers", "arkitekt_di.config"}


def test_the_wheel_holds_every_file_once(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        held = [name for name in archive.namelist() if ".dist-info/" not in name]
    wanted = {path for path in tracked_files() if path.startswith("arkitekt_di/")} - LINKS
    wanted |= {f"arkitekt_di/{path}" for path in tracked_files() if path.startswith(("containers/", "config/"))}

    assert sorted(held) == sorted(wanted)


def test_the_wheel_works_outside_the_checkout(wheel: Path, tmp_path: Path):
    venv.create(tmp_path / "env", with_pip=False)
    python = str(tmp_path / "env" / "bin" / "python")
    where = [python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"]
    purelib = subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(purelib)
    # What the package depends on comes from the environment of the tests; the package itself does not.
    code = f"import sys; sys.path.append({site.getsitepackages()[0]!r})\n{SCRIPT}"
    ran = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    assert ran.stderr == ""
    assert ran.stdout == "66\n"
