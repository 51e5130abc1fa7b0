"""The clients that everybody else uses, and ours, offer and call each other's functions through our hub."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs
import pytest
import xarray as xr

from arkitekt_di import easy
from arkitekt_di.mikro import from_xarray
from tests.conformance.scenario import DIMS, NAME, pixels
from tests.serving import ServedHub, serving, start_hub

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]

CLIENTS = ("arkitekt==8.1.0", "rekuest==10.0.0")
HERE = Path(__file__).parent
BOUND_S = 120.0


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
def offering(whose: str, python: Path, hub: ServedHub, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the agent in a process of its own, until its functions are offered."""
    home = folder / "agent"
    home.mkdir(exist_ok=True)
    (home / "ready").unlink(missing_ok=True)
    with (folder / "agent.log").open("a") as log:
        process = subprocess.Popen(
            [python_of(whose, python), HERE / f"{whose}_agent.py", hub.url],
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | at_home(home),
        )
    try:
        wait_until((home / "ready").exists)
        yield process
    finally:
        process.kill()
        process.communicate()


def at_home(folder: Path) -> dict[str, str]:
    """Return the variables of a process that keeps what it has to keep in a folder."""
    homes = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    return homes | {"ARKITEKT_HERRE__STORE": "file"}


def python_of(whose: str, python: Path) -> str:
    """Return the Python that a script of ours, or of the real clients, runs with."""
    return str(python) if whose == "real" else sys.executable


def wait_until(condition: Any) -> None:
    """Return when *condition* holds; other processes do not call back."""
    end = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def has_started(hub: ServedHub) -> bool:
    """Tell whether the ledger of the hub knows that a task has begun."""
    with closing(sqlite3.connect(f"file:{hub.data / 'hub.sqlite'}?mode=ro", uri=True)) as ledger:
        (count,) = ledger.execute("SELECT count(*) FROM task_events WHERE kind = 'STARTED'").fetchone()
        return bool(count)


@contextmanager
def calling(
    whose: str, python: Path, hub: ServedHub, folder: Path, *, scenario: str, image: str = ""
) -> Iterator["subprocess.Popen[str]"]:
    """Run the caller in a process of its own."""
    home = folder / "caller"
    home.mkdir()
    script = str(HERE / f"{whose}_caller.py")
    command = [python_of(whose, python), script, hub.url, scenario, str(folder / "notes"), image]
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


def store_image(hub: ServedHub) -> str:
    """Store an image for functions to work on; return its identifier."""
    with easy("conformance", version="0.1.0", url=hub.url, headless=True, no_cache=True):
        return from_xarray(xr.DataArray(pixels(), dims=DIMS), name=NAME).id


def has_kept_its_end(folder: Path) -> bool:
    """Tell whether the journal of the agent, which each keeps in its own place, has the end of a task."""
    journals = [path for path in (folder / "agent").rglob("*.db*") if path.is_file()]
    return any(b"COMPLETED" in journal.read_bytes() for journal in journals)


@contextmanager
def restarted(hub: ServedHub) -> Iterator[ServedHub]:
    """Serve what a hub that was killed has left, at its address."""
    again = start_hub(hub.data, "--auto-approve", port=urlsplit(hub.url).port or 0)
    try:
        yield again
    finally:
        again.stop()


@pytest.mark.long
@pytest.mark.parametrize("caller", ["real", "own"])
def test_a_hub_that_is_killed_and_comes_back(rekuest_python: Path, hub: ServedHub, tmp_path: Path, caller: str) -> None:
    """The body ends while there is no hub: its agent connects again and tells, and its caller hears of it.

    The agent is ours alone: rekuest 10 ends where a connection is refused, as it is while there is no hub.
    """
    with (
        offering("own", rekuest_python, hub, tmp_path),
        calling(caller, rekuest_python, hub, tmp_path, scenario="wait") as process,
    ):
        wait_until(lambda: has_started(hub))
        hub.kill()
        (tmp_path / "notes.until").touch()
        with restarted(hub):
            report = report_of(process)

    assert report == {"wait": "waited"}


@pytest.mark.long
@pytest.mark.parametrize("caller", ["real", "own"])
@pytest.mark.parametrize("agent", ["real", "own"])
def test_what_an_agent_had_to_tell_when_it_was_killed(
    rekuest_python: Path, hub: ServedHub, tmp_path: Path, agent: str, caller: str
) -> None:
    """Hub and agent are killed before the hub has heard of the end: the agent's next process tells from the journal."""
    with ExitStack() as stack:
        with offering(agent, rekuest_python, hub, tmp_path) as first:
            process = stack.enter_context(calling(caller, rekuest_python, hub, tmp_path, scenario="wait"))
            wait_until(lambda: has_started(hub))
            hub.process.send_signal(signal.SIGSTOP)
            (tmp_path / "notes.until").touch()
            wait_until(lambda: has_kept_its_end(tmp_path))
            first.kill()
        hub.kill()
        with restarted(hub) as again, offering(agent, rekuest_python, again, tmp_path):
            report = report_of(process)

    assert report == {"wait": "waited"}
    assert (tmp_path / "notes").read_text().split() == ["began"]


@pytest.mark.parametrize("caller", ["real", "own"])
@pytest.mark.parametrize("agent", ["real", "own"])
def test_functions_generators_images_errors_and_cancelling(
    rekuest_python: Path, hub: ServedHub, tmp_path: Path, agent: str, caller: str
) -> None:
    image = store_image(hub)
    with (
        offering(agent, rekuest_python, hub, tmp_path),
        calling(caller, rekuest_python, hub, tmp_path, scenario="all", image=image) as process,
    ):
        report = report_of(process)

    assert report.pop("took_s") < 4.0  # the real client waits 5 s for a confirmation that does not come
    assert "no cells here" in report.pop("fail")
    assert report == {
        "double": 42,
        "count": [0, 1, 2, 3, 4],
        "progress": [40],
        "same": image,
        "notes": ["began", "cancelled"],
    }


def test_a_killed_agent_is_told_within_ten_seconds(rekuest_python: Path, hub: ServedHub, tmp_path: Path) -> None:
    with (
        offering("real", rekuest_python, hub, tmp_path) as agent,
        calling("real", rekuest_python, hub, tmp_path, scenario="lose") as caller,
    ):
        wait_until((tmp_path / "notes").exists)
        wait_until(lambda: has_started(hub))  # what the body notes may be there before the hub has heard of it
        agent.kill()
        killed = time.monotonic()
        report = report_of(caller)
        took_s = time.monotonic() - killed

    assert report == {"error": "AgentLost", "started": True}
    assert took_s < 10.0
