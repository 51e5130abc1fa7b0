"""The unmodified client `fakts` logs in at the hub of a lab with a mandate key."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conformance.test_real_clients import real_python
from tests.server.identity.test_operator import arkitekt, listed
from tests.serving import ServedHub, serving

__all__ = ["real_python"]
pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]
HERE = Path(__file__).parent
BOUND_S = 240


def test_unmodified_fakts_logs_in_with_a_key_until_it_is_removed(
    real_python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with serving(tmp_path / "data") as hub:
        arkitekt("users", "add", "ada", "--organization", "Lab", data=hub.data, typed="canary horse battery staple\n")
        words = ("mandates", "add", "ci", "--user", "ada", "--app", "unmodified-fakts", "--expires", "1d")
        (made,) = listed(*words, data=hub.data)
        (foreign,) = listed("mandates", "add", "other", "--user", "ada", "--app", "segmenter", data=hub.data)

        report = log_in(real_python, hub, made["key"])
        user = who(hub, report["token"])
        other = log_in(real_python, hub, foreign["key"])
        arkitekt("mandates", "remove", made["id"], data=hub.data)
        after = log_in(real_python, hub, made["key"])

        assert report["alias"] == f"{hub.url}/mikro/graphql"
        assert (user["preferred_username"], user["active_org"]) == ("ada", "lab")
        assert "the mandate key is for another app" in other["refused"]
        assert "it was removed" in after["refused"]
        assert made["key"] not in after["refused"] + other["refused"]
        assert who(hub, report["token"]) is None


def log_in(python: Path, hub: ServedHub, key: str) -> dict[str, Any]:
    ran = subprocess.run(
        [python, HERE / "identity_headless.py", hub.url],
        env=os.environ | {"FAKTS_MANDATE_KEY": key},
        capture_output=True,
        text=True,
        timeout=BOUND_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    report: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return report


def who(hub: ServedHub, token: str) -> Any:
    """Return whom the token stands for; None where it is worth nothing."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{hub.url}/o/userinfo/", headers=headers, timeout=BOUND_S)
    return answer.json() if answer.ok else None
