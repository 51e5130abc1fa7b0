"""The fixtures that everybody's tests get with the package, in runs of pytest outside of this repository."""

import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = '''
from collections.abc import Iterator
from dataclasses import dataclass

from arkitekt_di import log, register, shutdown, startup
from arkitekt_di.mikro import Image, from_xarray
from arkitekt_di.rekuest import state

ended = []


@state
@dataclass
class Stage:
    x: float = 0.0


@startup
def begin() -> Stage:
    return Stage(x=1.0)


@shutdown
def end() -> None:
    ended.append(True)


@register
def invert(image: Image) -> Image:
    """Invert."""
    log("inverting")
    return from_xarray(255 - image.data, name=f"inverse of {image.name}")


@register
def move(by: float, stage: Stage) -> float:
    """Move."""
    stage.x += by
    return stage.x


@register
def count(n: int) -> Iterator[int]:
    """Count."""
    yield from range(n)
'''

TESTS = """
import os
import socket

import functions
import numpy as np
import pytest

from arkitekt_di.errors import ValueRefusedError
from arkitekt_di.mikro import from_xarray, search_images


def test_an_image_goes_through_a_function(call):
    image = from_xarray(np.full((4, 5), 5, "uint8"), name="plane", dims=("y", "x"))

    inverse = call(functions.invert, image)

    assert int(inverse.data.max()) == 250
    assert [told.message for told in call.told] == ["inverting"]


def test_hooks_of_the_module_run_once_in_a_test(call):
    assert functions.ended == [True]
    assert [call(functions.move, by=2.0), call(functions.move, by=2.0)] == [3.0, 5.0]
    assert list(call.iterate(functions.count, n=3)) == [0, 1, 2]
    with pytest.raises(ValueRefusedError):
        call(functions.move, by="far")


def test_each_app_begins_empty(arkitekt_app):
    assert arkitekt_app.is_open
    assert search_images() == []
    assert "arkitekt" in os.environ["XDG_STATE_HOME"]
    assert arkitekt_app.settings.mikro.codec != "zstd"  # what the variable of the user says
    assert arkitekt_app.fakts.url.startswith("http://127.0.0.1:")


def test_the_environment_is_as_before():
    assert os.environ["ARKITEKT_MIKRO__CODEC"] == "zstd"


def test_a_hub_lets_apps_in(hub):
    with hub.app("microscope") as app:
        from_xarray(np.zeros((2, 2), "uint8"), name="dark", dims=("y", "x"))
    with hub.app("viewer"):
        assert [image.name for image in search_images()] == ["dark"]
"""


def pytest_in(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.timeout(300)
def test_the_fixtures_serve_a_project_of_somebody_else(tmp_path: Path, user_folders: dict[str, str]):
    project = tmp_path / "project"
    project.mkdir()
    (project / "functions.py").write_text(FUNCTIONS)
    (project / "test_functions.py").write_text(TESTS)

    ran = pytest_in(project, user_folders | {"ARKITEKT_MIKRO__CODEC": "zstd"})

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "5 passed" in ran.stdout
    assert not (tmp_path / "state").exists()  # the user's own folders, which nothing was to touch


def test_the_plugin_loads_nothing_of_ours_before_a_fixture_is_used():
    code = (
        "import sys, arkitekt_di.testing.plugin\nprint(sorted(n for n in sys.modules if n.startswith('arkitekt_di')))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert ran.stdout == "['arkitekt_di', 'arkitekt_di.testing', 'arkitekt_di.testing.plugin']\n"
