"""Apps that nobody sits in front of: they fail at once, or run without a question."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from arkitekt_di import port
from arkitekt_di.errors import ConfigurationError
from tests.serving import serving

BOUND_S = 120.0


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, user_folders: dict[str, str], tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("FAKTS", "FAKTS_FILE", "FAKTS_URL", "FAKTS_TOKEN", "FAKTS_MANDATE_KEY", "ARKITEKT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in user_folders.items():
        if name.startswith("XDG_"):
            monkeypatch.setenv(name, value)


def problems(**arguments: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        port("segmenter", **arguments)  # type: ignore[arg-type]  # every argument here is a string
    return [problem.key for problem in caught.value.problems]


def test_all_that_is_missing_is_told_at_once():
    assert problems() == ["fakts.url", "fakts.mandate_key"]


def test_each_thing_that_is_missing_is_told_alone():
    assert problems(url="http://127.0.0.1:1") == ["fakts.mandate_key"]
    assert problems(mandate_key="key") == ["fakts.url"]
    assert problems(url="http://127.0.0.1:1", token="token") == ["fakts.facts_file"]


@pytest.mark.parametrize(
    "variables",
    [
        {"FAKTS_URL": "http://127.0.0.1:1", "FAKTS_MANDATE_KEY": "canary"},
        {"FAKTS_URL": "http://127.0.0.1:1", "FAKTS_TOKEN": "client:canary"},
        {"FAKTS_FILE": "facts.json", "ARKITEKT_TOKEN": "canary"},
        {"FAKTS_URL": "http://127.0.0.1:1", "ARKITEKT_FAKTS__MANDATE_KEY_FILE": "/run/secrets/key"},
    ],
    ids=" ".join,
)
def test_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    app = port("segmenter")

    assert app.check() is app
    assert app.settings.herre.login == "never"
    assert "canary" not in repr(app) + repr(app.settings)


def test_no_provider_of_it_can_ask_a_person_or_start_a_hub():
    graph = port("segmenter", url="http://127.0.0.1:1", mandate_key="key").graph()

    assert "LocalHub" not in graph
    assert "fakts_grant --> fakts_device_code" not in graph
    assert "fakts_discovery --> fakts_remembered" not in graph


PROGRAM = """
import sys
import numpy as np
from arkitekt_di import port
from arkitekt_di.mikro import from_xarray
with port("segmenter", mandate_key_file=sys.argv[1]) as app:
    print(from_xarray(np.zeros((4, 4), "uint8"), name="plane").name)
"""


def test_a_program_in_a_container_stores_an_image_with_a_mounted_key(user_folders: dict[str, str], tmp_path: Path):
    started = subprocess.run(
        [sys.executable, "-m", "arkitekt_di", "hub", "start"], env=user_folders, capture_output=True, check=True
    )
    assert started.returncode == 0
    record = json.loads(next(Path(user_folders["XDG_DATA_HOME"]).rglob("hub.json")).read_text())
    key = tmp_path / "key"
    key.write_text(record["mandate_key"])
    key.chmod(0o600)

    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(key)],
        env=user_folders | {"FAKTS_URL": record["url"]},
        capture_output=True,
        text=True,
        timeout=BOUND_S,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (0, "plane\n"), ran.stderr


def test_a_key_that_the_hub_does_not_know_is_told_at_once(user_folders: dict[str, str], tmp_path: Path):
    key = tmp_path / "key"
    key.write_text("canary-of-a-key")
    key.chmod(0o600)
    with serving(tmp_path / "hub") as hub:
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(key)],
            env=user_folders | {"FAKTS_URL": hub.url},
            capture_output=True,
            text=True,
            timeout=BOUND_S,
            check=False,
        )

    assert ran.returncode == 1
    assert "the key is not accepted" in ran.stderr
    assert "canary" not in ran.stderr
