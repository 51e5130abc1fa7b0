"""What importing costs, and that every module can be imported first."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "arkitekt_di"

HEAVY = (
    "aiohttp",
    "dask",
    "dependency_injector",
    "numpy",
    "obstore",
    "pydantic",
    "sqlalchemy",
    "strawberry",
    "xarray",
    "zarr",
)


def module_names() -> list[str]:
    files = [path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]
    # rglob does not follow the links to the two folders that stand beside the package.
    for name in ("containers", "config"):
        files += [PACKAGE / name / path.relative_to(ROOT / name) for path in (ROOT / name).rglob("*.py")]
    parts = (path.relative_to(ROOT).with_suffix("").parts for path in files)
    return sorted(
        {".".join(part for part in names if part != "__init__") for names in parts} - {"arkitekt_di.__main__"}
    )


def run_python(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(command, cwd=ROOT, input=given, capture_output=True, text=True, timeout=300, check=False)


def run(code: str) -> subprocess.CompletedProcess[str]:
    return run_python("-c", code)


@pytest.mark.long
def test_every_module_can_be_imported_first():
    """A parent's ``__init__`` runs before its modules, which no static graph shows."""
    names = module_names()
    assert len(names) > 50

    ran = run_python("-m", "tests.structure.first_imports", given=" ".join(names))

    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr


@pytest.mark.parametrize(
    "code",
    ["import arkitekt_di", "import arkitekt_di.errors", "import arkitekt_di.cli.main"],
)
def test_the_front_and_the_command_line_load_nothing_heavy(code: str):
    result = run(f"{code}\nimport sys\nprint(sorted(set({HEAVY!r}) & set(sys.modules)))")

    assert result.stderr == ""
    assert result.stdout == "[]\n"


def test_making_an_app_loads_no_other_preset_and_nothing_that_only_pixels_need():
    others = ["embedded", "jupy", "port", "qt", "scheduler", "server"]
    unused = [
        *(f"arkitekt_di.containers.{name}" for name in others),
        "dask",
        "rich",
        "sqlalchemy",
        "strawberry",
        "zarr",
    ]
    result = run(
        f"from arkitekt_di import easy\neasy('x')\nimport sys\nprint(sorted(set({unused!r}) & set(sys.modules)))"
    )

    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_storing_an_array_of_numbers_loads_neither_dask_nor_scipy():
    result = run(
        """
import sys
import numpy as np
from arkitekt_di.mikro import from_xarray
from tests.apps import offline_app
with offline_app():
    from_xarray(np.zeros((4, 4), "uint8"), name="dark")
print(sorted({"dask", "scipy"} & set(sys.modules)))
"""
    )

    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_help_loads_nothing_heavy():
    code = "import sys\nsys.argv = ['arkitekt-di', '--help']\nfrom arkitekt_di.cli import main\ntry:\n    main()\n"
    result = run(f"{code}finally:\n    print(sorted(set({HEAVY!r}) & set(sys.modules)))")

    assert "demo" in result.stdout
    assert result.stdout.splitlines()[-1] == "[]"


def test_nothing_is_imported_by_the_bare_name_of_a_top_level_folder():
    code = "\n".join(f"import {name}" for name in module_names())
    result = run(f"{code}\nimport sys\nprint([name for name in ('containers', 'config') if name in sys.modules])")

    assert result.stdout == "[]\n"
