"""``arkitekt-di images`` against a hub of its own: what it prints, what it writes, and how it fails."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.cli.terminal import Terminal

PIXELS = np.random.default_rng(5).integers(0, 4000, (2, 40, 50), dtype="uint16")


@pytest.mark.timeout(300)
def test_files_are_imported_listed_shown_and_exported(user_folders: dict[str, str], tmp_path: Path):
    described = {"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"]}, "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    tifffile.imwrite(tmp_path / "embryo.ome.tif", PIXELS, metadata=described)
    (tmp_path / "broken.tif").write_bytes(b"II*\0 nothing")

    terminal = Terminal(tmp_path, user_folders)
    described_as = ("--folder", "2026/november", "--tag", "mouse")
    imported = terminal.arkitekt("images", "import", "embryo.ome.tif", *described_as, "--json")
    assert imported.returncode == 0, imported.stderr
    (image,) = json.loads(imported.stdout)
    assert image["sizes"] == {"c": 2, "y": 40, "x": 50}

    listed = terminal.inside("images", "list")
    assert image["id"] in listed.stdout

    shown = json.loads(terminal.inside("images", "show", image["id"], "--json").stdout)
    assert (shown["channels"], shown["pixel_size"], shown["tags"], shown["folder"]) == (
        ["DAPI", "GFP"],
        {"y": 0.5, "x": 0.5},
        ["mouse"],
        "2026/november",
    )

    exported = terminal.inside("images", "export", image["id"], "plane.png", "--at", "c=1")
    assert exported.returncode == 0, exported.stderr
    assert "left out: pixel sizes" in exported.stderr
    assert (tmp_path / "plane.png").read_bytes().startswith(b"\x89PNG")

    refused = terminal.inside("images", "import", "broken.tif")
    assert refused.returncode == 1
    assert "broken.tif: it is damaged" in refused.stderr
    assert "Traceback" not in refused.stderr

    wrong = terminal.inside("images", "export", image["id"], "other.png", "--at", "c")
    assert wrong.returncode == 2
