"""The example project works as its README says, from a folder of its own."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

EXAMPLE = Path(__file__).parents[2] / "examples" / "segmenter"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    kept = shutil.ignore_patterns("__pycache__", ".pytest_cache", "*.egg-info")
    return shutil.copytree(EXAMPLE, tmp_path / "segmenter", ignore=kept)


@pytest.mark.timeout(300)
def test_its_own_tests_pass(project: Path, user_folders: dict[str, str]):
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        command, cwd=project, env=user_folders, capture_output=True, text=True, timeout=240, check=False
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^5 passed", ran.stdout, re.MULTILINE)


@pytest.mark.timeout(300)
def test_its_functions_are_found_where_they_are_served(project: Path, user_folders: dict[str, str]):
    terminal = Terminal(project, user_folders)
    with terminal.running("run", "segmenter.serve") as agent:
        agent.until("segmenter serves measure, segment at")


def test_every_file_that_its_readme_names_is_there():
    named = re.findall(r"^\| `([^`]+)`", (EXAMPLE / "README.md").read_text(), re.MULTILINE)

    assert named
    assert all((EXAMPLE / name).is_file() for name in named)
