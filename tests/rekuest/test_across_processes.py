"""An agent and its caller in processes of their own, with the user's local hub between them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_functions_of_another_process_are_called_and_its_death_is_told(user_folders: dict[str, str]):
    environment = user_folders | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    agent = subprocess.Popen(
        [sys.executable, "-m", "tests.rekuest.serve_bodies"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert agent.stdout is not None
        assert agent.stdout.readline() == "ready\n"
        caller = subprocess.run(
            [sys.executable, "-m", "tests.rekuest.call_bodies", str(agent.pid)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    finally:
        agent.kill()
        agent.communicate()

    assert caller.stdout == "2 [0, 1, 4, 9]\nRuntimeError needle\nlost True True\n", caller.stderr
