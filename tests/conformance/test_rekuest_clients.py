"""The clients that everybody else uses offer and call functions through our hub, each in a process of its own."""

import json
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from tests.serving import ServedHub, serving

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]

CLIENTS = ("arkitekt==8.1.0", "rekuest==10.0.0")
HERE = Path(__file__).parent
BOUND_S = 60.0


@pytest.fixture(scope="session")
def rekuest_python() -> Path:
    """Return the Python of a virtual environment that has the real clients; kept between runs."""
    folder = platformdirs.user_cache_path("arkitekt-di-tests") / "-".join(CLIENTS).replace("==", "-")
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    done = folder / "complete"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", *CLIENTS], check=True, timeout=600, capture_output=True
        )
        done.touch()
    return python


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[ServedHub]:
    with serving(tmp_path / "data", "--auto-approve") as hub:
        yield hub


@contextmanager
def real_agent(python: Path, hub: ServedHub, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the agent in a process of its own, until its functions are offered."""
    home = folder / "agent"
    home.mkdir()
    with (folder / "agent.log").open("w") as log:
        process = subprocess.Popen(
            [python, HERE / "rekuest_agent.py", hub.url], cwd=home, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        wait_until((home / "ready").exists)
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(condition: Any) -> None:
    """Return when *condition* holds; other processes do not call back."""
    end = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@contextmanager
def calling(python: Path, hub: ServedHub, folder: Path, scenario: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the caller in a process of its own."""
    home = folder / "caller"
    home.mkdir()
    command = [str(python), str(HERE / "rekuest_caller.py"), hub.url, scenario, str(folder / "notes")]
    with (folder / "caller.log").open("w") as log:
        process = subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def report_of(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Wait for the caller's report."""
    output, _ = process.communicate(timeout=BOUND_S)
    (line,) = [line for line in output.splitlines() if line.startswith("REPORT ")]
    report: dict[str, Any] = json.loads(line.removeprefix("REPORT "))
    return report


def test_functions_generators_and_errors(rekuest_python: Path, hub: ServedHub, tmp_path: Path) -> None:
    with (
        real_agent(rekuest_python, hub, tmp_path),
        calling(rekuest_python, hub, tmp_path, "all") as caller,
    ):
        report = report_of(caller)

    assert report["double"] == 42
    assert report["count"] == [0, 1, 2, 3, 4]
    assert report["fail"][1] == "no cells here"


def test_a_running_body_is_cancelled(rekuest_python: Path, hub: ServedHub, tmp_path: Path) -> None:
    with (
        real_agent(rekuest_python, hub, tmp_path),
        calling(rekuest_python, hub, tmp_path, "cancel") as caller,
    ):
        report = report_of(caller)

    assert report["notes"] == ["began", "cancelled"]
    assert report["took_s"] < 4.0  # it waits 5 s for a confirmation that does not come


def test_a_killed_agent_is_told_within_ten_seconds(rekuest_python: Path, hub: ServedHub, tmp_path: Path) -> None:
    with (
        real_agent(rekuest_python, hub, tmp_path) as agent,
        calling(rekuest_python, hub, tmp_path, "lose") as caller,
    ):
        wait_until((tmp_path / "notes").exists)
        time.sleep(0.5)  # that it began is on its way
        agent.kill()
        killed = time.monotonic()
        report = report_of(caller)
        took_s = time.monotonic() - killed

    assert report == {"error": "AgentLost", "started": True}
    assert took_s < 10.0
