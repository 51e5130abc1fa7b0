"""The drawing of the presets: a change of wiring is a change of this file."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from arkitekt_di.cli.main import app
from arkitekt_di.config import PRESETS as DESCRIBED
from arkitekt_di.containers.presets import PRESETS

HERE = Path(__file__).parent


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


def test_every_preset_has_its_yaml():
    assert set(DESCRIBED) == set(PRESETS)
