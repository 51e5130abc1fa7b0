"""The demo, as the README has it, on a hub of its own."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from arkitekt_di.cli.segmentation import otsu


@pytest.mark.timeout(300)
def test_the_demo_stores_reads_back_and_says_what_it_did(user_folders: dict[str, str]):
    command = [sys.executable, "-m", "arkitekt_di", "demo"]
    ran = subprocess.run(command, env=user_folders, capture_output=True, text=True, timeout=200, check=False)

    assert ran.returncode == 0, ran.stderr
    for said in ("Hub: ", "http://127.0.0.1:", "immunohistochemistry", "red, green, blue", "MB/s", "came back equal"):
        assert said in ran.stdout
    found = re.search(r"segmented +(\d+) pieces in [\d.]+ s, by process (\d+)", ran.stdout)
    assert found is not None, ran.stdout
    assert int(found[1]) > 10
    assert int(found[2]) != os.getpid()
    assert "found by its function" in ran.stdout


@pytest.mark.parametrize(
    ("pixels", "low", "high"),
    [([10, 11, 12, 200, 205, 210], 12, 200), ([0.1, 0.1, 0.9, np.nan], 0.1, 0.9), ([7, 7, 7], 6, 8)],
    ids=["two classes", "a pixel without a value", "one value"],
)
def test_a_threshold_lies_between_the_classes(pixels: list[float], low: float, high: float):
    assert low <= otsu(np.array(pixels)) <= high
