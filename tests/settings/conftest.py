"""Every test has configuration folders of its own."""

import os
import sys
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_places(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the user's and the system's configuration at an empty folder, and clear our variables."""
    folder = tmp_path_factory.mktemp("places")
    for variable in [name for name in os.environ if name.startswith("ARKITEKT_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "user"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(folder / "machine"))
    monkeypatch.setattr(sys, "prefix", str(folder / "environment"))
    return folder
