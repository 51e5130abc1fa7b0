"""``arkitekt-di init``: the project that it makes works as its README says."""

import json
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import ARKITEKT, Terminal

WRITTEN = {"app.py", "test_app.py", "arkitekt.yaml", "README.md"}


def commands_of(readme: Path) -> list[str]:
    """Return the commands of a README, but for the one that installs the package, which is here already."""
    blocks = re.findall(r"^```sh\n(.*?)^```", readme.read_text(), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if not line.startswith("pip ")]


@pytest.fixture
def terminal(tmp_path: Path, user_folders: dict[str, str]) -> Terminal:
    folder = tmp_path / "My Dilutions"
    folder.mkdir()
    return Terminal(folder, user_folders | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"})


@pytest.mark.timeout(400)
def test_the_commands_of_its_readme_pass_in_an_empty_folder(terminal: Terminal):
    made = terminal.arkitekt("init")
    assert made.returncode == 0, made.stderr
    assert {path.name for path in terminal.folder.iterdir()} == WRITTEN

    test, run, *calls = commands_of(terminal.folder / "README.md")
    assert calls

    tested = terminal.run([sys.executable, "-m", *shlex.split(test), "-q", "-W", "error"])
    assert tested.returncode == 0, tested.stdout
    assert "2 passed" in tested.stdout
    name, *arguments = shlex.split(run)
    assert name == "arkitekt-di"
    with terminal.running(*arguments) as agent:
        agent.until("my-dilutions serves dilute at")
        said = {}
        for call in calls:
            called = terminal.run([*ARKITEKT, *shlex.split(call)[1:]])
            assert called.returncode == 0, called.stderr
            said[shlex.split(call)[1]] = called.stdout
        agent.until("✓ dilute in")
        assert agent.interrupt() == 0
    assert said["call"] == "5.0\n"
    assert "dilute(stock=10.0, wanted=1.0, volume=50.0)" in said["tasks"]


@pytest.mark.timeout(120)
def test_nothing_is_overwritten(terminal: Terminal):
    (terminal.folder / "app.py").write_text("mine\n")

    refused = terminal.arkitekt("init")

    assert refused.returncode == 1
    assert "app.py in" in refused.stderr
    assert "init NAME" in refused.stderr
    assert [path.name for path in terminal.folder.iterdir()] == ["app.py"]
    assert (terminal.folder / "app.py").read_text() == "mine\n"


@pytest.mark.timeout(120)
def test_a_folder_and_a_name_may_be_told(terminal: Terminal):
    made = terminal.arkitekt("init", "lab/wet", "--name", "wet-lab", "--json")
    refused = terminal.arkitekt("init", "other", "--name", 'x"; import os')

    assert json.loads(made.stdout)["name"] == "wet-lab"
    assert 'easy("wet-lab", version="0.1.0")' in (terminal.folder / "lab" / "wet" / "app.py").read_text()
    assert refused.returncode == 2
    assert not (terminal.folder / "other").exists()
