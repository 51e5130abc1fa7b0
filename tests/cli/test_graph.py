"""The drawing of the presets: a change of wiring is a change of this file."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from arkitekt_di.cli.main import app
from arkitekt_di.config import PRESETS as DESCRIBED
from arkitekt_di.containers.presets import PRESETS

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def nobody_elses_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_preset_is_drawn_as_it_was_agreed(preset: str):
    """To accept a new drawing: ``arkitekt-di graph --preset NAME > tests/cli/graph-NAME.mmd``."""
    ran = CliRunner().invoke(app, ["graph", "--preset", preset])

    assert ran.exit_code == 0
    assert ran.stdout == (HERE / f"graph-{preset}.mmd").read_text()


def test_a_misspelt_preset_is_told():
    ran = CliRunner().invoke(app, ["graph", "--preset", "eazy"])

    assert ran.exit_code != 0
    assert "did you mean 'easy'?" in str(ran.exception)


def test_what_a_file_replaced_names_the_line_and_json_has_the_whole_chain(tmp_path: Path):
    lab = tmp_path / "lab.yaml"
    lab.write_text("overrides:\n  fakts.discovery: arkitekt_di.fakts.discovery:NoDiscovery\n")

    drawn = CliRunner().invoke(app, ["graph", "--preset", "port", "--config", str(lab)])
    listed = CliRunner().invoke(app, ["graph", "--preset", "port", "--config", str(lab), "--json"])

    by_file = f"{lab}:2:20"
    assert f'["fakts.discovery<br/>NoDiscovery<br/>put there by {by_file}"]' in drawn.stdout
    (node,) = [node for node in json.loads(listed.stdout) if node["name"] == "fakts.discovery"]
    assert node == {
        "name": "fakts.discovery",
        "gives": "NoDiscovery",
        "needs": [],
        "put_there_by": [by_file, "preset PortFakts"],
    }


def test_every_preset_has_its_yaml():
    assert set(DESCRIBED) == set(PRESETS)
