"""The user's local hub: started on demand, shared, kept, and ended."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
BOUND_S = 120.0


def start_app(environment: dict[str, str], name: str, picture: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(HERE / "use_local_hub.py"), name, picture]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def outcome(app: subprocess.Popen[str]) -> dict[str, Any]:
    output, errors = app.communicate(timeout=BOUND_S)
    assert app.returncode == 0, errors
    seen: dict[str, Any] = json.loads(output)
    return seen


def arkitekt(environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "arkitekt_di", *arguments, "--json"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=BOUND_S, check=True)
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


@pytest.mark.timeout(300)
def test_two_processes_meet_in_one_hub_that_keeps_its_data(user_folders: dict[str, str]):
    assert arkitekt(user_folders, "hub", "status")["running"] is False

    first, second = start_app(user_folders, "a", "from a"), start_app(user_folders, "b", "from b")
    met = outcome(first), outcome(second)

    assert met[0]["hub"] == met[1]["hub"] == arkitekt(user_folders, "hub", "status")["url"]
    assert arkitekt(user_folders, "hub", "stop")["running"] is False
    assert outcome(start_app(user_folders, "c", "from c"))["seen"] == ["from a", "from b", "from c"]


@pytest.mark.timeout(300)
def test_start_and_stop_say_what_they_did(user_folders: dict[str, str]):
    started = arkitekt(user_folders, "hub", "start")

    assert arkitekt(user_folders, "hub", "start") == started
    assert arkitekt(user_folders, "hub", "status") | started == arkitekt(user_folders, "hub", "status")
    assert arkitekt(user_folders, "hub", "stop") == {"running": False}
    assert arkitekt(user_folders, "hub", "stop") == {"running": False}


@pytest.mark.timeout(300)
def test_what_the_local_hub_writes_is_closed_to_others(user_folders: dict[str, str]):
    arkitekt(user_folders, "hub", "start")
    folder = Path(arkitekt(user_folders, "hub", "status")["data"])

    assert folder.stat().st_mode & 0o777 == 0o700
    secret = [folder / "hub.json", *(folder / "keys").iterdir()]
    assert {path.name: path.stat().st_mode & 0o777 for path in secret} == dict.fromkeys((p.name for p in secret), 0o600)
