"""The demo, as the README has it, on a hub of its own."""

import subprocess
import sys

import pytest


@pytest.mark.timeout(300)
def test_the_demo_stores_reads_back_and_says_what_it_did(user_folders: dict[str, str]):
    command = [sys.executable, "-m", "arkitekt_di", "demo"]
    ran = subprocess.run(command, env=user_folders, capture_output=True, text=True, timeout=200, check=False)

    assert ran.returncode == 0, ran.stderr
    for said in ("Hub: ", "http://127.0.0.1:", "immunohistochemistry", "red, green, blue", "MB/s", "came back equal"):
        assert said in ran.stdout
